// `wasi:filesystem` for the store adapter: one folder, the folders in it, and the files in those.
//
// Why not the shim's: it refuses directories that may be changed (`mutate-directory`) and cannot
// sync a preopened one, so a new folder's name would not survive a power cut; and it takes each call
// to another thread and back, which is most of a command's time. This one knows only what the
// adapter calls, does it in the thread of the component, and passes every sync on to the system.
//
// No path leads out of the folder: each of its parts is a name, and none of them a link.

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
    if (typeof error === "string") throw error;
    throw CODES[error.code] ?? "io";
  }
}

/** A path below a folder: a name, or that of a folder in it and one in that. */
function below(folder, path) {
  const names = path.split("/");
  const isName = (name) => name !== "" && name !== ".." && !name.includes("\0");
  if (names.length > 2 || !names.every(isName)) throw "not-permitted";
  if (names.length === 2 && !asked(() => lstatSync(join(folder, names[0]))).isDirectory()) throw "not-directory";
  return join(folder, ...names);
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
    return new Descriptor(below(this.#path, name), flags(open, descriptor), this.#siblings);
  }

  createDirectoryAt(name) {
    asked(() => mkdirSync(below(this.#path, name)));
  }

  linkAt(_, name, directory, other) {
    asked(() => linkSync(below(this.#path, name), below(directory.#path, other)));
  }

  renameAt(name, directory, other) {
    asked(() => renameSync(below(this.#path, name), below(directory.#path, other)));
  }

  unlinkFileAt(name) {
    asked(() => unlinkSync(below(this.#path, name)));
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
    return described(asked(() => lstatSync(below(this.#path, name), { bigint: true })));
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
