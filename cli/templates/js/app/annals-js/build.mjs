// Makes a component of a handler: node annals-js/build.mjs <handler> <world>
//
// <handler> is a folder beside this one with `handler.js` and `wit/`; the component becomes
// <handler>/build/handler.wasm. <world> is what `handler.js` exports: decider or projector.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [handler, world] = process.argv.slice(2);
if (handler === undefined || !['decider', 'projector'].includes(world)) {
  console.error('usage: node annals-js/build.mjs <handler> decider|projector');
  process.exit(2);
}
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, handler, 'handler.js');
if (!existsSync(source)) {
  console.error(`${source} is not there`);
  process.exit(2);
}
mkdirSync(join(root, handler, 'build'), { recursive: true });
// componentize-js does not follow links.
const wit = realpathSync(join(root, handler, 'wit'));

// All but stdio: a pure handler has no clock, no randomness and no network. annals.js says so to whoever tries.
const absent = ['random', 'clocks', 'http', 'fetch-event'];
const built = spawnSync(
  'componentize-js',
  [source, '--wit', wit, '--world-name', world, '--out', join(root, handler, 'build', 'handler.wasm')]
    .concat(absent.flatMap((feature) => ['--disable', feature])),
  {
    // What the source may import lies below the folder that this runs in.
    cwd: root,
    env: { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  },
);
if (built.error?.code === 'ENOENT') {
  console.error('componentize-js is not there: run `npm install` in this folder');
}
process.exit(built.status ?? 1);
