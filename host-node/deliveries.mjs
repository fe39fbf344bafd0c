// Drives deliveries to reactions through the application's own route, as annals-host does: after each
// request that may have written, when a failed delivery is due again, and once a second in any case,
// since others may write into the same folder. In a thread of its own.

import { Writable } from "node:stream";
import { Died } from "./pool.mjs";

/** Milliseconds: of work at a time, between looks, before the first attempt after a failure, and at most. */
const BUDGET = 1_000;
const LOOK = 1_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** The same failure is news again after that. */
const SAY_AGAIN = 60_000;

/** Begins. Answers how it is told of work, and how it is stopped. */
export function deliver(pool, log) {
  let thread = pool.thread();
  let stopped = false;
  let wake = () => {};

  async function ask(method, url) {
    if (thread.isEnded) thread = pool.thread();
    const answer = new Answer();
    await thread.ready;
    const stop = setTimeout(() => thread.end("a delivery took too long"), BUDGET * 10);
    try {
      await thread.handle({ method, url, rawHeaders: ["host", "annals-jco"] }, Buffer.alloc(0), answer);
      return await answer.whole;
    } finally {
      clearTimeout(stop);
    }
  }

  const said = new Map();
  function tell(what, why) {
    const last = said.get(what);
    if (last?.why === why && Date.now() - last.at < SAY_AGAIN) return;
    said.set(what, { why, at: Date.now() });
    log(`${what} failed: ${why}; it is tried again`);
  }

  const rest = (time) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      wake = () => (clearTimeout(timer), resolve());
    });

  async function run() {
    let reactions;
    const pauses = new Map();
    while (!stopped) {
      let next = LOOK;
      try {
        reactions ??= (await ask("GET", "/admin/reactions")).reactions.map(({ name }) => name);
        // Nothing will ever be due.
        if (reactions.length === 0) break;
      } catch (error) {
        tell("asking for the reactions", error.message.split("\n")[0]);
        await rest(FIRST_PAUSE);
        continue;
      }
      for (const name of reactions) {
        // One whose handler traps must not keep the others waiting.
        const pause = pauses.get(name);
        if (stopped || (pause && Date.now() < pause.until)) continue;
        try {
          const path = `/admin/pump?reaction=${encodeURIComponent(name)}&budget=${BUDGET}`;
          const { delivered, more, retryInMs } = await ask("POST", path);
          pauses.delete(name);
          // What a process manager commands is work for the others.
          if (delivered > 0 || more) next = more && delivered === 0 ? Math.min(next, 20) : 0;
          if (retryInMs !== null) next = Math.min(next, retryInMs);
        } catch (error) {
          const time = Math.min((pause?.time ?? FIRST_PAUSE / 2) * 2, LONGEST_PAUSE);
          pauses.set(name, { time, until: Date.now() + time });
          const handler = error instanceof Died && error.handler ? `handler ${error.handler}: ` : "";
          tell(`delivering to ${name}`, `${handler}${error.message.split("\n")[0]}`);
        }
      }
      if (next > 0) await rest(next);
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

/** Takes an answer as an HTTP response does; its whole is JSON. */
class Answer extends Writable {
  statusCode = 0;
  #chunks = [];

  constructor() {
    super();
    this.whole = new Promise((resolve, reject) => {
      this.on("error", reject);
      this.on("close", () => reject(new Error("the answer broke off")));
      this.on("finish", () => {
        const text = Buffer.concat(this.#chunks).toString();
        if (this.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${this.statusCode} ${text}`));
      });
    });
    // Whoever asked may have failed before.
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
