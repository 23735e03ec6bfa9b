/**
 * How late the peers of the last member open, against what that must contain. After the last member's commit the
 * slower of two peers needs: a notice and the transactions of two gates in one peer, then a notice and one more
 * transaction in the other. Twice: against the round trips that the roll's own notices took, on processes as young as
 * they are in a roll, and against the same round trips and transactions between warm, idle processes.
 */
import Fastify from 'fastify';
import { type Rolled, roll } from '../harness/cli/roll-plan.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import type { DatabaseName } from '../harness/input/scenario.ts';
import type { Versions } from '../harness/input/versions.ts';
import { compile } from '../harness/plan/compile.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import { ask } from '../node/peers/client.ts';
import { median, type Ratio, timeMs } from './figures.ts';
import { withRunsFolder } from './start.ts';

const RUNS = 9;
const UNIT_RUNS = 100;
const NOTICES = 2;
const TRANSACTIONS = 3;

export interface Unblock {
  readonly ratios: readonly Ratio[];
  /** Resident memory of each member at the end of a roll, in bytes. */
  readonly memoryBytes: readonly number[];
}

/** @param transactionMs what a gate's transaction takes on that database */
export async function unblockRatios(
  versions: Versions,
  database: DatabaseName,
  transactionMs: number,
): Promise<Unblock> {
  const rolls = await withRunsFolder(async (runs) => {
    const pinned = new Map([...versions].map(([name, source]) => [name, source.build.version]));
    const [plan] = compile({
      scenario: { from: 'v1', to: 'v2', database },
      daemon: ourSource,
      versions: pinned,
      records: [],
      freshSeed: 1,
    });
    const rolled: Rolled[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const signal = new AbortController().signal;
      rolled.push(await roll(plan!, { runtime: processRuntime(), runs, signal }));
    }
    return rolled;
  });
  const latencies = rolls.map(({ verdict }) =>
    Math.max(...verdict.members.slice(0, -1).map((member) => member.unblockLatencyMs ?? 0)),
  );
  const contained = rolls.map((rolled) => NOTICES * ownRoundTripMs(rolled) + TRANSACTIONS * transactionMs);
  const what = `peers of the last member on ${database}: unblock latency, the slower of two`;
  const measuredMs = median(latencies);
  const parts = `${NOTICES} notices + ${TRANSACTIONS} transactions`;
  return {
    ratios: [
      { what, measuredMs, against: `${parts}, as in the roll`, againstMs: median(contained), aim: 3, runs: RUNS },
      {
        what,
        measuredMs,
        against: `${parts}, warm and idle`,
        againstMs: NOTICES * (await roundTrip()) + TRANSACTIONS * transactionMs,
        aim: Number.NaN,
        runs: RUNS,
      },
    ],
    memoryBytes: rolls.at(-1)!.verdict.members.map((member) => member.memoryBytes ?? 0),
  };
}

/** The median round trip of the notices of a roll. */
function ownRoundTripMs({ plan, trace }: Rolled): number {
  const trips = plan.members.flatMap((member) =>
    eventsOf(trace, member).flatMap((event) => (event.event === 'notified' ? [(event.atNs - event.sentNs) / 1e6] : [])),
  );
  return median(trips);
}

async function roundTrip(): Promise<number> {
  const server = Fastify();
  server.patch('/internal/database', async () => ({ disposition: 'dropped' }));
  await server.listen({ host: '127.0.0.1', port: 0 });
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('a server on loopback has a port');
  const trips: number[] = [];
  for (let run = 0; run < UNIT_RUNS; run += 1) {
    const request = { method: 'PATCH', path: '/internal/database?upgrade=schema', timeoutMs: 1000 } as const;
    trips.push(await timeMs(() => ask({ host: '127.0.0.1', port: address.port }, request)));
  }
  await server.close();
  return median(trips);
}
