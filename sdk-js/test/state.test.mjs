import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, t } from '../annals.js';
import { command, context, decide, event, json, text } from './support.mjs';

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

test('`decide` folds its events as `evolve` does, and the session keeps them', () => {
  const session = new decider.Session(0);
  const seen = (events) => text(session.decide(events, command('Tell', json({ id: '1' })), context).events[0].payload);
  session.evolve([added]);
  assert.equal(seen([added, added]), '{"id":"3"}');
  assert.equal(seen([]), '{"id":"3"}');
  assert.equal(seen([added]), '{"id":"4"}');
});

test('an event that cannot be folded is a failure of `decide`, and the session is of no use from then on', () => {
  const session = new decider.Session(0);
  const failed = { tag: 'failed', val: { message: /the decider d cannot fold Added \(schema 1\) at version 1: missing field `id`/ } };
  for (const events of [[event('Added', {})], []]) {
    assert.throws(
      () => session.decide(events, command('Tell', json({ id: '1' })), context),
      ({ tag, val }) => tag === failed.tag && failed.val.message.test(val.message),
    );
  }
});

test('a decision knows the extensions that came with its command', () => {
  let given;
  const curious = defineDecider({
    name: 'd',
    category: 'c',
    commands: { Tell: {} },
    events: {},
    initial: () => 0,
    streamId: () => '1',
    evolve: () => 0,
    decide: (_, __, context) => {
      given = context.extensions;
    },
  });
  decide(curious, [], 'Tell', json({}), { ...context, extensions: [['tenant', 'a']] });
  assert.deepEqual(given, [['tenant', 'a']]);
});
