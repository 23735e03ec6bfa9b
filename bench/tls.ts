/**
 * What trust costs whoever waits: how late the peers of the last member open over mutual TLS, against the same rolls over plain HTTP,
 * turn about in one run.
 */

import type { DatabaseName } from '../harness/input/scenario.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { planOf } from '../test/support/versions.ts';
import { median, type Ratio } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
import { withRunsFolder } from './start.ts';

interface Measured {
  readonly database: DatabaseName;
  readonly members: number;
  readonly runs: number;
}

const MEASURED: readonly Measured[] = [
  { database: 'sqlite', members: 3, runs: 9 },
  { database: 'sqlite', members: 50, runs: 3 },
  { database: 'dqlite', members: 3, runs: 9 },
];
const AIM = 1.3;

/** @param hasDqlite whether libdqlite is installed */
export async function tlsRatios(hasDqlite: boolean): Promise<Ratio[]> {
  const ratios: Ratio[] = [];
  for (const measured of MEASURED)
    if (hasDqlite || measured.database !== 'dqlite') ratios.push(await ratioOf(measured));
  return ratios;
}

async function ratioOf({ database, members, runs }: Measured): Promise<Ratio> {
  const plan = planOf({ from: 'v1', to: 'v2', members, database });
  const plain = planOf({ from: 'v1', to: 'v2', members, database, insecure: true });
  const [secureMs, plainMs]: [number[], number[]] = [[], []];
  await withRunsFolder(async (folder) => {
    for (let run = 0; run < runs; run += 1)
      for (const [rolled, latencies] of [
        [plain, plainMs],
        [plan, secureMs],
      ] as const) {
        const options = { runtime: processRuntime(), runs: folder, signal: new AbortController().signal };
        const { verdict } = await rollThatHolds(rolled, options);
        latencies.push(Math.max(...verdict.members.slice(0, -1).map(({ unblockLatencyMs }) => unblockLatencyMs ?? 0)));
      }
  });
  return {
    what: `peers of the last of ${members} members on ${database}: unblock latency over TLS, the slowest`,
    measuredMs: median(secureMs),
    against: 'the same over plain HTTP',
    againstMs: median(plainMs),
    aim: AIM,
    runs,
  };
}
