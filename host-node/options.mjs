// The command line.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const HELP = `Serves this application in Node.js with jco.

Usage: node serve.mjs [OPTIONS]

  --listen ADDRESS     address to listen on; with port 0 the system chooses the port [default: 127.0.0.1:8080]
  --data FOLDER        folder for the events; the component sees no other files [default: ./data]
  --env NAME=VALUE     an environment variable of the component; may be repeated. The component has no others
  --instances N        maximum number of requests that run at one time, each in a thread [default: one for each core, 4 at most]
  --queue N            maximum number of requests that wait for a thread; further ones are answered 503 [default: 256]
  --max-streams N      maximum number of open event streams, each in a thread; further clients are told to reconnect later [default: 16]
  --timeout SECONDS    maximum time that a request may take in the component [default: 10]
  --max-body BYTES     maximum size of a request's body [default: 8388608]
  --no-delivery        do not deliver to reactions; something else must then call POST /admin/pump
  --help               print this help

Prints \`annals-jco: listening on http://ADDRESS\` when it is ready. SIGTERM and SIGINT stop it cleanly.
Several processes may serve one folder. Exit status: 0 stopped, 1 cannot serve, 2 usage.`;

function usage(text) {
  console.error(`annals-jco: ${text}; see --help`);
  process.exit(2);
}

function number(name, text, least) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value)) {
    usage(`--${name} ${text}: give a whole number, ${least} or more`);
  }
  return value;
}

/** Parses the command line. */
export function options() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        listen: { type: "string", default: "127.0.0.1:8080" },
        data: { type: "string", default: "./data" },
        env: { type: "string", multiple: true, default: [] },
        instances: { type: "string", default: String(Math.min(availableParallelism(), 4)) },
        queue: { type: "string", default: "256" },
        "max-streams": { type: "string", default: "16" },
        timeout: { type: "string", default: "10" },
        "max-body": { type: "string", default: String(8 << 20) },
        "no-delivery": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    usage(error.message);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const listen = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(values.listen);
  if (!listen || Number(listen[2]) > 65_535) usage(`--listen ${values.listen}: give ADDRESS:PORT`);
  const variables = values.env.map((variable) => {
    const at = variable.indexOf("=");
    return at > 0 ? [variable.slice(0, at), variable.slice(at + 1)] : usage(`--env ${variable}: give NAME=VALUE`);
  });
  return {
    host: listen[1].replace(/^\[(.*)\]$/, "$1"),
    port: Number(listen[2]),
    data: resolve(values.data),
    env: Object.fromEntries(variables),
    instances: number("instances", values.instances, 1),
    queue: number("queue", values.queue, 0),
    maxStreams: number("max-streams", values["max-streams"], 0),
    timeout: number("timeout", values.timeout, 1) * 1000,
    maxBody: number("max-body", values["max-body"], 0),
    deliver: !values["no-delivery"],
  };
}
