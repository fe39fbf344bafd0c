// @ts-check
import { defineProjector, t } from '../annals-js/annals.js';

// Maintains the view `{{name}}`: a row for each subject, with its number of events.
export const projectors = defineProjector({
  name: '{{name}}',
  view: '{{name}}',
  // The types of the events that it folds. Declare the fields that you need, such as `title: t.string`.
  events: {
    {{Event}}: {},
  },
  row: { events: t.integer, last: t.integer },

  // The keys of the rows that an event changes: here the event's subject, `1` for the stream `account-1`.
  keys: (_, metadata) => [metadata.subject],

  // Returns the new row. `undefined` stands for a row that does not exist; returning it deletes the row.
  fold: (row, _key, _event, metadata) => ({ events: (row?.events ?? 0) + 1, last: metadata.recordedAt }),
});
