import { defineDecider, t } from '../annals-js/annals.js';

/** What each command tries. */
const attempts = {
  JsNothing: () => undefined,
  JsDateNow: () => Date.now(),
  JsNewDate: () => new Date(),
  JsDate: () => Date(),
  JsConstructor: () => new (new Date(0).constructor)(),
  JsPerformance: () => performance.now(),
  JsMathRandom: () => Math.random(),
  JsCrypto: () => crypto.randomUUID(),
  JsFetch: () => fetch('http://127.0.0.1:1/'),
  JsTimeout: () => setTimeout(() => {}, 1),
  JsEnvironment: () => process.env.HOME,
  JsFile: () => require('node:fs'),
  JsEndless: () => {
    for (;;);
  },
};

const id = { id: t.string };
/** A tag may have another name than its field. */
const tried = { id: t.tag(t.string, 'attempt'), tenant: t.tag(t.optional(t.string)) };

export const deciders = defineDecider({
  name: 'tries-js',
  category: 'js',
  commands: Object.fromEntries(Object.keys(attempts).map((name) => [name, id])),
  events: { JsTried: tried },
  streamId: (command) => command.data.id,
  initial: () => 0,
  evolve: (tried) => tried + 1,
  decide(_, { type, data }, context) {
    attempts[type]();
    console.log('not stopped');
    const tenant = context.extensions.find(([name]) => name === 'tenant')?.[1];
    return { type: 'JsTried', data: { ...data, tenant } };
  },
});
