// Responses of the host itself, as annals-host makes them: `application/problem+json` (RFC 9457).

/** A request without a response from its guest. */
export class Fault extends Error {
  /** `handler`: the handler that was running, if any; `incident`: the id of the log entry with the details. */
  constructor(handler, incident) {
    super("a guest failed");
    this.handler = handler;
    this.incident = incident;
  }
}

/** All threads are busy and the queue is full. */
export class Overloaded extends Error {}

/** Responds with a problem. */
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
 * Tells an event stream without a place when to reconnect. The status is 200, because a browser's
 * `EventSource` does not reconnect after any other status.
 */
export function comeBack(response, why) {
  // A random addition spreads clients that came together.
  const retry = 3_000 + Math.floor(Math.random() * 4_000);
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "retry-after": Math.floor(retry / 1_000),
  });
  response.end(`retry: ${retry}\n: ${why}\n\n`);
}
