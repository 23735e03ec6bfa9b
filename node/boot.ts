/**
 * What starts the bundled daemon: a small file that runs the large one beside it with the code that V8 has compiled of it before.
 * Node's own compile cache holds what is compiled while a file is read; what a member first calls later, such as the sending of a
 * notice, it would compile in the middle of its refresh.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { constants, Script } from 'node:vm';

/** The file that holds compiled code. */
const COMPILED = process.env.MEMBER_COMPILED;
/** The file to write it to, as this process ends. */
const TO_WRITE = process.env.MEMBER_COMPILED_TO;

type Wrapped = (require: NodeJS.Require, filename: string, dirname: string) => void;

const file = join(import.meta.dirname, 'daemon.cjs');
const code = `(function (require, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
const compiled = compiledBefore();
const script = new Script(code, {
  filename: file,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  ...(compiled === null ? {} : { cachedData: compiled }),
});
if (TO_WRITE !== undefined) process.once('exit', () => writeFileSync(TO_WRITE, script.createCachedData()));
(script.runInThisContext() as Wrapped)(createRequire(file), file, import.meta.dirname);

/** Null where there is none: it is a matter of speed alone. What another V8 has compiled, V8 itself turns down. */
function compiledBefore(): Buffer | null {
  try {
    return COMPILED === undefined ? null : readFileSync(COMPILED);
  } catch {
    return null;
  }
}
