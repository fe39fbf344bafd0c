import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineProjector, t } from '../annals.js';
import { json, project, recorded, text } from './support.mjs';

/** A list of notes for each key. `fold` changes what it is given, and shares what it answers, as careless code does. */
const shared = [];
const notes = {
  name: 'notes',
  view: 'notes',
  events: { Noted: { keys: t.array(t.string), note: t.optional(t.string) }, Cleared: { key: t.string } },
  row: { notes: t.array(t.json), last: t.optional(t.string), whole: t.json },
  keys: ({ type, data }) => (type === 'Cleared' ? [data.key] : data.keys),
  fold(row, key, { type, data }) {
    if (type === 'Cleared') return undefined;
    if (row === undefined) return { notes: shared, last: null, whole: { data, gone: undefined } };
    assert.ok(!('last' in row) || row.last !== null, 'a row looks as it is read');
    row.notes.push({ note: data.note, zero: -0 });
    row.last = data.note;
    return row;
  },
};

const noted = (position, keys, note) => recorded(position, 'Noted', { keys, note });
const cleared = (position, key) => recorded(position, 'Cleared', { key });

/** Random numbers, the same ones in every run. */
function* numbers(seed) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 8;
  }
}

test('a page gives the rows that its events give one by one', () => {
  const projector = defineProjector(notes);
  const random = numbers(7);
  const next = (bound) => random.next().value % bound;
  for (let round = 0; round < 50; round++) {
    const events = Array.from({ length: 1 + next(12) }, (_, i) => {
      const keys = ['a', 'b', 'c'].filter(() => next(2) === 0);
      if (next(5) === 0) return cleared(i, 'abc'[next(3)]);
      return noted(i, keys, next(3) === 0 ? undefined : `n${i}`);
    });
    const before = next(2) === 0 ? {} : { a: '{"notes":[1],"whole":null}' };
    const single = project(projector, events, 1, before);
    assert.deepEqual(shared, []);
    for (const length of [2, 5, events.length]) {
      assert.deepEqual(project(projector, events, length, before), single, `round ${round}, pages of ${length}`);
    }
  }
});

test('a changed row is in the answer once, with the last event that changed it', () => {
  const projector = defineProjector({
    ...notes,
    row: { count: t.integer },
    fold: (row, _, { type, data }) => (type === 'Cleared' ? undefined : { count: (row?.count ?? 0) + (data.note ? 1 : 0) }),
  });
  const row = (key, value) => ({ view: 'notes', key, contentType: 'application/json', value: json(value) });
  const page = [noted(1, ['a', 'b'], 'x'), noted(2, ['a', 'c'], 'x'), noted(3, ['a', 'd'], undefined), cleared(4, 'c'), cleared(5, 'e')];
  assert.deepEqual(
    projector.keys(0, [...page, recorded(6, 'Unknown', {})]).map((keys) => keys.map(({ key }) => key)),
    [['a', 'b'], ['a', 'c'], ['a', 'd'], ['c'], ['e'], []],
  );
  const { tag, val } = projector.project(0, page, [row('b', { count: 1 }), row('d', { count: 4 })], []);
  assert.equal(tag, 'changes');
  const told = val.map(({ change, event }) => [change.tag, change.val.key, change.tag === 'put' ? text(change.val.value) : '', event]);
  assert.deepEqual(told, [
    ['put', 'a', '{"count":2}', 1],
    ['put', 'b', '{"count":2}', 0],
    ['remove', 'c', '', 3],
  ]);
});

test('a fault has the index of its event in the page', () => {
  const projector = defineProjector(notes);
  const bad = recorded(9, 'Noted', { keys: 1 });
  const long = noted(9, ['x'.repeat(1025)]);
  for (const [event, message] of [
    [bad, 'the projector notes cannot read Noted (schema 1) at position 9: invalid type: integer `1`, expected an array at field keys'],
    [long, 'the projector notes cannot project Noted (schema 1) at position 9: TypeError: the key of a row has 1025 bytes, more than 1024'],
  ]) {
    const page = [noted(1, ['a']), event, noted(10, ['a'])];
    for (const call of [() => projector.keys(0, page), () => projector.project(0, page, [], [])]) {
      assert.throws(call, (fault) => {
        assert.deepEqual(fault, { index: 1, fault: { message } });
        return true;
      });
    }
  }
  assert.throws(
    () => project(projector, [noted(1, ['b']), noted(2, ['a'])], 2, { a: '{}' }),
    ({ index, fault }) => index === 1 && /the row "a" cannot be read: missing field `notes`; has `row` changed/.test(fault.message),
  );
});

test('what is recorded with an event is its metadata, with tags and extensions', () => {
  let given;
  const projector = defineProjector({ ...notes, keys: (_, metadata) => ((given = metadata), []) });
  const extensions = [['tenant', 'a']];
  projector.keys(0, [recorded(3, 'Noted', { keys: [] }, { stream: 'thing-4-2', tags: ['a:1'], metadata: { extensions } })]);
  const { stream, category, subject, position, tags, commandId } = given;
  assert.deepEqual(
    { stream, category, subject, position, tags, commandId, extensions: given.extensions },
    { stream: 'thing-4-2', category: 'thing', subject: '4-2', position: 3, tags: ['a:1'], commandId: 'command-3', extensions },
  );
});

/** Who sits where. The names of guests are rows, too. */
const seating = defineProjector({
  name: 'seating',
  view: 'seating',
  events: { Named: { guest: t.string, name: t.string }, Reserved: { seat: t.string, guest: t.string } },
  row: { name: t.string },
  keys: ({ type, data }) => [type === 'Named' ? `guest/${data.guest}` : `seat/${data.seat}`],
  reads: ({ type, data }) => (type === 'Named' ? [] : [`guest/${data.guest}`]),
  project(rows, { type, data }) {
    if (type === 'Named') {
      rows.put(`guest/${data.guest}`, { name: data.name });
      return;
    }
    const guest = rows.get(`guest/${data.guest}`) ?? { name: 'somebody' };
    rows.put(`seat/${data.seat}`, guest);
    // Nothing of this is in a row.
    guest.name = 'changed';
    if (data.seat === 'stray') rows.put(`guest/${data.guest}`, guest);
    if (data.seat === 'strange') rows.delete('other');
  },
});

test('a projector reads rows that it does not change', () => {
  const reserved = (position, seat) => recorded(position, 'Reserved', { seat, guest: '1' });
  const events = [reserved(1, '7A'), recorded(2, 'Named', { guest: '1', name: 'Ada' }), reserved(3, '7B'), reserved(4, '7C')];
  const rows = {
    'guest/1': '{"name":"Ada"}',
    'seat/7A': '{"name":"somebody"}',
    'seat/7B': '{"name":"Ada"}',
    'seat/7C': '{"name":"Ada"}',
  };
  for (const length of [1, 2, 4]) assert.deepEqual(project(seating, events, length), rows);
  for (const [seat, message] of [
    ['stray', /it changes the row "guest\/1", which it only reads: name it in `keys`$/],
    ['strange', /it changes the row "other", which is not among its `keys`$/],
  ]) {
    assert.throws(
      () => project(seating, [reserved(1, '7A'), reserved(2, seat)]),
      ({ index, fault }) => index === 1 && message.test(fault.message),
    );
  }
});

test('keys that are in rows are asked for until none is new', () => {
  // Each row names the next one of a chain; the event counts in all of them.
  const chain = defineProjector({
    name: 'chain',
    view: 'chain',
    events: { Touched: { key: t.string } },
    row: { next: t.optional(t.string), count: t.integer },
    keys: ({ data }) => [data.key],
    furtherKeys: (rows) => rows.keys().flatMap((key) => rows.get(key)?.next ?? []),
    fold: (row) => ({ ...row, count: (row?.count ?? 0) + 1 }),
  });
  const before = { a: '{"next":"b","count":0}', b: '{"next":"c","count":0}', z: '{"count":0}' };
  const events = [recorded(1, 'Touched', { key: 'a' }), recorded(2, 'Touched', { key: 'b' })];
  assert.deepEqual(chain.keys(0, events), [[{ view: 'chain', key: 'a' }], [{ view: 'chain', key: 'b' }]]);
  const rows = { a: '{"next":"b","count":1}', b: '{"next":"c","count":2}', c: '{"count":2}', z: '{"count":0}' };
  for (const length of [1, 2]) assert.deepEqual(project(chain, events, length, before), rows);
  const first = { view: 'chain', key: 'a', contentType: 'application/json', value: new TextEncoder().encode(before.a) };
  assert.deepEqual(chain.project(0, events.slice(0, 1), [first], []), { tag: 'needs', val: [{ view: 'chain', key: 'b' }] });
});

test('the former name of `keys` is accepted with a warning', (context) => {
  const log = context.mock.method(console, 'log', () => {});
  const { keys: touches, ...others } = notes;
  const projector = defineProjector({ ...others, touches });
  assert.deepEqual(projector.keys(0, [noted(1, ['a'])]), [[{ view: 'notes', key: 'a' }]]);
  assert.deepEqual(log.mock.calls.map((call) => call.arguments), [['warning: notes: `touches` is deprecated: it is called `keys` now']]);
  assert.throws(() => defineProjector({ ...notes, touches }), /`touches` is the former name of `keys`: leave one out/);
  assert.throws(() => defineProjector(others), /`keys` must be a function/);
});
