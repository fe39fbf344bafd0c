// The threads that run requests. A thread runs one request until the component has returned. If the
// component does not return in time, the pool ends the thread and starts another one.

import { randomBytes } from "node:crypto";
import { Agent, request as send } from "node:http";
import { Worker } from "node:worker_threads";
import { Fault, Overloaded } from "./problem.mjs";

/** Headers that belong to one connection (RFC 9110, section 7.6.1). */
const OF_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);

/** Headers between the host and the component. The host removes them from clients' requests. */
const OF_HOST = new Set(["annals-time-limit", "annals-wait"]);

export class Pool {
  #component;
  #grants;
  #chosen;
  #log;
  /** Idle threads, and requests that wait for one. */
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

  /** Passes a request to the component. Rejects with `Fault` or `Overloaded`. */
  async handle(request, body, response) {
    const thread = await this.#take();
    let late;
    try {
      // The start of a new thread does not count towards the component's time.
      await thread.ready;
      const { timeout } = this.#chosen;
      late = setTimeout(() => thread.end(`no answer within ${timeout / 1000} s`), timeout);
      await thread.handle(limited(request, timeout), body, response);
    } catch (error) {
      throw this.#report(error);
    } finally {
      clearTimeout(late);
      if (thread.isEnded) this.#provide();
      else this.#release(thread);
    }
  }

  /**
   * Like `handle` for an event stream, which lasts until its client disconnects. A stream only
   * reads, so the pool may end it at any time.
   */
  async stream(request, response) {
    if (this.#streams.size >= this.#chosen.maxStreams) throw new Overloaded("Too many event streams are open");
    const thread = this.thread();
    this.#streams.add(thread);
    response.on("close", () => thread.end("the client is gone"));
    try {
      await thread.handle(request, Buffer.alloc(0), response);
    } catch (error) {
      throw response.closed ? error : this.#report(error);
    } finally {
      this.#streams.delete(thread);
      thread.end("the stream has ended");
    }
  }

  endStreams() {
    for (const thread of this.#streams) thread.end("the host stops");
  }

  /** Starts a thread for one caller. */
  thread() {
    return new Thread(this.#component, this.#grants);
  }

  #provide() {
    this.#release(this.thread());
  }

  #release(thread) {
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

  /** Logs the details of an error and returns what the client may see of it. */
  #report(error) {
    if (!(error instanceof Died)) return error;
    const incident = randomBytes(8).toString("hex");
    const handler = error.handler ?? null;
    this.#log(`incident ${incident}, handler ${handler ?? "-"}: ${error.message}`);
    return new Fault(handler, incident);
  }
}

/** How a guest failed: its stack, and the handler if it is known. */
export class Died extends Error {
  constructor(why, handler) {
    super(why);
    this.handler = handler;
  }
}

/** A thread and the component in it. */
class Thread {
  isEnded = false;
  #worker;
  #agent = new Agent({ keepAlive: true });
  /** Resolves to the thread's port when it accepts requests. */
  ready;
  /** Resolves the current request's `returned` promise. */
  #returned = () => {};

  constructor(component, grants) {
    this.#worker = new Worker(new URL("instance.mjs", import.meta.url), {
      workerData: { ...component, ...grants },
      // The component gets only the granted variables. The thread's own environment is empty, so it
      // holds no others.
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
    // Every user of the thread awaits `ready` and handles its error.
    this.ready.catch(() => {});
  }

  /** Ends the thread, even if it is busy. */
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

  /** Resolves when the component has returned. Its response is being sent then. */
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
        // A response that is complete by its length is valid, even if the guest trapped after it.
        resolve();
      });
    });
  }
}

/** The headers to forward, as a flat list of names and values. */
function forwarded(raw) {
  const kept = [];
  for (let n = 0; n < raw.length; n += 2) {
    if (!OF_CONNECTION.has(raw[n].toLowerCase())) kept.push(raw[n], raw[n + 1]);
  }
  return kept;
}

/** Makes a request that carries its time limit in milliseconds. */
function limited({ method, url, rawHeaders }, timeout) {
  const kept = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (!OF_HOST.has(rawHeaders[n].toLowerCase())) kept.push(rawHeaders[n], rawHeaders[n + 1]);
  }
  return { method, url, rawHeaders: [...kept, "annals-time-limit", String(timeout)] };
}
