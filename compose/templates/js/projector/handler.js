// @ts-check
import { defineProjector, t } from '../annals-js/annals.js';

// Keeps the view `{{name}}`: a row for each id, with its title.
export const projectors = defineProjector({
  name: '{{name}}',
  view: '{{name}}',
  events: {
    {{Event}}: { id: t.string, title: t.string },
  },
  row: { id: t.string, title: t.string, since: t.integer },

  touches: (event) => [event.data.id],

  // `undefined` is no row: there was none yet, there is none from now on.
  fold: (_, id, event, about) => ({ id, title: event.data.title, since: about.recordedAt }),
});
