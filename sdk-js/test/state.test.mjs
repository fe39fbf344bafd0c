import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, t } from '../annals.js';
import { decide, json, text } from './support.mjs';

const START = { seen: [] };

/** A decider whose `evolve` changes the state that it is given; it answers how many events the state has. */
const decider = defineDecider({
  name: 'd',
  category: 'c',
  commands: { Tell: { id: t.string } },
  events: { Added: { id: t.string, note: t.optional(t.string) }, Cleared: {} },
  initial: () => START,
  streamId: ({ data }) => data.id,
  evolve: (state, { type, data }) => {
    if (type === 'Cleared') return START;
    state.seen.push(data);
  },
  decide: (state) => [{ type: 'Added', data: { id: String(state.seen.length), note: null } }],
});

const event = (eventType, data) => ({
  eventType,
  schemaVersion: 1,
  version: 1n,
  contentType: 'application/json',
  payload: json(data),
});
const added = event('Added', { id: 'a', note: null });
const cleared = event('Cleared', {});

test('the state of one stream is never that of another', () => {
  const answers = [[added], [], [added, cleared, added], [cleared, added]].map((events) => {
    const { events: [answer] } = decide(decider, events, 'Tell', json({ id: '1' }));
    return text(answer.payload);
  });
  // `null` is as good as left out.
  assert.deepEqual(answers, ['{"id":"1"}', '{"id":"0"}', '{"id":"1"}', '{"id":"1"}']);
});
