/** How late the peers of the last of fifty members open, against as many notices sent by nothing but node:http. */

import { processRuntime } from '../harness/runtime/process.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import { planOf } from '../test/support/versions.ts';
import { BareProcesses } from './bare-notices.ts';
import { median, type Ratio } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
import { withRunsFolder } from './start.ts';

const MEMBERS = 50;
const RUNS = 3;

export async function crowdRatio(): Promise<Ratio> {
  const plan = planOf({ from: 'v1', to: 'v2', members: MEMBERS });
  const { trace, verdict } = await withRunsFolder((runs) =>
    rollThatHolds(plan, { runtime: processRuntime(), runs, signal: new AbortController().signal }),
  );
  const latencies = verdict.members.slice(0, -1).map((member) => member.unblockLatencyMs ?? 0);
  const notices = plan.members.flatMap((member) => eventsOf(trace, member)).filter(({ event }) => event === 'notified');
  const bare = await BareProcesses.of(MEMBERS);
  const bareMs: number[] = [];
  try {
    // The first opens the connections, as the members have done while they waited.
    for (let run = 0; run <= RUNS; run += 1) bareMs.push(await bare.sendAll(Math.round(notices.length / MEMBERS)));
  } finally {
    await bare.close();
  }
  return {
    what: `peers of the last of ${MEMBERS} members on sqlite: unblock latency, the slowest`,
    measuredMs: Math.max(...latencies),
    against: `its ${notices.length} notices by bare node:http`,
    againstMs: median(bareMs.slice(1)),
    aim: 2,
    runs: 1,
  };
}
