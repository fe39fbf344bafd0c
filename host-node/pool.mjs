// The threads that requests run in. A request has a thread for itself until the component has
// returned; a thread whose component does not return is ended, and another takes its place.

import { randomBytes } from "node:crypto";
import { Agent, request as send } from "node:http";
import { Worker } from "node:worker_threads";
import { Fault, Overloaded } from "./problem.mjs";

/** Headers of one connection only (RFC 9110, section 7.6.1). */
const OF_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);

/** Headers between a host and the component: what a client says by them is not passed on. */
const OF_HOST = new Set(["annals-time-limit", "annals-wait"]);

export class Pool {
  #component;
  #grants;
  #chosen;
  #log;
  /** Threads at rest, and who waits for one. */
  #idle = [];
  #waiting = [];
  #streams = new Set();

  constructor(component, grants, chosen, log) {
    this.#component = component;
    this.#grants = grants;
    this.#chosen = chosen;
    this.#log = log;
    for (let n = 0; n < chosen.instances; n++) this.#provide();
  }

  /** Has a request answered. Rejects with a `Fault`, or with `Overloaded`. */
  async handle(request, body, response) {
    const thread = await this.#take();
    let late;
    try {
      // What a new thread takes to start is not the component's.
      await thread.ready;
      const { timeout } = this.#chosen;
      late = setTimeout(() => thread.end(`no answer within ${timeout / 1000} s`), timeout);
      await thread.handle(limited(request, timeout), body, response);
    } catch (error) {
      throw this.#told(error);
    } finally {
      clearTimeout(late);
      if (thread.isEnded) this.#provide();
      else this.#rest(thread);
    }
  }

  /** The same for an event stream, which lasts as long as its client. It only reads, so it can be ended anywhere. */
  async stream(request, response) {
    if (this.#streams.size >= this.#chosen.maxStreams) throw new Overloaded("Too many event streams are open");
    const thread = this.thread();
    this.#streams.add(thread);
    response.on("close", () => thread.end("the client is gone"));
    try {
      await thread.handle(request, Buffer.alloc(0), response);
    } catch (error) {
      throw response.closed ? error : this.#told(error);
    } finally {
      this.#streams.delete(thread);
      thread.end("the stream has ended");
    }
  }

  endStreams() {
    for (const thread of this.#streams) thread.end("the host stops");
  }

  /** A thread of its own for somebody. */
  thread() {
    return new Thread(this.#component, this.#grants);
  }

  #provide() {
    this.#rest(this.thread());
  }

  #rest(thread) {
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#idle.push(thread);
  }

  #take() {
    const thread = this.#idle.pop();
    if (thread) return thread;
    if (this.#waiting.length >= this.#chosen.queue) throw new Overloaded("Too many requests are waiting");
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The details for the log, few words for the client. */
  #told(error) {
    if (!(error instanceof Died)) return error;
    const incident = randomBytes(8).toString("hex");
    const handler = error.handler ?? null;
    this.#log(`incident ${incident}, handler ${handler ?? "-"}: ${error.message}`);
    return new Fault(handler, incident);
  }
}

/** How a guest died, in the words of its stack, and in which handler, if that is known. */
export class Died extends Error {
  constructor(why, handler) {
    super(why);
    this.handler = handler;
  }
}

/** A thread and what runs in it. */
class Thread {
  isEnded = false;
  #worker;
  #agent = new Agent({ keepAlive: true });
  /** Its port, once it takes requests. */
  ready;
  /** Of the request under way. */
  #returned = () => {};

  constructor(component, grants) {
    this.#worker = new Worker(new URL("instance.mjs", import.meta.url), {
      workerData: { ...component, ...grants },
      // The component sees what it is granted, and the process has nothing else for it either.
      env: {},
      argv: [],
    });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on("message", (message) => {
        if (message.port) resolve(message.port);
        else this.#returned(message);
      });
      this.#worker.on("error", (error) => this.#ended(error.stack ?? String(error), reject));
      this.#worker.on("exit", () => this.#ended("its thread has ended", reject));
    });
    // Told to whoever uses it.
    this.ready.catch(() => {});
  }

  /** Ends it, whatever it does. */
  end(why) {
    this.#ended(why, () => {});
    this.#worker.terminate();
  }

  #ended(why, reject) {
    this.isEnded = true;
    this.#agent.destroy();
    reject(new Died(why));
    this.#returned({ answered: false, fault: why });
  }

  /** Resolves when the component has returned; what it answered is on its way to the client then. */
  async handle(request, body, response) {
    const port = await this.ready;
    await new Promise((resolve, reject) => {
      const returned = new Promise((done) => (this.#returned = done));
      if (this.isEnded) return reject(new Died("its thread has ended"));
      const headers = forwarded(request.rawHeaders);
      const path = request.url;
      const upstream = send({ host: "127.0.0.1", port, agent: this.#agent, method: request.method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode, forwarded(answer.rawHeaders));
        answer.pipe(response);
        answer.on("error", () => response.destroy());
      });
      upstream.on("error", (error) => reject(this.isEnded ? new Died("its thread has ended") : error));
      upstream.end(body);
      returned.then(({ answered, fault, handler }) => {
        this.#returned = () => {};
        if (fault !== undefined && (!answered || this.isEnded)) {
          reject(new Died(fault, handler));
          return upstream.destroy();
        }
        if (!answered) {
          reject(new Died("the component returned without an answer"));
          return upstream.destroy();
        }
        // An answer that is complete, as its length says, counts even if the guest trapped behind it.
        resolve();
      });
    });
  }
}

/** Headers as they came, as pairs in one list. */
function forwarded(raw) {
  const kept = [];
  for (let n = 0; n < raw.length; n += 2) {
    if (!OF_CONNECTION.has(raw[n].toLowerCase())) kept.push(raw[n], raw[n + 1]);
  }
  return kept;
}

/** A request that says how many milliseconds it may take. */
function limited({ method, url, rawHeaders }, timeout) {
  const kept = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (!OF_HOST.has(rawHeaders[n].toLowerCase())) kept.push(rawHeaders[n], rawHeaders[n + 1]);
  }
  return { method, url, rawHeaders: [...kept, "annals-time-limit", String(timeout)] };
}
