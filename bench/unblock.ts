/**
 * How late the peers of the last member open, against what that must contain. After the last member's commit the
 * slower of two peers needs: a notice and the transactions of two gates in one peer, then a notice and one more
 * transaction in the other. Twice: against the round trips that the roll's own notices took, on processes as young as
 * they are in a roll, and against the same transactions, and bare round trips, of warm and idle processes.
 */
import type { Rolled } from '../harness/cli/roll-plan.ts';
import type { DatabaseName } from '../harness/input/scenario.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import { planOf } from '../test/support/versions.ts';
import { BareProcesses } from './bare-notices.ts';
import { median, type Ratio } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
import { withRunsFolder } from './start.ts';

const RUNS = 9;
const UNIT_BATCHES = 5;
const UNIT_RUNS = 100;
/** Against what is warm and idle; a transaction of dqlite is dearer than all that members do around it. */
const AIMS: Readonly<Record<DatabaseName, number>> = { sqlite: 4, dqlite: 3 };
const NOTICES = 2;
const TRANSACTIONS = 3;

export interface Unblock {
  readonly ratios: readonly Ratio[];
  /** Resident memory of each member at the end of a roll, in bytes. */
  readonly memoryBytes: readonly number[];
}

/** @param transactionMs what a gate's transaction takes on that database */
export async function unblockRatios(database: DatabaseName, transactionMs: number): Promise<Unblock> {
  const rolls = await withRunsFolder(async (runs) => {
    const plan = planOf({ from: 'v1', to: 'v2', database });
    const rolled: Rolled[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const signal = new AbortController().signal;
      rolled.push(await rollThatHolds(plan, { runtime: processRuntime(), runs, signal }));
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
        againstMs: NOTICES * (await roundTripMs()) + TRANSACTIONS * transactionMs,
        aim: AIMS[database],
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

/** The median round trip of a notice between two processes that do nothing else, on a connection that is open. */
async function roundTripMs(): Promise<number> {
  const bare = await BareProcesses.of(2);
  try {
    const taken: number[] = [];
    for (let batch = 0; batch < UNIT_BATCHES; batch += 1) taken.push((await bare.sendInTurn(UNIT_RUNS)) / UNIT_RUNS);
    return median(taken);
  } finally {
    await bare.close();
  }
}
