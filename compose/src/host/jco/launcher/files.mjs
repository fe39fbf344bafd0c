// `wasi:filesystem` for the store adapter: one folder, and the folders and files directly in it.
//
// Why not the shim's: it refuses directories that may be changed (`mutate-directory`) and cannot
// sync a preopened one, so a new folder's name would not survive a power cut; and it takes each call
// to another thread and back, which is most of a command's time. This one knows only what the
// adapter calls, does it in the thread of the component, and passes every sync on to the system.
//
// A name is a name: no path leads out of the folder, since none has more than one part.

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const symbolDispose = Symbol.dispose ?? Symbol.for("dispose");
/** Nothing reads more at a time. */
const MOST = 1 << 20;

const CODES = {
  EACCES: "access",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EIO: "io",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMFILE: "insufficient-memory",
  EMLINK: "too-many-links",
  ENAMETOOLONG: "name-too-long",
  ENFILE: "insufficient-memory",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  EPERM: "not-permitted",
  EROFS: "read-only",
  EXDEV: "cross-device",
};

/** The system's answer, or its error as WASI has it. What has no name there is in doubt, as `io` is. */
function asked(call) {
  try {
    return call();
  } catch (error) {
    throw CODES[error.code] ?? "io";
  }
}

function named(name) {
  if (name === "" || name === ".." || name.includes("/") || name.includes("\0")) throw "not-permitted";
  return name;
}

function flags(open, descriptor) {
  let bits = descriptor.write ? (descriptor.read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (open.create) bits |= constants.O_CREAT;
  if (open.exclusive) bits |= constants.O_EXCL;
  if (open.truncate) bits |= constants.O_TRUNC;
  if (open.directory) bits |= constants.O_DIRECTORY;
  // A link could lead anywhere, and the store makes none.
  return bits | constants.O_NOFOLLOW;
}

class Descriptor {
  #path;
  #fd;
  /** All that are open for one instance. */
  #siblings;

  constructor(path, bits, siblings) {
    this.#path = path;
    this.#fd = asked(() => openSync(path, bits, 0o666));
    this.#siblings = siblings.add(this);
  }

  [symbolDispose]() {
    if (!this.#siblings.delete(this)) return;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      closeSync(fd);
    } catch {
      // Whatever was to be kept was synced before: it tells nothing more.
    }
  }

  /** The number of a closed one may be another's by now. */
  #asked(call) {
    const fd = this.#fd;
    if (fd === undefined) throw "bad-descriptor";
    return asked(() => call(fd));
  }

  openAt(_, name, open, descriptor) {
    return new Descriptor(join(this.#path, named(name)), flags(open, descriptor), this.#siblings);
  }

  createDirectoryAt(name) {
    asked(() => mkdirSync(join(this.#path, named(name))));
  }

  linkAt(_, name, directory, other) {
    asked(() => linkSync(join(this.#path, named(name)), join(directory.#path, named(other))));
  }

  renameAt(name, directory, other) {
    asked(() => renameSync(join(this.#path, named(name)), join(directory.#path, named(other))));
  }

  unlinkFileAt(name) {
    asked(() => unlinkSync(join(this.#path, named(name))));
  }

  read(length, offset) {
    const buffer = new Uint8Array(Math.min(Number(length), MOST));
    const bytes = this.#asked((fd) => readSync(fd, buffer, 0, buffer.length, Number(offset)));
    return [buffer.subarray(0, bytes), bytes === 0];
  }

  write(content, offset) {
    return BigInt(this.#asked((fd) => writeSync(fd, content, 0, content.length, Number(offset))));
  }

  sync() {
    this.#asked((fd) => fsyncSync(fd));
  }

  syncData() {
    this.#asked((fd) => fdatasyncSync(fd));
  }

  stat() {
    return described(this.#asked((fd) => fstatSync(fd, { bigint: true })));
  }

  statAt(_, name) {
    return described(asked(() => lstatSync(join(this.#path, named(name)), { bigint: true })));
  }
}

function described(stats) {
  const kind = stats.isFile() ? "regular-file" : stats.isDirectory() ? "directory" : "unknown";
  return { type: kind, linkCount: stats.nlink, size: stats.size };
}

/** The two interfaces of `wasi:filesystem` over these folders, for one instance; and its end. */
export function filesystem(folders) {
  const open = new Set();
  const directory = (path) => new Descriptor(path, constants.O_RDONLY | constants.O_DIRECTORY, open);
  return {
    types: { Descriptor },
    preopens: {
      getDirectories: () => Object.entries(folders).map(([name, path]) => [directory(path), name]),
    },
    /** An instance that trapped closes nothing by itself. */
    close() {
      for (const descriptor of open) descriptor[symbolDispose]();
    },
  };
}
