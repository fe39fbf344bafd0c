// @ts-check
import { defineDecider, reject, t } from '../annals-js/annals.js';

// The types of events and commands, with their fields.
const events = {
  {{Name}}Created: { id: t.string, title: t.string },
  {{Name}}Renamed: { id: t.string, title: t.string },
};
const commands = {
  Create{{Name}}: { id: t.string, title: t.string },
  Rename{{Name}}: { id: t.string, title: t.string },
};

/** @type {string | null} The state of a stream: its title, or null before it is created. */
const untitled = null;

export const deciders = defineDecider({
  name: '{{name}}',
  category: '{{snake}}',
  commands,
  events,

  streamId: (command) => command.data.id,

  initial: () => untitled,

  evolve: (_, event) => event.data.title,

  decide(title, { type, data }) {
    switch (type) {
      case 'Create{{Name}}':
        if (title !== null) return reject('{{name}}-exists', `${data.id} exists`, { id: data.id });
        if (data.title.trim() === '') return reject('title-empty');
        return { type: '{{Name}}Created', data };
      case 'Rename{{Name}}':
        if (title === null) return reject('{{name}}-not-created');
        if (data.title.trim() === '') return reject('title-empty');
        if (data.title === title) return [];
        return { type: '{{Name}}Renamed', data };
    }
  },
});
