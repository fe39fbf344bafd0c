// A thread with one instance of the component, behind an HTTP server of the shim's on a port of loopback.
// One request at a time: the component is synchronous, and so is the thread while it runs.
//
// A trap leaves an instance in no state to go on with. The next request is given a fresh one.

import { parentPort, workerData } from "node:worker_threads";
import { HTTPServer, types } from "@bytecodealliance/preview2-shim/http";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { filesystem } from "./files.mjs";

// A stack that overflowed shows the handler at its far end.
Error.stackTraceLimit = 1_000_000;
/** Lines of a stack that are worth a place in the log. */
const LINES = 60;

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

// Has the guest answered? The shim does not tell.
let answered = false;
const { set } = types.ResponseOutparam;
types.ResponseOutparam.set = (out, response) => {
  // The shim would end the whole process.
  if (response.tag === "err") throw new Error(`the component answered with the error ${response.val?.tag}`);
  answered = true;
  set(out, response);
};

/** How the guest died, and the innermost function of a switchboard that bears a handler's name. */
function died(error) {
  const stack = error?.stack ?? String(error);
  const named = /handler:([A-Za-z0-9._-]+) \(wasm:\/\/wasm\/annals-switchboard/.exec(stack);
  // Of functions that call themselves one line tells enough.
  const lines = stack.split("\n");
  const place = (line) => line.replace(/:0x[0-9a-f]+\)$/, "");
  const telling = lines.filter((line, n) => n === 0 || place(line) !== place(lines[n - 1]));
  return { fault: telling.slice(0, LINES).join("\n"), handler: named?.[1] };
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
