// What the host itself answers, as annals-host does: `application/problem+json` (RFC 9457).

/** A request that its guest did not answer. */
export class Fault extends Error {
  /** `handler`: which was running, if one was; `incident`: under which the log has the details. */
  constructor(handler, incident) {
    super("a guest failed");
    this.handler = handler;
    this.incident = incident;
  }
}

/** No place, and no room to wait for one. */
export class Overloaded extends Error {}

/** Answers with a problem. */
export function problem(response, status, slug, title, more = {}) {
  const document = { type: `urn:annals:problem:${slug}`, title, status, ...more };
  const text = JSON.stringify(document);
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/**
 * Tells an event stream that finds no place when to come back. Not by a status: a browser's `EventSource` takes any
 * but 200 for final.
 */
export function comeBack(response, why) {
  // Those that came together do not come back together.
  const retry = 3_000 + Math.floor(Math.random() * 4_000);
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "retry-after": Math.floor(retry / 1_000),
  });
  response.end(`retry: ${retry}\n: ${why}\n\n`);
}
