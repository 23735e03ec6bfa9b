/**
 * How long a gate's transaction takes on each engine, and what a bare write takes on three servers of dqlite: libdqlite
 * alone, and a client that does nothing but send an insert and wait for the answer.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findDqlite } from '../harness/host/libraries.ts';
import { freePort } from '../harness/host/ports.ts';
import type { Versions } from '../harness/input/versions.ts';
import type { Database } from '../node/database/database.ts';
import { Connection } from '../node/database/dqlite/connection.ts';
import { loadLibrary } from '../node/database/dqlite/library.ts';
import { passGate } from '../node/database/gate-transaction.ts';
import { insertMember } from '../node/database/members.ts';
import { applyUpdates } from '../node/database/schema.ts';
import { openSqlite } from '../node/database/sqlite.ts';
import { rules } from '../test/support/rules.ts';
import { startBare, startRelayed } from './dqlite-peer.ts';
import { median, percentile, type Ratio, timeMs } from './figures.ts';

/** Enough for a 99th percentile. */
const RUNS = 400;
/** What is thrown away: the code is being compiled. */
const WARM_UP = 50;
const VOTER = 0n;

/** Milliseconds of each run. */
export interface Transactions {
  readonly sqlite: readonly number[];
  /** Null where libdqlite is not installed. */
  readonly dqlite: { readonly gates: readonly number[]; readonly bareWrites: readonly number[] } | null;
}

export async function measureTransactions(versions: Versions): Promise<Transactions> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  try {
    const sqlite = await openSqlite({ file: join(folder, 'cluster.db'), create: true });
    const onSqlite = await timeGates(sqlite, versions);
    await sqlite.close();
    if ((await findDqlite()) === null) return { sqlite: onSqlite, dqlite: null };
    const gates = await onThree('relayed', folder, async (library, [own = '', ...others]) => {
      const { database, stop } = await startRelayed(library, 1, own, join(folder, 'relayed'), null);
      const peers = await startPeers('relayed', folder, others, own);
      const taken = await timeGates(database, versions);
      await peers.stop();
      await stop();
      return taken;
    });
    const bareWrites = await onThree('bare', folder, timeBareWrites);
    return { sqlite: onSqlite, dqlite: { gates, bareWrites } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function transactionRatios({ sqlite, dqlite }: Transactions): Ratio[] {
  if (dqlite === null) return [];
  const { gates, bareWrites } = dqlite;
  const ofGate = (share: string, of: (taken: readonly number[]) => number, aim: number): Ratio[] => [
    {
      what: `a gate's transaction on dqlite, three members, ${share}`,
      measuredMs: of(gates),
      against: `a bare write on three servers of libdqlite, ${share}`,
      againstMs: of(bareWrites),
      aim,
      runs: RUNS,
    },
    {
      what: `a gate's transaction on dqlite, three members, ${share}`,
      measuredMs: of(gates),
      against: `the same on sqlite, ${share}`,
      againstMs: of(sqlite),
      aim: Number.NaN,
      runs: RUNS,
    },
  ];
  return [...ofGate('p50', median, 4), ...ofGate('p99', (taken) => percentile(taken, 99), Number.NaN)];
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

async function onThree<Result>(
  mode: string,
  folder: string,
  work: (library: Library, addresses: readonly string[], folder: string) => Promise<Result>,
): Promise<Result> {
  const taken = new Set<number>();
  const addresses: string[] = [];
  for (let id = 1; id <= 3; id += 1) {
    addresses.push(`127.0.0.1:${await freePort(taken)}`);
    mkdirSync(join(folder, `${mode}-${id}`));
  }
  return work(await loadLibrary(), addresses, folder);
}

async function timeBareWrites(library: Library, [own = '', ...others]: readonly string[], folder: string) {
  const stop = await startBare(library, 1, own, join(folder, 'bare-1'));
  const peers = await startPeers('bare', folder, others, own);
  const [host = '', port = ''] = own.split(':');
  const client = await Connection.open(connect(Number(port), host).setNoDelay(true));
  for (const [index, address] of others.entries()) {
    await client.add(index + 2, address);
    await client.assign(index + 2, VOTER);
  }
  await client.openDatabase('bench');
  await client.execSql('CREATE TABLE bench (n INTEGER)', []);
  const taken = await timed(() => client.execSql('INSERT INTO bench VALUES (1)', []));
  client.close();
  await peers.stop();
  await stop();
  return taken;
}

async function startPeers(mode: string, folder: string, addresses: readonly string[], leader: string) {
  const script = join(import.meta.dirname, 'dqlite-peer.ts');
  const children = addresses.map((address, index) => {
    const id = index + 2;
    return execa(process.execPath, [script, mode, String(id), address, join(folder, `${mode}-${id}`), leader], {
      stdin: 'pipe',
      buffer: false,
      stderr: 'inherit',
    });
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  return {
    stop: async (): Promise<void> => {
      for (const child of children) child.stdin.end();
      await Promise.all(children);
    },
  };
}

async function timeGates(database: Database, versions: Versions): Promise<number[]> {
  const { build } = versions.get('v2')!;
  await database.write(async (open) => {
    await applyUpdates(open, build, { internal: 0, external: 0 });
    for (const [index, member] of ['node01', 'node02', 'node03'].entries()) {
      await insertMember(open, { ...build.version, member }, `127.0.0.1:${index + 1}`, 'member', build.version);
    }
  });
  return timed(() => passGate(database, rules('split'), 'api', 'node01', build, async () => undefined));
}

async function timed(work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run += 1) taken.push(await timeMs(work));
  return taken.slice(WARM_UP);
}
