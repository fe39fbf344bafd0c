// @ts-check
import { defineProjector, t } from '../annals-js/annals.js';

// Keeps the view `{{name}}`: a row for each subject, with how many events there were.
export const projectors = defineProjector({
  name: '{{name}}',
  view: '{{name}}',
  // The events that it folds, by their types. Name the fields that you need, such as `title: t.string`.
  events: {
    {{Event}}: {},
  },
  row: { events: t.integer, last: t.integer },

  // Which rows an event changes, by their keys: here the one of its subject, `1` for the stream `account-1`.
  keys: (_, metadata) => [metadata.subject],

  // `undefined` is no row: there was none yet, there is none from now on.
  fold: (row, _key, _event, metadata) => ({ events: (row?.events ?? 0) + 1, last: metadata.recordedAt }),
});
