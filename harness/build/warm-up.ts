/**
 * Has the code of a fresh bundle compiled, once for each database engine: a cluster of two is formed and refreshed, so that
 * whatever a refresh runs has been compiled before anything is measured. What is kept of the daemon is what one process has run: that
 * of a member that parks, is woken, and tells its peer; and of what makes certificates, what one that joins has.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Build } from '../../node/build.ts';
import { askControl } from '../../node/control/client.ts';
import { requestOf } from '../../node/control/commands.ts';
import type { EventName } from '../../node/events.ts';
import { freePort } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { DatabaseName } from '../input/scenario.ts';
import { compiledFolder, compilingEnv, NODE_FLAGS } from './compiled.ts';

/** A version with the least that a member needs. */
const OLD: Build = {
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
/** One for which a member has to pass both gates. */
const NEW: Build = {
  version: { name: 'warmed', internal: 2, external: 1, extensions: ['warmth'] },
  updates: [
    ...OLD.updates,
    {
      kind: 'internal',
      version: 2,
      sql: "ALTER TABLE internal_cluster_members ADD COLUMN api_extensions TEXT NOT NULL DEFAULT '[]'",
    },
  ],
};

const LIMIT_MS = 30_000;
const CONTROL_LIMIT_MS = 10_000;

/** @throws EnvironmentError where the members do not come up: the bundle does not work here */
export async function warmUp(bundleFolder: string, engines: readonly DatabaseName[]): Promise<void> {
  for (const engine of engines) {
    mkdirSync(compiledFolder(bundleFolder, engine), { recursive: true });
    await warmUpOn(engine, bundleFolder);
  }
}

async function warmUpOn(database: DatabaseName, bundleFolder: string): Promise<void> {
  // Within the bundle's folder while it is being made, so that it goes with it whatever happens.
  const folder = join(bundleFolder, 'warm-up');
  mkdirSync(join(folder, 'shared'), { recursive: true });
  for (const build of [OLD, NEW]) writeFileSync(versionFile(folder, build), JSON.stringify(build));
  const taken = new Set<number>();
  const [parks, wakes] = [await freePort(taken), await freePort(taken)].map((port, index) => ({
    name: `warm-up-${index + 1}`,
    listen: `127.0.0.1:${port}`,
    state: join(folder, `state-${index + 1}`),
  })) as [Seat, Seat];
  const running: Member[] = [];
  const start = (seat: Seat, build: Build, env: Record<string, string> = {}, ...args: readonly string[]): Member => {
    const where = ['--name', seat.name, '--listen', seat.listen, '--state', seat.state];
    const kept = ['--database', database === 'sqlite' ? `sqlite:${join(folder, 'shared', 'cluster.db')}` : database];
    const rest = ['--version-file', versionFile(folder, build), '--control', '--tether', ...args];
    const member = new Member([join(bundleFolder, 'member.cjs'), ...where, ...kept, ...rest], env);
    running.push(member);
    return member;
  };
  try {
    const first = start(parks, OLD, {}, '--bootstrap');
    await first.said('open');
    const compiling = compilingEnv(bundleFolder, database);
    const token = { MEMBER_TOKEN: await tokenFor(wakes, parks) };
    // It makes a certificate, and ends before the one whose code of a refresh is kept.
    const second = start(wakes, OLD, { ...token, ...compiling }, '--join', parks.listen);
    await second.said('open');
    await first.stop();
    const parked = start(parks, NEW, compiling);
    await parked.said('parked');
    await second.stop();
    const waking = start(wakes, NEW);
    await Promise.all([parked.said('open'), waking.said('open')]);
    await parked.stop();
  } finally {
    await Promise.all(running.map((member) => member.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Seat {
  readonly name: string;
  readonly listen: string;
  readonly state: string;
}

function versionFile(folder: string, { version }: Build): string {
  return join(folder, `${version.name}.json`);
}

async function tokenFor(newcomer: Seat, through: Seat): Promise<string> {
  const request = requestOf(['token', newcomer.name])!;
  const { status, body } = await askControl(through.state, request, CONTROL_LIMIT_MS);
  if (status === 200) return String(JSON.parse(body));
  throw new EnvironmentError(`the bundled daemon does not work here: it issues no token (${status} ${body})`);
}

class Member {
  readonly #child;
  readonly #said: string[] = [];
  readonly #lines: AsyncIterator<string>;

  constructor(command: readonly string[], env: Record<string, string>) {
    const options = { env, reject: false, buffer: { stdout: false, stderr: true }, timeout: LIMIT_MS } as const;
    this.#child = execa(process.execPath, [...NODE_FLAGS, ...command], { ...options, stdin: 'pipe' });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when it has told such an event. @throws EnvironmentError where it ends before */
  async said(event: EventName): Promise<void> {
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      this.#said.push(next.value);
      if (next.value.includes(`"event":"${event}"`)) return;
    }
    const { shortMessage = 'it ended', stderr } = await this.#child;
    throw new EnvironmentError(
      `the bundled daemon does not work here (${shortMessage}):\n${this.#said.join('\n')}\n${stderr}`,
    );
  }

  /** Resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#child;
  }
}
