// A thread with one instance of the component, behind one of the shim's HTTP servers on a loopback
// port. It runs one request at a time: the component is synchronous and blocks its thread.
//
// An instance that trapped is in an unknown state. The next request gets a fresh one.

import { parentPort, workerData } from "node:worker_threads";
import { HTTPServer, types } from "@bytecodealliance/preview2-shim/http";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { filesystem } from "./files.mjs";

// The frame with the handler's name is the outermost one, so a stack overflow needs a trace without
// a limit.
Error.stackTraceLimit = 1_000_000;
/** Maximum number of stack lines in the log. */
const MAX_STACK_LINES = 60;

const { bindings, modules, preopens, env, name } = workerData;
const { instantiate } = await import(bindings);

let guest;
let files;
function instance() {
  if (!guest) {
    files?.close();
    files = filesystem(preopens);
    const shim = new WASIShim({ filesystem: files, sandbox: { env, args: [name] } });
    guest = instantiate((file) => modules[file], shim.getImportObject()).incomingHandler;
  }
  return guest;
}

// True if the guest has set its response. The shim does not report that.
let answered = false;
const { set } = types.ResponseOutparam;
types.ResponseOutparam.set = (out, response) => {
  // Throw here: the shim would end the whole process.
  if (response.tag === "err") throw new Error(`the component answered with the error ${response.val?.tag}`);
  answered = true;
  set(out, response);
};

/** Describes how the guest failed, and names the handler in the innermost frame of a switchboard. */
function died(error) {
  const stack = error?.stack ?? String(error);
  const named = /handler:([A-Za-z0-9._-]+) \(wasm:\/\/wasm\/annals-switchboard/.exec(stack);
  // Keep one line for each run of recursive calls.
  const lines = stack.split("\n");
  const place = (line) => line.replace(/:0x[0-9a-f]+\)$/, "");
  const telling = lines.filter((line, n) => n === 0 || place(line) !== place(lines[n - 1]));
  return { fault: telling.slice(0, MAX_STACK_LINES).join("\n"), handler: named?.[1] };
}

const server = new HTTPServer({
  handle(request, out) {
    answered = false;
    try {
      instance().handle(request, out);
      parentPort.postMessage({ answered });
    } catch (error) {
      guest = undefined;
      parentPort.postMessage({ answered, ...died(error) });
    }
  },
});
instance();
server.listen(0, "127.0.0.1");
parentPort.postMessage({ port: server.address().port });
