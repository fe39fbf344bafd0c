// Transpiles the component with jco to JavaScript and core modules, once for each version of its
// file.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco";

/** A folder beside the launcher, with one subfolder for each version of the component. */
const FOLDER = "transpiled";
const NAME = "app";

/** Returns the URL of the bindings, and the compiled core modules. */
export async function load(file, here, log) {
  const bytes = await readFile(file);
  // Another version of this file may produce different bindings, so its bytes are part of the key.
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

/** Writes the folder completely or not at all, because another launcher may write the same folder at the same time. */
async function make(bytes, folder) {
  const { files } = await transpile(bytes, {
    name: NAME,
    instantiation: "sync",
    noTypescript: true,
    // Keep core modules in files of their own.
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
 * jco 1.35 copies strings from one component to another without a check. A string that is not UTF-8
 * must trap (Canonical ABI, `load_string`): the receiver treats it as text, and the application
 * would store it.
 */
function checked(bindings) {
  const copy = /new Uint8Array\((memory\d+)\.buffer, to_ptr, len\)\.set\(new Uint8Array\((memory\d+)\.buffer, from_ptr, len\)\);/g;
  const copied = bindings.replace(copy, "$copy(new Uint8Array($2.buffer, from_ptr, len), new Uint8Array($1.buffer, to_ptr, len));");
  if (copied === bindings && bindings.includes("utf8-to-utf8")) {
    throw new Error("this version of jco copies strings differently from 1.35; the launcher cannot tell whether it checks that they are UTF-8");
  }
  return `import { isUtf8 } from "node:buffer";
function $copy(from, to) {
  if (!isUtf8(from)) throw new TypeError("a component passed a string that is not UTF-8");
  to.set(from);
}
${copied}`;
}

/** Removes the transpiled files of earlier versions of the application. */
async function forget(all, digest) {
  for (const name of await readdir(all)) {
    if (/^[0-9a-f]{32}$/.test(name) && name !== digest) await rm(join(all, name), { recursive: true, force: true });
  }
}
