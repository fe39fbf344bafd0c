import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, t, version } from '../annals.js';
import { decide, json } from './support.mjs';

const fields = {
  account: t.tag(t.string),
  number: t.tag(t.optional(t.int64), 'no'),
  paid: t.optional(t.tag(t.boolean)),
  guests: t.tag(t.array(t.string), 'guest'),
  amount: t.integer,
};

const decider = (events) =>
  defineDecider({
    name: 'd',
    category: 'c',
    // In a command a tag means nothing.
    commands: { Tell: fields },
    events,
    initial: () => 0,
    streamId: () => '1',
    evolve: () => 0,
    decide: (_, { data }) => ({ type: 'Told', data }),
  });

const tags = (data) => decide(decider({ Told: version(2, fields) }), [], 'Tell', json(data)).events[0].tags;

test('each value of a marked field is a tag, in the order of the fields', () => {
  assert.deepEqual(tags({ account: '42', guests: [], amount: 7 }), ['account:42']);
  assert.deepEqual(tags({ amount: 7, guests: ['Ada', 'Bob'], paid: false, number: 9, account: 'a:b' }), [
    'account:a:b',
    'no:9',
    'paid:false',
    'guest:Ada',
    'guest:Bob',
  ]);
});

test('what cannot be a tag does not build', () => {
  const marks = {
    '`t.tag` marks a string, a boolean, an integer, or an array of them': [
      () => t.tag(t.number),
      () => t.tag(t.json),
      () => t.tag(t.object({})),
      () => t.tag(t.array(t.array(t.string))),
    ],
    '`t.tag` marks a field of an event, not what is within a field': [
      () => t.array(t.tag(t.string)),
      () => t.record(t.tag(t.string)),
      () => t.object({ a: t.tag(t.string) }),
    ],
    'Told.a: the name of a tag has at least one character, and no `:` or space': [
      () => decider({ Told: { a: t.tag(t.string, 'a:b') } }),
      () => decider({ Told: { a: t.tag(t.string, '') } }),
    ],
  };
  for (const [message, wrong] of Object.entries(marks)) {
    for (const one of wrong) assert.throws(one, (error) => error instanceof TypeError && error.message.startsWith(message), String(one));
  }
});
