/**
 * Fills the compile cache of a fresh bundle: a member is bootstrapped and refreshed once, so that all code which a
 * refresh runs is in the cache before anything is measured.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Build } from '../../node/build.ts';
import { freePort } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import { cacheEnv } from './compile-cache.ts';

/** A version with the least that a member needs. */
const BUILD: Build = {
  version: { name: 'warm-up', internal: 1, external: 1, extensions: [] },
  updates: [
    {
      kind: 'internal',
      version: 1,
      sql: `CREATE TABLE internal_cluster_members (id INTEGER PRIMARY KEY, name TEXT, address TEXT,
              schema_internal INTEGER, schema_external INTEGER, heartbeat TEXT, role TEXT)`,
    },
    { kind: 'external', version: 1, sql: 'CREATE TABLE records (id INTEGER PRIMARY KEY, key TEXT UNIQUE, value TEXT)' },
  ],
};

const LIMIT_MS = 30_000;

/** @throws EnvironmentError where the member does not come up: the bundle does not work here */
export async function warmUp(bundleFolder: string): Promise<void> {
  // Within the bundle's folder while it is being made, so that it goes with it whatever happens.
  const folder = join(bundleFolder, 'warm-up');
  mkdirSync(folder);
  const versionFile = join(folder, 'version.json');
  writeFileSync(versionFile, JSON.stringify(BUILD));
  mkdirSync(join(folder, 'shared'));
  const args = [
    '--name',
    'warm-up',
    '--listen',
    `127.0.0.1:${await freePort(new Set())}`,
    '--state',
    join(folder, 'state'),
  ];
  args.push('--database', `sqlite:${join(folder, 'shared', 'cluster.db')}`, '--version-file', versionFile);
  try {
    // The first process to end writes the cache, so the one that runs more of the code must.
    await runUntilOpen(bundleFolder, [...args, '--bootstrap'], { NODE_DISABLE_COMPILE_CACHE: '1' });
    await runUntilOpen(bundleFolder, args, cacheEnv(bundleFolder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runUntilOpen(bundleFolder: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const child = execa(process.execPath, [join(bundleFolder, 'member.cjs'), ...args], {
    env,
    reject: false,
    buffer: false,
    timeout: LIMIT_MS,
    stderr: 'pipe',
  });
  const said: string[] = [];
  let opened = false;
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (!line.includes('"event":"open"')) continue;
    opened = true;
    child.kill('SIGTERM');
  }
  const result = await child;
  if (opened) return;
  throw new EnvironmentError(
    `the bundled daemon does not start here (${result.shortMessage ?? 'it ended'}):\n${said.join('\n')}`,
  );
}
