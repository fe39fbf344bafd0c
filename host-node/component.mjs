// jco makes JavaScript and core modules of the component, once for each content of its file.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco";

/** Beside the launcher: one folder for each content. */
const FOLDER = "transpiled";
const NAME = "app";

/** Where the bindings are, and the core modules, compiled. */
export async function load(file, here, log) {
  const bytes = await readFile(file);
  // Another version of this file may make something else of it.
  const maker = await readFile(fileURLToPath(import.meta.url));
  const digest = createHash("sha256").update(bytes).update(maker).digest("hex").slice(0, 32);
  const all = join(fileURLToPath(here), FOLDER);
  const folder = join(all, digest);
  if (!existsSync(folder)) {
    log("transpiling the component (seconds, once for each version of it)");
    await make(bytes, folder);
    await forget(all, digest);
  }
  const names = (await readdir(folder)).filter((name) => name.endsWith(".wasm"));
  const modules = await Promise.all(
    names.map(async (name) => [name, await WebAssembly.compile(await readFile(join(folder, name)))]),
  );
  return { bindings: pathToFileURL(join(folder, `${NAME}.js`)).href, modules: Object.fromEntries(modules) };
}

/** Whole or not at all: another launcher may do the same at the same time. */
async function make(bytes, folder) {
  const { files } = await transpile(bytes, {
    name: NAME,
    instantiation: "sync",
    noTypescript: true,
    // Core modules stay files of their own.
    base64Cutoff: 0,
  });
  const half = `${folder}.${process.pid}`;
  for (const [name, content] of Object.entries(files)) {
    const path = join(half, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, name === `${NAME}.js` ? checked(Buffer.from(content).toString()) : content);
  }
  await writeFile(join(half, "package.json"), '{"type": "module"}\n');
  try {
    await rename(half, folder);
  } catch (error) {
    await rm(half, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/**
 * jco 1.35 copies strings from one component to another as they are. What is no UTF-8 must trap
 * instead (Canonical ABI, `load_string`): what receives it takes it for text, and it would be stored.
 */
function checked(bindings) {
  const copy = /new Uint8Array\((memory\d+)\.buffer, to_ptr, len\)\.set\(new Uint8Array\((memory\d+)\.buffer, from_ptr, len\)\);/g;
  const copied = bindings.replace(copy, "$copy(new Uint8Array($2.buffer, from_ptr, len), new Uint8Array($1.buffer, to_ptr, len));");
  if (copied === bindings && bindings.includes("utf8-to-utf8")) {
    throw new Error("this version of jco copies strings otherwise than 1.35 does, and it is not known whether it checks them");
  }
  return `import { isUtf8 } from "node:buffer";
function $copy(from, to) {
  if (!isUtf8(from)) throw new TypeError("a string that a component passes on is not UTF-8");
  to.set(from);
}
${copied}`;
}

/** Earlier versions of the application are served no more. */
async function forget(all, digest) {
  for (const name of await readdir(all)) {
    if (/^[0-9a-f]{32}$/.test(name) && name !== digest) await rm(join(all, name), { recursive: true, force: true });
  }
}
