// Makes a component of a handler: node annals-js/build.mjs <handler> <world>
//
// <handler> is a folder with `handler.js` and `wit/`, as seen from the folder that this is run in, the application's; the component
// becomes <handler>/build/handler.wasm. <world> is what `handler.js` exports: decider or projector.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const [handler, world] = process.argv.slice(2);
if (handler === undefined || !['decider', 'projector'].includes(world)) {
  console.error('usage: node annals-js/build.mjs <handler> decider|projector');
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const root = process.cwd();
const source = join(root, handler, 'handler.js');
if (!existsSync(source)) {
  console.error(`${source} is not there`);
  process.exit(2);
}
mkdirSync(join(root, handler, 'build'), { recursive: true });
// componentize-js does not follow links.
const wit = realpathSync(join(root, handler, 'wit'));

/** The deepest folder that both folders are in: the application's, unless it uses an SDK from elsewhere. */
function common(folder, other) {
  const inside = (path) => !relative(path, other).startsWith('..');
  return inside(folder) || folder === dirname(folder) ? folder : common(dirname(folder), other);
}

// All but stdio: a pure handler has no clock, no randomness and no network. annals.js says so to whoever tries.
const absent = ['random', 'clocks', 'http', 'fetch-event'];
const built = spawnSync(
  'componentize-js',
  [source, '--wit', wit, '--world-name', world, '--out', join(root, handler, 'build', 'handler.wasm')]
    .concat(absent.flatMap((feature) => ['--disable', feature])),
  {
    // componentize-js reads imports from below the folder that it runs in.
    cwd: common(root, here),
    env: { ...process.env, PATH: [...[root, here].map((folder) => join(folder, 'node_modules', '.bin')), process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  },
);
if (built.error?.code === 'ENOENT') {
  console.error('componentize-js is not there: run `npm install` in this folder');
}
process.exit(built.status ?? 1);
