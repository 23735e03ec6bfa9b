/**
 * What starts the bundled daemon: a small file that runs the large ones beside it with the code that V8 has compiled of them before.
 * Node's own compile cache holds what is compiled while a file is read; what a member first calls later, such as the sending of a
 * notice, it would compile in the middle of its refresh.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** The folder that holds compiled code, in files named as what they were compiled of. */
const COMPILED = process.env.MEMBER_COMPILED;
/** The folder to write it to, as this process ends. */
const TO_WRITE = process.env.MEMBER_COMPILED_TO;

interface Loaded {
  exports: unknown;
}
type Require = (name: string) => unknown;
type Wrapped = (require: Require, module: Loaded, exports: unknown, filename: string, dirname: string) => void;

const folder = import.meta.dirname;
const requireFrom = createRequire(join(folder, 'daemon.cjs'));
const scripts = new Map<string, Script>();
const loaded = new Map<string, Loaded>();

if (TO_WRITE !== undefined)
  process.once('exit', () => {
    for (const [name, script] of scripts) writeFileSync(join(TO_WRITE, name), script.createCachedData());
  });
load('daemon.cjs');

/** Once; what comes after that is what came then. */
function load(name: string): unknown {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const filename = join(folder, name);
  const code = `(function (require, module, exports, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`;
  const cachedData = compiledBefore(name);
  const script = new Script(code, { filename, ...(cachedData === null ? {} : { cachedData }) });
  scripts.set(name, script);
  const module: Loaded = { exports: {} };
  loaded.set(name, module);
  const require: Require = (asked) => (asked.startsWith('./') ? load(asked.slice(2)) : requireFrom(asked));
  (script.runInThisContext() as Wrapped)(require, module, module.exports, filename, folder);
  return module.exports;
}

/** Null where there is none: it is a matter of speed alone. What another V8 has compiled, V8 itself turns down. */
function compiledBefore(name: string): Buffer | null {
  try {
    return COMPILED === undefined ? null : readFileSync(join(COMPILED, name));
  } catch {
    return null;
  }
}
