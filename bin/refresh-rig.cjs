#!/usr/bin/env node
// What npm links as the command refresh-rig. Nothing here is newer than Node 14: an old Node must be able to read it, and say
// that it is too old.
const { existsSync } = require('node:fs');
const { homedir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `error: refresh-rig needs Node ${NEEDED} or newer, and this is ${process.version}: ` +
      `npx -p node@${NEEDED} -p refresh-rig refresh-rig runs it with one that npm fetches\n`,
  );
  process.exitCode = 3;
} else {
  // Compiling is most of a start. It is kept where users keep such things, and not among temporary files, for which there may be
  // little room; no process that this one starts is concerned.
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'refresh-rig', 'compiled');
  require('node:module').enableCompileCache(NODE_COMPILE_CACHE || cache);
  // The sources, where this is a checkout: what is compiled there may be older.
  const [sources, compiled] = ['../harness/cli/main.ts', '../dist/main.js'].map((file) => join(__dirname, file));
  import(pathToFileURL(existsSync(sources) ? sources : compiled).href);
}
