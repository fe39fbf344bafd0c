// Tests the filesystem of a component with the calls that jco's bindings make.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { filesystem } from "../files.mjs";

const data = mkdtempSync(join(tmpdir(), "annals-host-node-"));
after(() => rmSync(data, { recursive: true }));
const folder = join(data, "in");
mkdirSync(join(folder, "d/e"), { recursive: true });
writeFileSync(join(data, "secret"), "s");
symlinkSync("../secret", join(folder, "link"));
symlinkSync("..", join(folder, "up"));

const files = filesystem({ "/data": folder });
const [[root, name]] = files.preopens.getDirectories();
/** "done", or the error code that the call throws. */
const outcome = (call) => {
  try {
    call();
    return "done";
  } catch (error) {
    return error;
  }
};
const openAt = (path, open = {}, flags = { read: true }) => outcome(() => root.openAt({}, path, open, flags));
const file = root.openAt({}, "t", { create: true, exclusive: true }, { write: true });
file.write(new TextEncoder().encode("value"), 0n);
file.syncData();

test("the folder has the name that the application gives it", () => {
  assert.equal(name, "/data");
});

test("no path and no link leads out of the folder", () => {
  const outcomes = {
    "../secret": "not-permitted",
    "/etc/passwd": "not-permitted",
    "..": "not-permitted",
    link: "loop",
    "up/secret": "not-directory",
    "d/../../secret": "not-permitted",
    "d/e/f": "not-permitted",
    "": "not-permitted",
  };
  for (const [path, expected] of Object.entries(outcomes)) assert.equal(openAt(path), expected, path);
});

test("a file is created once if the creation is exclusive", () => {
  assert.equal(openAt("t", { create: true, exclusive: true }, { write: true }), "exist");
  assert.equal(openAt("none"), "no-entry");
});

test("a directory that may be changed is opened and synced", () => {
  assert.equal(openAt(".", { directory: true }, { read: true, mutateDirectory: true }), "done");
  assert.equal(outcome(() => root.sync()), "done");
});

test("files are created in folders of the folder", () => {
  const outcomes = { "d/f": "done", "d/s": "done", "none/f": "no-entry" };
  for (const [path, expected] of Object.entries(outcomes)) {
    assert.equal(openAt(path, { create: true }, { write: true }), expected, path);
  }
  const stats = { "d/s": "done", "none/f": "no-entry", "d/none": "no-entry", "up/secret": "not-directory", "d/e/f": "not-permitted" };
  for (const [path, expected] of Object.entries(stats)) {
    assert.equal(outcome(() => root.statAt({}, path)), expected, path);
  }
});

test("a link is created once, and outlives its source", () => {
  const link = (to) => outcome(() => root.linkAt({}, "t", root, to));
  assert.deepEqual(["s", "s", "d/s"].map(link), ["done", "exist", "exist"]);
  assert.equal(Number(root.statAt({}, "s").linkCount), 2);
  assert.equal(outcome(() => root.unlinkFileAt("t")), "done");
  const [bytes] = root.openAt({}, "s", {}, { read: true }).read(99n, 0n);
  assert.equal(new TextDecoder().decode(bytes), "value");
});

test("after the end nothing is open", () => {
  files.close();
  assert.equal(outcome(() => root.sync()), "bad-descriptor");
});
