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
