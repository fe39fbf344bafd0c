// Serves an application that `annals compose --host jco` made, in Node.js. `--help` lists the
// options.
//
// `jco serve` does not suffice. It lets the component see the whole disk (it preopens `/`) and the
// whole environment, and one request that traps or never ends takes all others with it. With this
// launcher the component sees one folder and the variables of `--env`. It runs in threads that the
// launcher can end, and a trap affects one request only.
//
// - options.mjs: the command line
// - component.mjs: transpiles the component with jco, once for each version
// - pool.mjs: the threads that run requests; instance.mjs runs in each of them, files.mjs
//   implements its files
// - deliveries.mjs: drives deliveries to reactions

import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { deliver } from "./deliveries.mjs";
import { options } from "./options.mjs";
import { Pool } from "./pool.mjs";
import { Fault, Overloaded, comeBack, problem } from "./problem.mjs";

/** Maximum time for running requests when the host stops, in milliseconds. */
const SHUTDOWN_LIMIT_MS = 10_000;

const here = new URL(".", import.meta.url);
const app = JSON.parse(await readFile(new URL("app.json", here), "utf8"));
const chosen = options(app);
const log = (text) => console.error(`annals-jco: ${text}`);

async function start() {
  let load;
  try {
    ({ load } = await import("./component.mjs"));
    import.meta.resolve("@bytecodealliance/preview2-shim");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    fail(`${error.message}\nInstall what package.json names: npm install --prefix ${decodeURI(here.pathname)}`);
  }
  await mkdir(chosen.data, { recursive: true }).catch((error) =>
    fail(`the folder ${chosen.data} cannot be made: ${error.message}; choose another with --data`),
  );
  const file = new URL(app.component, here);
  const component = await load(file, here, log).catch((error) => {
    if (error.code !== "ENOENT" || error.path !== decodeURI(file.pathname)) throw error;
    fail(`${error.path} is not there; compose the application again`);
  });
  const grants = { preopens: { [app.path]: chosen.data }, env: chosen.env, name: app.name };
  return new Pool(component, grants, chosen, log);
}

function fail(text) {
  log(text);
  process.exit(1);
}

/** Reads the whole body, so that a slow client occupies no thread. Returns undefined if the body is too long. */
async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > chosen.maxBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function wantsStream(request) {
  const accept = request.headers.accept ?? "";
  return ["GET", "HEAD"].includes(request.method) && accept.includes("text/event-stream");
}

async function answer(pool, request, response, worked) {
  try {
    const content = await body(request);
    if (content === undefined) {
      response.setHeader("connection", "close");
      return problem(response, 413, "payload-too-large", "The request's body is too large", { limit: chosen.maxBody });
    }
    if (wantsStream(request)) {
      await pool.stream(request, response);
    } else {
      await pool.handle(request, content, response);
      const changed = !["GET", "HEAD", "OPTIONS"].includes(request.method);
      if (changed && response.statusCode < 300) worked();
    }
  } catch (error) {
    // The client has disconnected or has a part of the response: close the connection, so that it
    // does not take the part for the whole.
    if (response.headersSent || response.destroyed) return void response.destroy();
    if (error instanceof Overloaded) {
      if (wantsStream(request)) return comeBack(response, error.message);
      response.setHeader("retry-after", "1");
      return problem(response, 503, "overloaded", error.message);
    }
    if (error instanceof Fault) {
      const { handler, incident } = error;
      return problem(response, 500, "handler-fault", "A handler failed", { handler, incident });
    }
    log(error.stack ?? error);
    response.destroy();
  }
}

const pool = await start();
const deliveries = chosen.deliver ? deliver(pool, log) : { work() {}, stop() {} };
const server = createServer((request, response) => {
  answer(pool, request, response, () => deliveries.work());
});
server.on("error", (error) => fail(`cannot listen on ${chosen.host}:${chosen.port}: ${error.message}; choose another address with --listen`));
server.listen(chosen.port, chosen.host, () => {
  const { address, family, port } = server.address();
  const host = family === "IPv6" ? `[${address}]` : address;
  // Scripts wait for this line and read the port from it.
  console.log(`annals-jco: listening on http://${host}:${port}`);
});

let stopping = false;
function stop() {
  // A second signal ends the host at once.
  if (stopping) process.exit(0);
  stopping = true;
  deliveries.stop();
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  pool.endStreams();
  setTimeout(() => process.exit(0), SHUTDOWN_LIMIT_MS).unref();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
