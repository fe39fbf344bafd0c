// Calls handlers as their components are called.

// A reviver gets the text of a number from Node.js 21 on, and in componentize-js. For the numbers of these tests, this is the same.
const { parse } = JSON;
JSON.parse = (text, reviver) =>
  parse(text, reviver && ((key, value, context) => reviver(key, value, context ?? { source: String(value) })));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a value's JSON. */
export const json = (value) => encoder.encode(JSON.stringify(value));

/** The text of a payload. */
export const text = (payload) => decoder.decode(payload);

export const context = { now: 0n, seed: 0n, actor: undefined, extensions: [] };

export const command = (commandType, payload) => ({ id: 'x', commandType, contentType: 'application/json', payload });

/** Folds events and decides, in one call: the decision, or what the decider throws. */
export function decide(decider, events, commandType, payload, given = context) {
  return new decider.Session(0).decide(events, command(commandType, payload), given);
}

/** An event as deciders get it. */
export const event = (eventType, data) => ({
  eventType,
  schemaVersion: 1,
  version: 1n,
  contentType: 'application/json',
  payload: json(data),
});

/** An event as projectors get it. */
export const recorded = (position, eventType, data, more) => ({
  ...event(eventType, data),
  id: `event-${position}`,
  stream: 'thing-1',
  position: BigInt(position),
  recordedAt: BigInt(position),
  tags: [],
  ...more,
  metadata: {
    commandId: `command-${position}`,
    commandType: 'Test',
    correlationId: `command-${position}`,
    causationId: `command-${position}`,
    actor: undefined,
    traceparent: undefined,
    extensions: [],
    ...more?.metadata,
  },
});

/** Folds events into rows, of which there are texts by their keys, as the dispatcher does, in pages of a length. */
export function project(projector, events, length = events.length, before = {}) {
  const rows = new Map(Object.entries(before));
  const [{ views: [view] }] = projector.describe();
  for (let start = 0; start < events.length; start += length) {
    const page = events.slice(start, start + length);
    const keys = projector.keys(0, page);
    const needed = [];
    for (;;) {
      const wanted = new Set([...keys.flat(), ...needed].map(({ key }) => key));
      const given = [...wanted].filter((key) => rows.has(key));
      const there = given.map((key) => ({ view, key, contentType: 'application/json', value: encoder.encode(rows.get(key)) }));
      const { tag, val } = projector.project(0, page, there, needed);
      if (tag === 'needs') {
        needed.push(...val);
        continue;
      }
      for (const { change, event } of val) {
        const { key, value } = change.val;
        if (![...keys[event], ...needed].some((one) => one.key === key)) throw new Error(`${key} is no row of event ${event}`);
        if (change.tag === 'put') rows.set(key, text(value));
        else rows.delete(key);
      }
      break;
    }
  }
  return Object.fromEntries([...rows].sort());
}
