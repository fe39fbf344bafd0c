import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, reject, t } from '../annals.js';
import { decide, text } from './support.mjs';

const fields = {
  id: t.string,
  note: t.optional(t.string),
  tags: t.optional(t.array(t.optional(t.string))),
  prices: t.optional(t.record(t.optional(t.boolean))),
};

/** A decider that answers with the fields of its command. */
const decider = defineDecider({
  name: 'd',
  category: 'c',
  commands: { Tell: fields, Refuse: { id: t.string } },
  events: { Told: fields },
  initial: () => 0,
  streamId: ({ data }) => data.id,
  evolve: (state) => state + 1,
  decide: (_, { type, data }) => (type === 'Refuse' ? reject('no', null, null) : { type: 'Told', data }),
});

const send = (commandType, payload) => decide(decider, [], commandType, new TextEncoder().encode(payload));

test('null is as good as absent in a field, and keeps its place among others', () => {
  const written = {
    '{"id":"1"}': '{"id":"1"}',
    '{"id":"1","note":null,"tags":null}': '{"id":"1"}',
    '{"id":"1","note":"n","tags":["a",null]}': '{"id":"1","note":"n","tags":["a",null]}',
    '{"id":"1","prices":{"a":true,"b":null}}': '{"id":"1","prices":{"a":true,"b":null}}',
  };
  for (const [given, expected] of Object.entries(written)) {
    assert.equal(text(send('Tell', given).events[0].payload), expected, given);
  }
});

test('a rejection whose message and details are null has its code in words, and no details', () => {
  assert.throws(
    () => send('Refuse', '{"id":"1"}'),
    ({ val }) => val.message === 'no' && val.details === undefined,
  );
});
