// The command line.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const HELP = `Serves this application in Node.js, by jco.

Usage: node serve.mjs [OPTIONS]

  --listen ADDRESS     where to listen; port 0 lets the system choose [default: 127.0.0.1:8080]
  --data FOLDER        where events are kept; the component sees no other files [default: ./data]
  --env NAME=VALUE     an environment variable of the component; may be repeated. It has no others
  --instances N        requests at work at one time, each in a thread [default: one a core, 4 at most]
  --queue N            requests that wait for their turn; more are answered 503 [default: 256]
  --max-streams N      event streams open at one time, each in a thread; more are told to come back later [default: 16]
  --timeout SECONDS    the longest that a request may take in the component [default: 10]
  --max-body BYTES     the longest request body [default: 8388608]
  --no-delivery        do not deliver to reactions: somebody else does, by POST /admin/pump
  --help

Prints \`annals-jco: listening on http://ADDRESS\` once it does. SIGTERM and SIGINT end it in good order.
Several may serve one folder. Exit status: 0 stopped, 1 cannot serve, 2 usage.`;

function usage(text) {
  console.error(`annals-jco: ${text}; see --help`);
  process.exit(2);
}

function number(name, text, least) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value)) {
    usage(`--${name} ${text}: a number from ${least} on is meant`);
  }
  return value;
}

/** What the command line says. */
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
  if (!listen || Number(listen[2]) > 65_535) usage(`--listen ${values.listen}: ADDRESS:PORT is meant`);
  const variables = values.env.map((variable) => {
    const at = variable.indexOf("=");
    return at > 0 ? [variable.slice(0, at), variable.slice(at + 1)] : usage(`--env ${variable}: NAME=VALUE is meant`);
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
