// `wasi:filesystem` for the store adapter: one folder, its subfolders, and the files in those.
//
// The shim's own implementation does not suffice. It refuses directories that may be changed
// (`mutate-directory`), and it cannot sync a preopened directory, so the name of a new folder would
// not survive a power cut. It also passes each call to another thread and back, which takes most of
// a command's time. This module implements only the calls of the adapter, runs them in the
// component's thread, and passes every sync on to the system.
//
// No path leads out of the folder: each part of a path must be a name, and none may be a link.

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
/** Maximum length of one read, in bytes. The adapter never reads more at a time. */
const MAX_READ_BYTES = 1 << 20;

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

/**
 * Runs a system call and translates its error to WASI's. An error without a WASI code becomes `io`,
 * whose outcome is in doubt.
 */
function asked(call) {
  try {
    return call();
  } catch (error) {
    if (typeof error === "string") throw error;
    throw CODES[error.code] ?? "io";
  }
}

/** Resolves a path below a folder: a name, or the name of a subfolder and a name in it. */
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
  // The store makes no links, and a link could lead out of the folder: do not follow any.
  return bits | constants.O_NOFOLLOW;
}

class Descriptor {
  #path;
  #fd;
  /** All open descriptors of one instance. */
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
      // Ignore the error: data that had to be kept was synced before.
    }
  }

  /** A closed file's number may belong to another file: check that this one is open. */
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
    const buffer = new Uint8Array(Math.min(Number(length), MAX_READ_BYTES));
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

/**
 * The two interfaces of `wasi:filesystem` over these folders for one instance, and a function that
 * closes its files.
 */
export function filesystem(folders) {
  const open = new Set();
  const directory = (path) => new Descriptor(path, constants.O_RDONLY | constants.O_DIRECTORY, open);
  return {
    types: { Descriptor },
    preopens: {
      getDirectories: () => Object.entries(folders).map(([name, path]) => [directory(path), name]),
    },
    /** An instance that trapped does not close its files. */
    close() {
      for (const descriptor of open) descriptor[symbolDispose]();
    },
  };
}
