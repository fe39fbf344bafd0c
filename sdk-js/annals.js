// Handlers of Annals in JavaScript: `defineDecider` and `defineProjector`.
//
// You write plain functions over plain objects, and say of what shape commands and events are. This file
// does what is left: it is the interface `annals:es/deciders` (or `projectors`), and reads and writes payloads
// exactly as the Rust SDK does. What you call and what you get is described in `annals.d.ts`.
//
// Import it before everything else: it takes away what a pure function must not use.

// ---- what is not there -----------------------------------------------------------------------------------

let self_ = 'this handler';

/** What a handler reads from elsewhere than its arguments would differ from run to run, or from host to host. */
function forbid(what, remedy) {
  return function forbidden() {
    throw new Error(`${self_}: ${what} is not there: handlers are pure. ${remedy}`);
  };
}

const TIME = 'Time is an argument: a decision has `context.now`, an event `metadata.recordedAt`.';
const CHANCE = 'Randomness is an argument: a decision has `context.seed` and `context.random()`.';
const OUTSIDE = 'Let a notifier do it, or have it in the command.';

const PureDate = new Proxy(Date, {
  construct(target, args, derived) {
    if (args.length === 0) forbid('`new Date()`', TIME)();
    return Reflect.construct(target, args, derived);
  },
  apply: forbid('`Date()`', TIME),
  get: (target, key) => (key === 'now' ? forbid('`Date.now()`', TIME) : Reflect.get(target, key)),
});
Date.prototype.constructor = PureDate;
globalThis.Date = PureDate;
Math.random = forbid('`Math.random()`', CHANCE);

/** In place of an object of which nothing is there. */
const nothing = (name, remedy) =>
  new Proxy({}, { get: (_, key) => (typeof key === 'symbol' ? undefined : forbid(`\`${name}.${key}\``, remedy)) });

const replace = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
replace('crypto', nothing('crypto', CHANCE));
replace('performance', nothing('performance', TIME));
for (const name of ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval']) {
  replace(name, forbid(`\`${name}\``, 'A decision is made at once; what waits is a process manager.'));
}
for (const name of ['fetch', 'XMLHttpRequest', 'WebSocket']) replace(name, forbid(`\`${name}\``, OUTSIDE));

/** Names that other runtimes have, and that people try. */
const ELSEWHERE = { process: 'environment', require: 'modules at run time', Deno: 'files', Bun: 'files' };

/** The message of whatever was thrown. */
function told(error) {
  if (error instanceof ReferenceError) {
    const name = /^(\w+) is not defined$/.exec(error.message)?.[1];
    if (name !== undefined && Object.hasOwn(ELSEWHERE, name)) {
      return `\`${name}\` is not there: handlers are pure, and have no ${ELSEWHERE[name]}. ${OUTSIDE}`;
    }
  }
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  return `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}`;
}

// ---- shapes ----------------------------------------------------------------------------------------------

/** What does not have the shape that it should have. */
class Unfit extends Error {
  constructor(message, path = []) {
    super(message);
    this.path = path;
  }

  get field() {
    return this.path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i ? `.${step}` : step)).join('');
  }
}

/** Runs `f`, and adds a step to the path of what it finds unfit. */
function within(step, f) {
  try {
    return f();
  } catch (error) {
    if (error instanceof Unfit) error.path.unshift(step);
    throw error;
  }
}

/** A number of a payload, as it is written there: a float would round it. */
class Numeral {
  constructor(text) {
    this.text = text;
  }
}

const WHOLE = /^-?\d+$/;

function shown(value) {
  if (value instanceof Numeral) return WHOLE.test(value.text) ? `integer \`${value.text}\`` : `number \`${value.text}\``;
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  if (typeof value === 'bigint' || typeof value === 'number') return `number \`${value}\``;
  return value === undefined ? 'nothing' : `an ${typeof value}`;
}

const wrong = (value, expected) => new Unfit(`invalid type: ${shown(value)}, expected ${expected}`);

/**
 * A shape reads what `parse` finds in a payload, and writes what `print` puts into one. Both make new values: nothing in them is
 * part of what they are made of.
 *
 * `tags` is how a field of this shape can be a tag: `ONE` value, or `MANY` of them.
 */
function shape(expected, read, write, tags) {
  return Object.freeze({ expected, read, write, tags, optional: false });
}

const ONE = 'one';
const MANY = 'many';

const isObject = (value) =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Numeral);

const string = shape(
  'a string',
  (value) => {
    if (typeof value !== 'string') throw wrong(value, 'a string');
    if (!value.isWellFormed()) throw new Unfit('lone surrogate in a string');
    return value;
  },
  (value) => {
    if (typeof value !== 'string') throw wrong(value, 'a string');
    if (!value.isWellFormed()) throw new Unfit('lone surrogate in a string');
    return value;
  },
  ONE,
);

const boolean = shape(
  'a boolean',
  (value) => {
    if (typeof value !== 'boolean') throw wrong(value, 'a boolean');
    return value;
  },
  (value) => {
    if (typeof value !== 'boolean') throw wrong(value, 'a boolean');
    return value;
  },
  ONE,
);

const SAFE = 'an integer from -(2^53-1) to 2^53-1, which a number holds exactly (`t.int64` holds more)';

const integer = shape(
  SAFE,
  (value) => {
    const number = value instanceof Numeral && WHOLE.test(value.text) ? Number(value.text) : NaN;
    if (!Number.isSafeInteger(number)) throw wrong(value, SAFE);
    return number === 0 ? 0 : number;
  },
  (value) => {
    if (!Number.isSafeInteger(value)) throw wrong(value, SAFE);
    return new Numeral(String(value));
  },
  ONE,
);

const INT64 = 'an integer of 64 bits';
const fits64 = (value) => BigInt.asIntN(64, value) === value;

const int64 = shape(
  INT64,
  (value) => {
    // No integer of 64 bits has more digits; a longer one is not worth converting.
    const short = value instanceof Numeral && WHOLE.test(value.text) && value.text.length <= 20;
    if (!short || !fits64(BigInt(value.text))) throw wrong(value, INT64);
    return BigInt(value.text);
  },
  (value) => {
    if (typeof value !== 'bigint' || !fits64(value)) throw wrong(value, `${INT64}, as a bigint`);
    return new Numeral(String(value));
  },
  ONE,
);

const number = shape(
  'a number',
  (value) => {
    if (!(value instanceof Numeral) || !Number.isFinite(Number(value.text))) throw wrong(value, 'a number');
    return Number(value.text);
  },
  (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(value, 'a finite number');
    return new Numeral(JSON.stringify(value));
  },
);

/** Any JSON. Numbers that a float would round are unfit, as everywhere. */
const json = shape(
  'JSON',
  function read(value) {
    if (value instanceof Numeral) return (WHOLE.test(value.text) ? integer : number).read(value);
    if (Array.isArray(value)) return value.map((item, i) => within(i, () => read(item)));
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, within(key, () => read(item))]));
    }
    return typeof value === 'string' ? string.read(value) : value;
  },
  function write(value) {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return string.write(value);
    if (typeof value === 'number') return number.write(value);
    if (Array.isArray(value)) return Array.from(value, (item, i) => within(i, () => write(item)));
    if (value !== undefined && isPlain(value)) {
      const fields = Object.entries(value).filter(([, item]) => item !== undefined);
      return Object.fromEntries(fields.map(([key, item]) => [string.write(key), within(key, () => write(item))]));
    }
    throw wrong(value, 'JSON');
  },
);

const array = (item) => {
  untagged(item);
  return shape(
    'an array',
    (value) => {
      if (!Array.isArray(value)) throw wrong(value, 'an array');
      return value.map((one, i) => within(i, () => item.read(one)));
    },
    (value) => {
      if (!Array.isArray(value)) throw wrong(value, 'an array');
      return Array.from(value, (one, i) => within(i, () => item.write(one)));
    },
    item.tags === ONE ? MANY : undefined,
  );
};

const record = (item) => {
  untagged(item);
  return shape(
    'an object',
    (value) => {
      if (!isObject(value)) throw wrong(value, 'an object');
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, within(key, () => item.read(one))]));
    },
    (value) => {
      if (!isObject(value)) throw wrong(value, 'an object');
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [string.write(key), within(key, () => item.write(one))]));
    },
  );
};

/** Reads what is declared and passes over the rest, as serde does; writes in the order of the declaration. */
const object = (fields) => {
  const declared = Object.entries(fields);
  return shape(
    'an object',
    (value) => {
      if (!isObject(value)) throw wrong(value, 'an object');
      const read = {};
      for (const [name, of] of declared) {
        const there = Object.hasOwn(value, name);
        if (!there && !of.optional) throw new Unfit(`missing field \`${name}\``);
        const one = there ? within(name, () => of.read(value[name])) : undefined;
        if (one !== undefined) read[name] = one;
      }
      return read;
    },
    (value) => {
      if (!isObject(value)) throw wrong(value, 'an object');
      const stray = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
      if (stray !== undefined) {
        throw new Unfit(`unknown field \`${stray}\`, expected one of ${declared.map(([name]) => `\`${name}\``).join(', ')}`);
      }
      const parts = [];
      for (const [name, of] of declared) {
        if (value[name] === undefined || (of.optional && value[name] === null)) {
          if (of.optional) continue;
          throw new Unfit(`missing field \`${name}\``);
        }
        parts.push([name, within(name, () => of.write(value[name]))]);
      }
      return Object.fromEntries(parts);
    },
  );
};

/** A field that is absent is left out. In an array or a record, where nothing can be left out, it is `null`. */
const optional = (of) =>
  Object.freeze({
    ...of,
    optional: true,
    read: (value) => (value === null ? undefined : of.read(value)),
    write: (value) => (value === undefined || value === null ? null : of.write(value)),
  });

const TAG_NAME = /^[^:\s\u0000-\u001f\u007f-\u009f]+$/;

/** Each value of the field is a tag of the event: `name:value`. */
function tag(of, name) {
  demand(of.tags !== undefined, '`t.tag` marks a string, a boolean, an integer, or an array of them, which may be optional');
  demand(name === undefined || typeof name === 'string', 'the name of a tag is a string');
  return Object.freeze({ ...of, tag: { name } });
}

/** Tags are fields of events themselves: a mark further inside would mean nothing. */
function untagged(of) {
  demand(of.tag === undefined, '`t.tag` marks a field of an event, not what is within a field');
}

function nested(fields) {
  Object.values(fields).forEach(untagged);
  return object(fields);
}

export const t = Object.freeze({ string, boolean, integer, int64, number, json, array, record, object: nested, optional, tag });

/** A type of event whose payload has changed: its newest schema version, and its fields. */
export function version(number, fields) {
  return { [VERSION]: number, fields };
}

const VERSION = Symbol('schema version');

// ---- payloads --------------------------------------------------------------------------------------------

const CONTENT_TYPE = 'application/json';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const toUtf8 = new TextEncoder();

function isJson(contentType) {
  const essence = contentType.split(';')[0].trim().toLowerCase();
  return essence === '' || essence === CONTENT_TYPE || (essence.length > 5 && essence.endsWith('+json'));
}

function decode(payload) {
  try {
    return utf8.decode(payload);
  } catch {
    throw new Unfit('the payload is not UTF-8');
  }
}

/** The JSON in a text, its numbers as they are written. */
function parse(text) {
  try {
    return JSON.parse(text, (_, value, context) => (typeof value === 'number' ? new Numeral(context.source) : value));
  } catch (error) {
    const [, what, line, column] = /^JSON\.parse: (.*) at line (\d+) column (\d+)/.exec(error.message) ?? [];
    throw Object.assign(new Unfit(what ?? error.message), { at: line && `line ${line} column ${column}` });
  }
}

/** The text of JSON whose numbers are numerals. */
function print(value) {
  if (value instanceof Numeral) return value.text;
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${print(one)}`).join(',')}}`;
}

const isPlain = (value) => [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** Commands or events by type. */
function messages(declared) {
  return new Map(
    Object.entries(declared).map(([type, given]) => {
      const fields = given[VERSION] === undefined ? given : given.fields;
      return [type, { shape: object(fields), version: given[VERSION] ?? 1, tags: tagsIn(type, fields) }];
    }),
  );
}

/** The fields that are tags, and the names of these. */
function tagsIn(type, fields) {
  const tagged = Object.entries(fields).filter(([, of]) => of.tag !== undefined);
  return tagged.map(([field, of]) => {
    const name = of.tag.name ?? field;
    const legal = 'the name of a tag has at least one character, and no `:` or space: a tag is written name:value';
    demand(TAG_NAME.test(name), `${type}.${field}: ${legal}`);
    return { field, name };
  });
}

/** The tags of an event whose fields are written already. */
function tagsOf({ tags }, fields) {
  return tags.flatMap(({ field, name }) => {
    const values = Object.hasOwn(fields, field) ? [fields[field]].flat() : [];
    return values.filter((value) => value !== null).map((value) => `${name}:${value instanceof Numeral ? value.text : value}`);
  });
}

/** The newest schema versions that are known here. */
function schemas(events) {
  return [...events].map(([eventType, { version }]) => ({ eventType, version, schema: undefined }));
}

/** The event that is recorded, or nothing if it is of a type that was not declared. */
function readEvent(events, recorded) {
  const type = events.get(recorded.eventType);
  if (type === undefined) return undefined;
  if (recorded.schemaVersion > type.version) throw new Error(`the newest schema known here is ${type.version}`);
  if (!isJson(recorded.contentType)) throw new Error(`cannot read ${JSON.stringify(recorded.contentType)}`);
  const data = located(() => type.shape.read(parse(decode(recorded.payload))));
  return { type: recorded.eventType, data, schemaVersion: recorded.schemaVersion };
}

/** Puts into the message where the value is unfit. */
function located(f) {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new Error(`${error.message}${place(error) === undefined ? '' : ` at ${place(error)}`}`);
  }
}

/** Says what cannot be encoded, and where it is unfit. */
function encoded(what, f) {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new Error(`${what} cannot be encoded: ${error.message}${error.path.length ? ` at field ${error.field}` : ''}`);
  }
}

const place = (unfit) => unfit.at ?? (unfit.path.length > 0 ? `field ${unfit.field}` : undefined);

// ---- names -----------------------------------------------------------------------------------------------

const CATEGORY = /^[a-z][a-z0-9_]{0,125}$/;
const VIEW = /^[a-z][a-z0-9_-]{0,63}$/;
const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_STREAM = 128;
const MAX_KEY = 1024;
const bytes = (text) => toUtf8.encode(text).length;

/** The stream of a subject. Its id is all that a decider says of it, so it stays in its category. */
function streamName(category, id) {
  if (typeof id !== 'string') throw new Error(`\`streamId\` answers ${shown(id)}, and must answer a string`);
  if (id === '') throw new Unfit(`the id of the ${category} is empty`);
  if (!id.isWellFormed()) throw new Unfit(`the id of the ${category} contains a lone surrogate`);
  if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) throw new Unfit(`the id of the ${category} contains a control character`);
  const room = MAX_STREAM - category.length - 1;
  if (bytes(id) > room) throw new Unfit(`the id of the ${category} has ${bytes(id)} bytes, more than ${room}`);
  return `${category}-${id}`;
}

/** What a definition must have. A mistake here stops the build. */
function demand(holds, what) {
  if (!holds) throw new TypeError(what);
}

function functions(definition, names) {
  for (const name of names) demand(typeof definition[name] === 'function', `\`${name}\` must be a function`);
}

// ---- deciders --------------------------------------------------------------------------------------------

class Rejected {
  constructor(code, message, details) {
    demand(CODE.test(code), `the code of a rejection is kebab-case, not ${JSON.stringify(code)}`);
    this.code = code;
    this.message = message ?? code.replaceAll('-', ' ');
    this.details = details;
  }
}

export function reject(code, message, details) {
  return new Rejected(code, message, details);
}

/** SplitMix64, as in the Rust SDK: the same seed gives the same sequence in every language. */
function randomOf(seed) {
  let state = seed;
  const next = () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  return {
    next,
    below: (bound) => Number((next() * BigInt(bound)) >> 64n),
    id: () => [next(), next()].map((half) => half.toString(16).padStart(16, '0')).join(''),
  };
}

/** Of a state: plain data, Maps, Sets, dates, bytes, and objects of classes without private fields. */
function copied(value, seen = new Map()) {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return new Date(value.getTime());
  if (ArrayBuffer.isView(value)) return value.slice();
  if (seen.has(value)) return seen.get(value);
  const [isMap, isSet] = [value instanceof Map, value instanceof Set];
  const empty = () => (Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value)));
  const copy = isMap ? new Map() : isSet ? new Set() : empty();
  seen.set(value, copy);
  if (isMap) for (const [key, one] of value) copy.set(copied(key, seen), copied(one, seen));
  if (isSet) for (const one of value) copy.add(copied(one, seen));
  for (const key of Reflect.ownKeys(value)) copy[key] = copied(value[key], seen);
  return copy;
}

export function defineDecider(definition) {
  const { name, category, commands, events, initial, streamId, evolve, decide } = definition;
  demand(typeof name === 'string' && name !== '', '`name` must be the name of the decider');
  demand(CATEGORY.test(category), '`category` must be a lower-case letter followed by lower-case letters, digits or `_`');
  functions(definition, ['initial', 'streamId', 'evolve', 'decide']);
  const commandTypes = messages(commands);
  const eventTypes = messages(events);
  const emits = definition.emits ?? [...eventTypes.keys()];
  const internal = new Set(definition.internal ?? []);
  for (const type of internal) demand(commandTypes.has(type), `\`internal\` names ${type}, which \`commands\` does not have`);
  for (const type of emits) demand(eventTypes.has(type), `\`emits\` names ${type}, which \`events\` does not have`);
  self_ = name;
  const who = `the decider ${name}`;
  const failed = (message) => ({ tag: 'failed', val: { message } });

  /** What the framework understands of whatever went wrong. */
  function decideError(error) {
    if (error instanceof Unfit) return { tag: 'malformed', val: { message: error.message, at: place(error) } };
    return failed(error?.fault ?? `${who}: ${told(error)}`);
  }

  function readCommand(command) {
    const type = commandTypes.get(command.commandType);
    if (type === undefined) throw { fault: `${who} has no command ${command.commandType}` };
    if (!isJson(command.contentType)) {
      throw new Unfit(`${command.commandType} is sent as ${CONTENT_TYPE}, not as ${command.contentType}`);
    }
    return { type: command.commandType, data: type.shape.read(parse(decode(command.payload))), id: command.id };
  }

  function writeEvent(event) {
    const type = eventTypes.get(event?.type);
    if (type === undefined) throw new Error(`\`decide\` answers ${shown(event)} of type ${event?.type}, which \`events\` does not have`);
    if (!emits.includes(event.type)) throw new Error(`${event.type} is not among its \`emits\``);
    const fields = encoded(event.type, () => type.shape.write(event.data));
    return {
      eventType: event.type,
      schemaVersion: type.version,
      contentType: CONTENT_TYPE,
      payload: toUtf8.encode(print(fields)),
      tags: tagsOf(type, fields),
    };
  }

  class Session {
    #state;
    /** Set once an event could not be folded: the state lacks it then, and must not be used. */
    #broken;

    constructor() {
      try {
        // A copy: what `initial` answers may be one object for all streams, and `evolve` may change its state.
        this.#state = copied(initial());
      } catch (error) {
        this.#broken = { message: `${who}: ${told(error)}` };
      }
    }

    static restore(_, bytes) {
      const session = new Session();
      try {
        session.#state = JSON.parse(utf8.decode(bytes));
      } catch (error) {
        throw { message: `snapshot of ${who}: ${told(error)}` };
      }
      return session;
    }

    evolve(events) {
      this.#fold(events);
      if (this.#broken) throw this.#broken;
    }

    #fold(events) {
      for (const recorded of events) {
        if (this.#broken) break;
        try {
          const event = readEvent(eventTypes, recorded);
          if (event === undefined) continue;
          const next = evolve(this.#state, event);
          // A copy, for the same reason.
          if (next !== undefined && next !== this.#state) this.#state = copied(next);
        } catch (error) {
          const { eventType, schemaVersion, version } = recorded;
          this.#broken = { message: `${who} cannot fold ${eventType} (schema ${schemaVersion}) at version ${version}: ${told(error)}` };
        }
      }
    }

    decide(events, command, { now, seed, actor, extensions }) {
      this.#fold(events);
      if (this.#broken) throw { tag: 'failed', val: this.#broken };
      let answer;
      try {
        const read = readCommand(command);
        const context = { now: Number(now), seed, actor, extensions, commandId: command.id, random: () => randomOf(seed) };
        // A copy: a session outlives its decisions, and none of them may change it.
        answer = guarded(() => decide(copied(this.#state), read, context));
      } catch (error) {
        if (!(error instanceof Rejected)) throw decideError(error);
        answer = error;
      }
      if (answer instanceof Rejected) {
        throw { tag: 'rejected', val: { code: answer.code, message: answer.message, details: details(answer) } };
      }
      try {
        const { events, close } = decision(answer);
        if (close && events.length === 0) throw new Error('a decision without events cannot close its stream');
        return { events: events.map(writeEvent), close };
      } catch (error) {
        throw failed(`${who}: ${told(error)}`);
      }
    }

    snapshot() {
      if (this.#broken) return undefined;
      try {
        return toUtf8.encode(print(json.write(this.#state)));
      } catch {
        // Not JSON (a Map, a Date, a bigint): there is no snapshot then, and everything is folded anew.
        return undefined;
      }
    }
  }

  /** What the domain itself finds unfit is its own mistake, and not the sender's. */
  function guarded(f) {
    try {
      return f();
    } catch (error) {
      throw error instanceof Unfit ? new Error(error.message) : error;
    }
  }

  function details(rejected) {
    try {
      return rejected.details === undefined || rejected.details === null ? undefined : print(json.write(rejected.details));
    } catch (error) {
      throw failed(`${who}: the details of ${rejected.code} are no JSON: ${told(error)}`);
    }
  }

  return {
    describe: () => [
      {
        name,
        version: definition.version ?? '0.1.0',
        category,
        commands: [...commandTypes.keys()].map((commandType) => ({
          commandType,
          precondition: { tag: definition.preconditions?.[commandType] ?? 'any' },
          schema: undefined,
          internal: internal.has(commandType),
        })),
        emits,
        folds: [...eventTypes.keys()],
        snapshotEvery: definition.snapshotEvery ?? 0,
        stateVersion: definition.stateVersion ?? 0,
        schemas: schemas(eventTypes),
        annotations: [],
      },
    ],
    streamId(_, command) {
      try {
        const read = readCommand(command);
        const id = guarded(() => streamId(read));
        return streamName(category, id);
      } catch (error) {
        throw decideError(error);
      }
    },
    Session,
  };
}

/** An event, a list of events, or nothing; or `{ events, close }`. */
function decision(answer) {
  if (answer === undefined || answer === null) return { events: [], close: false };
  if (Array.isArray(answer)) return { events: answer, close: false };
  if (Array.isArray(answer.events)) return { events: answer.events, close: answer.close === true };
  if (typeof answer.then === 'function') throw new Error('`decide` is async, and must answer at once');
  return { events: [answer], close: false };
}

// ---- projectors ------------------------------------------------------------------------------------------

/** The rows that an event changes or reads. What comes out of it is a copy: a change is what is `put`. */
class Rows {
  #shape;
  /** By key: the row as JSON, if it is there, and whether the event changes it. */
  #places = new Map();

  constructor(shape) {
    this.#shape = shape;
  }

  /** Adds a row, or the place of one that is not there. */
  static add(rows, key, json, changes) {
    rows.#places.set(key, { json, changes });
  }

  static changing(rows) {
    return [...rows.#places].filter(([, { changes }]) => changes);
  }

  static has(rows, key) {
    return rows.#places.has(key);
  }

  keys() {
    return Rows.changing(this).map(([key]) => key);
  }

  get(key) {
    const json = this.#places.get(key)?.json;
    return json === undefined ? undefined : readable(key, () => this.#shape.read(json));
  }

  put(key, row) {
    this.#changed(key).json = encoded(`the row ${JSON.stringify(key)}`, () => this.#shape.write(row));
  }

  delete(key) {
    this.#changed(key).json = undefined;
  }

  #changed(key) {
    const place = this.#places.get(key);
    if (place?.changes) return place;
    const why = place ? 'which it only reads: name it in `keys`' : 'which is not among its `keys`';
    throw new Error(`it changes the row ${JSON.stringify(key)}, ${why}`);
  }
}

/** Says which row cannot be read. */
function readable(key, f) {
  try {
    return located(f);
  } catch (error) {
    throw new Error(`the row ${JSON.stringify(key)} cannot be read: ${told(error)}; has \`row\` changed, and \`version\` not?`);
  }
}

/** The rows of a page of events. Each is parsed once, and is JSON from then on: what an event does to it, the next one reads. */
class Page {
  /** Rows that no event has named yet, by key. */
  #given;
  /** Keys of rows that the page has asked for; those that are not given are not there. */
  #needed;
  /** By key: the row as JSON and as text, if it is there, and the index of the last event that changed it. */
  #rows = new Map();

  constructor(given, needed) {
    this.#given = new Map(given.map((row) => [row.key, row]));
    this.#needed = new Set(needed.map((row) => row.key));
  }

  /** Is it known whether this row is there? */
  knows(key) {
    return this.#rows.has(key) || this.#given.has(key) || this.#needed.has(key);
  }

  row(key) {
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#parsed(key, this.#given.get(key));
      this.#rows.set(key, row);
    }
    return row;
  }

  #parsed(key, given) {
    if (given === undefined) return {};
    return readable(key, () => {
      if (!isJson(given.contentType)) throw new Error(`it is ${JSON.stringify(given.contentType)}`);
      const text = decode(given.value);
      return { json: parse(text), text };
    });
  }

  /** Takes over what an event made of its rows. */
  take(rows, index) {
    for (const [key, { json }] of Rows.changing(rows)) {
      const text = json === undefined ? undefined : print(json);
      // A row that stays what it is is not written.
      if (this.row(key).text !== text) this.#rows.set(key, { json, text, changed: index });
    }
  }

  /** The rows that differ after the page. */
  changes(view) {
    const changed = [...this.#rows].filter(([, row]) => row.changed !== undefined);
    return changed.map(([key, { text, changed: event }]) => {
      if (text === undefined) return { change: { tag: 'remove', val: { view, key } }, event };
      return { change: { tag: 'put', val: { view, key, contentType: CONTENT_TYPE, value: toUtf8.encode(text) } }, event };
    });
  }
}

/** Keys, each once. */
function checkedKeys(keys) {
  const unique = [...new Set(keys)];
  for (const key of unique) {
    demand(typeof key === 'string' && key.isWellFormed(), `the key of a row is ${shown(key)}, and must be a string`);
    demand(key !== '', 'the key of a row is empty');
    demand(bytes(key) <= MAX_KEY, `the key of a row has ${bytes(key)} bytes, more than ${MAX_KEY}`);
  }
  return unique;
}

/** The former name of an option is accepted for one version. */
function formerly(definition, former, present) {
  if (definition[former] === undefined) return definition;
  demand(definition[present] === undefined, `\`${former}\` is the former name of \`${present}\`: leave one out`);
  // componentize-js shows what is printed here, except for warnings.
  console.log(`warning: ${definition.name}: \`${former}\` is deprecated: it is called \`${present}\` now`);
  const { [former]: value, ...others } = definition;
  return { ...others, [present]: value };
}

export function defineProjector(given) {
  const definition = formerly(given, 'touches', 'keys');
  const { name, view } = definition;
  const none = () => [];
  const { reads = none, furtherKeys = none } = definition;
  demand(typeof name === 'string' && name !== '', '`name` must be the name of the projector');
  demand(VIEW.test(view), '`view` must be a lower-case letter followed by lower-case letters, digits, `_` or `-`, at most 64 in all');
  functions(definition, ['keys', definition.project === undefined ? 'fold' : 'project']);
  demand(definition.fold === undefined || definition.project === undefined, '`fold` is for one row, `project` for all: leave one out');
  functions({ reads, furtherKeys }, ['reads', 'furtherKeys']);
  const project = definition.project ?? foldEach;
  const eventTypes = messages(definition.events);
  demand(eventTypes.size > 0, '`events` names no event to react to');
  const row = object(definition.row);
  self_ = name;
  const who = `the projector ${name}`;
  const places = (keys) => keys.map((key) => ({ view, key }));

  /** What `project` does if it is left out. */
  function foldEach(rows, event, metadata) {
    for (const key of rows.keys()) {
      const next = definition.fold(rows.get(key), key, event, metadata);
      if (next === undefined || next === null) rows.delete(key);
      else rows.put(key, next);
    }
  }

  /** Runs `f` with an event of a declared type; what it throws is a fault at this index of the page. */
  function react(recorded, index, f) {
    let doing = 'cannot read';
    try {
      const event = readEvent(eventTypes, recorded);
      if (event === undefined) return [];
      doing = 'cannot project';
      const metadata = metadataOf(recorded);
      const keys = checkedKeys(definition.keys(event, metadata));
      const readOnly = checkedKeys(reads(event, metadata)).filter((key) => !keys.includes(key));
      return f(event, metadata, keys, readOnly);
    } catch (error) {
      const { eventType, schemaVersion, position } = recorded;
      const message = `${who} ${doing} ${eventType} (schema ${schemaVersion}) at position ${position}: ${told(error)}`;
      throw { index, fault: { message } };
    }
  }

  /** Folds an event into the page. The answer is the keys of the rows that it needs as well; without them the page is of no use. */
  function fold(page, index, event, metadata, keys, readOnly) {
    const rows = new Rows(row);
    for (const key of keys) Rows.add(rows, key, page.row(key).json, true);
    for (const key of readOnly) Rows.add(rows, key, page.row(key).json, false);
    for (;;) {
      const further = checkedKeys(furtherKeys(rows, event, metadata)).filter((key) => !Rows.has(rows, key));
      if (further.length === 0) break;
      const unknown = further.filter((key) => !page.knows(key));
      if (unknown.length > 0) return unknown;
      for (const key of further) Rows.add(rows, key, page.row(key).json, true);
    }
    project(rows, event, metadata);
    page.take(rows, index);
    return [];
  }

  return {
    describe: () => [
      {
        name,
        version: definition.version ?? 1,
        eventTypes: [...eventTypes.keys()],
        emits: [],
        views: [view],
        start: definition.from ?? 'origin',
        concurrency: 1,
        schemas: schemas(eventTypes),
        annotations: [],
      },
    ],
    keys: (_, events) =>
      events.map((recorded, index) => react(recorded, index, (event, metadata, keys, readOnly) => places([...keys, ...readOnly]))),
    project(_, events, given, needed) {
      const page = new Page(given, needed);
      for (const [index, recorded] of events.entries()) {
        const needs = react(recorded, index, (...read) => fold(page, index, ...read));
        if (needs.length > 0) return { tag: 'needs', val: places(needs) };
      }
      return { tag: 'changes', val: page.changes(view) };
    },
  };
}

/** What is recorded with an event. */
function metadataOf({ id, stream, version, position, recordedAt, tags, metadata }) {
  const dash = stream.indexOf('-');
  return {
    eventId: id,
    stream,
    category: stream.slice(0, dash),
    subject: stream.slice(dash + 1),
    version: Number(version),
    position: Number(position),
    recordedAt: Number(recordedAt),
    tags,
    ...metadata,
  };
}
