// Drives deliveries to reactions through the application's own route, as annals-host does: after
// each request that may have written, when a failed delivery is due again, and once a second,
// because other processes may write into the same folder. It runs in a thread of its own.

import { Writable } from "node:stream";
import { Died } from "./pool.mjs";

/** In milliseconds: the duration of one pump, the polling interval, the first and the longest delay after a failure. */
const PUMP_BUDGET_MS = 1_000;
const POLL_INTERVAL_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Interval after which the same failure is logged again, in milliseconds. */
const LOG_INTERVAL_MS = 60_000;

/** Starts delivering. Returns the functions that announce work and that stop the deliveries. */
export function deliver(pool, log) {
  let thread = pool.thread();
  let stopped = false;
  let wake = () => {};

  async function ask(method, url) {
    if (thread.isEnded) thread = pool.thread();
    const answer = new Answer();
    await thread.ready;
    const stop = setTimeout(() => thread.end("a delivery took too long"), PUMP_BUDGET_MS * 10);
    try {
      await thread.handle({ method, url, rawHeaders: ["host", "annals-jco"] }, Buffer.alloc(0), answer);
      return await answer.whole;
    } finally {
      clearTimeout(stop);
    }
  }

  const logged = new Map();
  function report(what, why) {
    const last = logged.get(what);
    if (last?.why === why && Date.now() - last.at < LOG_INTERVAL_MS) return;
    logged.set(what, { why, at: Date.now() });
    log(`${what} failed: ${why}; the launcher retries`);
  }

  const sleep = (time) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      wake = () => (clearTimeout(timer), resolve());
    });

  async function run() {
    let reactions;
    const pauses = new Map();
    while (!stopped) {
      let next = POLL_INTERVAL_MS;
      try {
        reactions ??= (await ask("GET", "/admin/reactions")).reactions.map(({ name }) => name);
        // An application without reactions never has work.
        if (reactions.length === 0) break;
      } catch (error) {
        report("asking for the reactions", error.message.split("\n")[0]);
        await sleep(FIRST_PAUSE_MS);
        continue;
      }
      for (const name of reactions) {
        // A reaction whose handler traps must not delay the others.
        const pause = pauses.get(name);
        if (stopped || (pause && Date.now() < pause.until)) continue;
        try {
          const path = `/admin/pump?reaction=${encodeURIComponent(name)}&budget=${PUMP_BUDGET_MS}`;
          const { delivered, more, retryInMs } = await ask("POST", path);
          pauses.delete(name);
          // The commands of a process manager are work for the other reactions.
          if (delivered > 0 || more) next = more && delivered === 0 ? Math.min(next, 20) : 0;
          if (retryInMs !== null) next = Math.min(next, retryInMs);
        } catch (error) {
          const time = Math.min((pause?.time ?? FIRST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
          pauses.set(name, { time, until: Date.now() + time });
          const handler = error instanceof Died && error.handler ? `handler ${error.handler}: ` : "";
          report(`delivering to ${name}`, `${handler}${error.message.split("\n")[0]}`);
        }
      }
      if (next > 0) await sleep(next);
    }
    thread.end("there is nothing to deliver");
  }
  run();

  return {
    work: () => wake(),
    stop() {
      stopped = true;
      wake();
    },
  };
}

/** Receives a response as an HTTP response does; its whole body is JSON. */
class Answer extends Writable {
  statusCode = 0;
  #chunks = [];

  constructor() {
    super();
    this.whole = new Promise((resolve, reject) => {
      this.on("error", reject);
      this.on("close", () => reject(new Error("the response was cut short")));
      this.on("finish", () => {
        const text = Buffer.concat(this.#chunks).toString();
        if (this.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${this.statusCode} ${text}`));
      });
    });
    // The caller may have failed already and may not wait for this promise.
    this.whole.catch(() => {});
  }

  writeHead(status) {
    this.statusCode = status;
  }

  _write(chunk, _, done) {
    this.#chunks.push(chunk);
    done();
  }
}
