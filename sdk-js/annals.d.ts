/**
 * Handlers of Annals in JavaScript.
 *
 * A handler is a module that exports what {@link defineDecider} answers as `deciders`, or what
 * {@link defineProjector} answers as `projectors`.
 *
 * Handlers are pure: what they answer depends on their arguments alone. There are no clocks, no randomness, no
 * files and no network in them; using one fails with a message that says what to use instead.
 */

/** How a value looks in a payload. Made by {@link t}. */
export interface Shape<T> {
  readonly expected: string;
  readonly optional: boolean;
  read(value: unknown): T;
  write(value: T): unknown;
}
interface Optional<T> extends Shape<T | undefined> {
  readonly optional: true;
}
/** What a tag can be of. */
type TagValue = string | number | bigint | boolean;

/** Fields of a payload, by name. They are written in this order. */
export type Fields = Record<string, Shape<any>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<any> ? K : never }[keyof F];
type TypeOf<S> = S extends Optional<infer T> ? T : S extends Shape<infer T> ? T : never;
/** A value with these fields. */
export type Data<F extends Fields> = { [K in Exclude<keyof F, OptionalKeys<F>>]: TypeOf<F[K]> } & {
  [K in OptionalKeys<F>]?: TypeOf<F[K]>;
};

/** The shapes of fields. What does not fit is malformed, and never rounded or converted. */
export const t: {
  readonly string: Shape<string>;
  readonly boolean: Shape<boolean>;
  /** A whole number that a `number` holds exactly, up to 2^53-1. */
  readonly integer: Shape<number>;
  /** A whole number of 64 bits, as a `bigint`. */
  readonly int64: Shape<bigint>;
  readonly number: Shape<number>;
  /** Any JSON. */
  readonly json: Shape<unknown>;
  array<T>(item: Shape<T>): Shape<T[]>;
  /** An object with any keys. */
  record<T>(item: Shape<T>): Shape<Record<string, T>>;
  object<F extends Fields>(fields: F): Shape<Data<F>>;
  /**
   * May be left out. `null` is as good as left out: it reads as `undefined`, and is not written. In an array or a record, where
   * nothing can be left out, `undefined` is written as `null`.
   */
  optional<T>(shape: Shape<T>): Optional<T>;
  /**
   * Marks a field of an event. Each of its values becomes a tag of the event, `name:value`, by which readers of the log can filter. The
   * name is the field's, unless another one is given. In a command or a row the mark means nothing.
   */
  tag<S extends Shape<TagValue> | Optional<TagValue> | Shape<TagValue[]> | Optional<TagValue[]>>(shape: S, name?: string): S;
};

/** The fields of an event whose payload has changed, with its newest schema version. Older ones must still fit. */
export function version<F extends Fields>(number: number, fields: F): Versioned<F>;
interface Versioned<F extends Fields> {
  readonly fields: F;
}

type FieldsOf<D> = D extends Versioned<infer F> ? F : D extends Fields ? D : never;
type Messages = Record<string, Fields | Versioned<any>>;
/** One of some commands or events: `{ type, data }`. */
export type Message<M extends Messages> = { [K in keyof M & string]: { type: K; data: Data<FieldsOf<M[K]>> } }[keyof M & string];

/** Names and values of extension attributes of CloudEvents. */
export type Extensions = readonly (readonly [name: string, value: string])[];

/** The facts that a decision may use beside its state and its command. */
export interface Context {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** 64 bits of randomness, fixed for one decision. */
  readonly seed: bigint;
  /** The id of the command. The same id takes effect once. */
  readonly commandId: string;
  /** Who asked for it, as the caller said. */
  readonly actor?: string;
  /** Extension attributes of CloudEvents that came with the command. */
  readonly extensions: Extensions;
  /** Random numbers of this decision: the same sequence each time that it is called. Useless for secrets. */
  random(): Random;
}
export interface Random {
  /** The next 64 random bits. */
  next(): bigint;
  /** A number from 0 up to, not including, `bound`. */
  below(bound: number): number;
  /** An id of 32 hexadecimal digits. */
  id(): string;
}

/** The domain's reason to say no. Made by {@link reject}. */
export interface Rejected {
  readonly code: string;
}
/**
 * Says no. `return` it or `throw` it.
 * @param code kebab-case and stable: callers branch on it
 * @param message for people; left out: the code in words
 * @param details JSON for programs
 */
export function reject(code: string, message?: string, details?: unknown): Rejected;

export interface DeciderDefinition<C extends Messages, E extends Messages, S> {
  name: string;
  /** Category of the streams, `[a-z][a-z0-9_]*`. The stream of a subject is `category-id`. */
  category: string;
  /** Version of the handler's code, for people. */
  version?: string;
  /** The commands that it handles: their types, and the fields of each. */
  commands: C;
  /** The events that it folds and emits. Events of the stream of other types are passed over. */
  events: E;
  /** Types of the events that it emits; left out: all of `events`. */
  emits?: (keyof E & string)[];
  /** What a type of command demands of its stream; left out: nothing. */
  preconditions?: { [K in keyof C]?: 'any' | 'no-stream' | 'stream-exists' };
  /** Types of the commands that process managers alone may send. */
  internal?: (keyof C & string)[];
  /** Take a snapshot of the state every so many events. The state must be JSON. */
  snapshotEvery?: number;
  /**
   * Left out: a snapshot is used only by the very component that took it. A version from 1 on vouches for its snapshots,
   * whatever else in the component changes: raise it whenever the state or `evolve` changes.
   */
  stateVersion?: number;
  /** The state of a subject to which nothing has happened. */
  initial(): S;
  /** The id of the subject that a command is about. */
  streamId(command: Message<C>): string;
  /** Takes note of an event: answers the new state, or changes the one it is given. Facts cannot be refused. */
  evolve(state: S, event: Message<E> & { schemaVersion: number }): S | void;
  /** Decides: an event, several, none, or a {@link reject}ion. Must not change the state. */
  decide(state: S, command: Message<C> & { id: string }, context: Context): Decision<E> | Rejected;
}
/** `close`: these are the last events of the stream. */
export type Decision<E extends Messages> = Message<E> | Message<E>[] | { events: Message<E>[]; close?: boolean } | undefined | void;

/** What the component exports. Nothing in it is for you. */
export interface Exported {
  describe(): unknown[];
}

/**
 * A decider: `export const deciders = defineDecider({ .. })`.
 * @throws TypeError if the definition cannot be right; the build fails then
 */
export function defineDecider<const C extends Messages, const E extends Messages, S>(definition: DeciderDefinition<C, E, S>): Exported;

/** What is recorded with an event. */
export interface EventMetadata {
  readonly eventId: string;
  /** The stream, such as `account-42`. */
  readonly stream: string;
  /** `account` of `account-42`. */
  readonly category: string;
  /** `42` of `account-42`. */
  readonly subject: string;
  /** Version of the stream that this event made, from 1. */
  readonly version: number;
  /** Place of the event in the order of the whole log. */
  readonly position: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly recordedAt: number;
  readonly commandId: string;
  readonly commandType: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor?: string;
  readonly traceparent?: string;
  /** What the event is about, such as `account:42`. */
  readonly tags: readonly string[];
  /** Extension attributes of CloudEvents that came with the command. */
  readonly extensions: Extensions;
}
/** @deprecated renamed {@link EventMetadata} */
export type About = EventMetadata;

/** The rows that an event changes or reads. A row that comes out of it is a copy: `put` it when you have changed it. */
export interface Rows<R> {
  /** Keys of the rows that the event changes, whether they are there or not. */
  keys(): string[];
  /** A row that the event changes or reads, if it is there. */
  get(key: string): R | undefined;
  /** Puts a row in place of what was there. It must be among the event's `keys`. */
  put(key: string, row: R): void;
  /** Deletes a row, if it is there. It must be among the event's `keys`. */
  delete(key: string): void;
}

interface ProjectorCommon<E extends Messages, R extends Fields> {
  name: string;
  /** The view, `[a-z][a-z0-9_-]*`, at most 64 characters. */
  view: string;
  /** Raise it whenever `row`, `keys` or `fold` changes: the view is built anew. */
  version?: number;
  /** Where it starts when it is first deployed; left out: with the first event of the log. */
  from?: 'origin' | 'now';
  /** The events that it folds. It is given no others. */
  events: E;
  /** The fields of a row. */
  row: R;
  /** Keys of further rows that `project` looks at, and does not change. */
  reads?(event: Message<E>, metadata: EventMetadata): string[];
  /**
   * Keys of further rows that the event changes, where they depend on rows that it reads. The framework asks again with the rows that were
   * named, until no key is new.
   */
  furtherKeys?(rows: Rows<Data<R>>, event: Message<E>, metadata: EventMetadata): string[];
}
interface Keys<E extends Messages> {
  /** Keys of the rows that an event changes, each 1 to 1024 bytes. */
  keys(event: Message<E>, metadata: EventMetadata): string[];
  touches?: undefined;
}
interface FormerKeys<E extends Messages> {
  keys?: undefined;
  /** @deprecated renamed `keys` */
  touches(event: Message<E>, metadata: EventMetadata): string[];
}
interface Fold<E extends Messages, R extends Fields> {
  /** What becomes of a row that an event changes. `undefined` is no row: there was none yet, there is none now. */
  fold(row: Data<R> | undefined, key: string, event: Message<E>, metadata: EventMetadata): Data<R> | undefined;
  project?: undefined;
}
interface Project<E extends Messages, R extends Fields> {
  fold?: undefined;
  /** In place of `fold`: what an event does to all its rows, where what becomes of one depends on another. */
  project(rows: Rows<Data<R>>, event: Message<E>, metadata: EventMetadata): void;
}
export type ProjectorDefinition<E extends Messages, R extends Fields> = ProjectorCommon<E, R> &
  (Keys<E> | FormerKeys<E>) &
  (Fold<E, R> | Project<E, R>);

/**
 * A projector: `export const projectors = defineProjector({ .. })`.
 * @throws TypeError if the definition cannot be right; the build fails then
 */
export function defineProjector<const E extends Messages, const R extends Fields>(definition: ProjectorDefinition<E, R>): Exported;
