/**
 * The member daemon: what runs inside a container. Events go to stdout as JSON lines, sentences for people to stderr. With
 * `control` as the first argument it asks a member that runs: see node/control.
 *
 * Exit codes: 0 told to stop, 1 turned away at a gate or failed, 2 bad configuration.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress } from './address.ts';
import { type Build, readBuild } from './build.ts';
import { processStartNs } from './clock.ts';
import { type Config, readConfig, usage } from './config.ts';
import { control } from './control/main.ts';
import type { Database } from './database/database.ts';
import { UpdateError } from './database/schema.ts';
import { type ExitReason, type Tell, teller } from './events.ts';
import { lateWriter } from './late-writer.ts';
import { Member } from './member.ts';
import { identityPlaces } from './state.ts';
import { openTrust } from './trust/open.ts';
import type { Trust } from './trust/trust.ts';
import type { Ending } from './upgrader.ts';
import { describeExit } from './words.ts';

const BAD_CONFIGURATION = 2;

/** Beside the bundle; when run from the sources the library is found in node_modules. */
const NATIVE_SQLITE = join(import.meta.dirname, 'better_sqlite3.node');

main(process.argv.slice(2));

// Not awaited at the top level: the bundle is CommonJS, which starts faster because it loads built-in modules on demand.
function main(args: readonly string[]): void {
  if (args.includes('--help')) {
    process.stdout.write(usage());
    return;
  }
  if (args[0] === 'control') {
    void control(args.slice(1), process.env).then((code) => {
      process.exitCode = code;
    });
    return;
  }
  const config = orExit(() => readConfig(args, process.env));
  const build = orExit(() => readBuild(config.versionFile));
  void serve(config, build);
}

/** Run the member until it is told to stop, or has to. */
async function serve(config: Config, build: Build): Promise<void> {
  const tell = teller(config.name, lateWriter(process.stdout));
  tell('started', { pid: process.pid, action: config.action, version: build.version }, processStartNs());
  const told = untilTold(config);
  let member = null as Member | null;
  try {
    const running = async (): Promise<Ending> => {
      const trust = await openTrust(config, identityPlaces(build));
      if (trust === null) logLine('plain HTTP (--insecure): whoever reaches this member is taken at its word');
      member = new Member(config, build, await openDatabase(config, trust, tell), trust, tell, logLine);
      return member.run();
    };
    const ended = await Promise.race([told, running()]);
    const ending = typeof ended === 'object' && ended.is === 'open' ? await told : ended;
    exit(tell, ...reasonOf(ending, build), typeof ending === 'string' ? 0 : 1);
  } catch (error) {
    exit(tell, error instanceof UpdateError ? 'update-failed' : 'failed', (error as Error).message, 1);
  } finally {
    // Whatever is still under way (a park, a transaction that waits) must not hold up a member that was told to stop.
    await member?.close();
    process.exit();
  }
}

/** The engines are loaded when needed: a member has one of them, and either takes its time. */
async function openDatabase(config: Config, trust: Trust | null, tell: Tell): Promise<Database> {
  const { database, action, listen, stateFolder } = config;
  if (database.engine === 'sqlite') {
    const { openSqlite } = await import('./database/sqlite.ts');
    const native = existsSync(NATIVE_SQLITE) ? { nativeBinding: NATIVE_SQLITE } : {};
    return openSqlite({ file: database.file, create: action === 'bootstrap', ...native, onTrouble: logTrouble });
  }
  const [{ DqliteDatabase }, { loadLibrary }] = await Promise.all([
    import('./database/dqlite/dqlite.ts'),
    import('./database/dqlite/library.ts'),
  ]);
  return new DqliteDatabase({
    library: await loadLibrary(),
    address: formatAddress(listen),
    stateFolder,
    networkLatencyMs: database.networkLatencyMs,
    connect: trust === null ? null : (to, givenUp) => trust.dial(to, givenUp),
    onLeader: (leader) => tell('leader', { leader }),
    onTrouble: logTrouble,
  });
}

function logTrouble(trouble: string | null): void {
  logLine(trouble ?? 'the database is to be had again');
}

/** Resolves when a signal, or the end of a tether, tells the member to stop. */
function untilTold(config: Config): Promise<'signal' | 'tether'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('signal'));
    if (config.tether) process.stdin.once('end', () => resolve('tether')).resume();
  });
}

function reasonOf(ending: 'signal' | 'tether' | Ending, build: Build): [ExitReason, string] {
  if (ending === 'signal') return ['signal', 'told to stop by a signal'];
  if (ending === 'tether') return ['tether', 'the process that started this one is gone'];
  if (ending.is === 'open' || ending.outcome.is === 'pass' || ending.outcome.is === 'blocked') {
    throw new Error('an open or a waiting member has no reason to exit');
  }
  return [ending.outcome.is, describeExit(ending.outcome, ending.gate, build.version)];
}

function exit(tell: Tell, reason: ExitReason, message: string, code: number): void {
  tell('exiting', { reason, message });
  logLine(`exiting: ${message}`);
  process.exitCode = code;
}

/** As of the first line: to have the stream is part of a start for who has nothing to say there. */
let writeLog: ReturnType<typeof lateWriter> | null = null;

function logLine(line: string): void {
  writeLog ??= lateWriter(process.stderr);
  writeLog(`${new Date().toISOString()} ${line}`);
}

function orExit<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(BAD_CONFIGURATION);
  }
}
