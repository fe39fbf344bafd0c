// Calls a decider as its component is called.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a value's JSON. */
export const json = (value) => encoder.encode(JSON.stringify(value));

/** The text of a payload. */
export const text = (payload) => decoder.decode(payload);

/** Folds events and decides: the decision, or what the decider throws. */
export function decide(decider, events, commandType, payload) {
  const session = new decider.Session(0);
  session.evolve(events);
  const command = { id: 'x', commandType, contentType: 'application/json', payload };
  return session.decide(command, { now: 0n, seed: 0n });
}
