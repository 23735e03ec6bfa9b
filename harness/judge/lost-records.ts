/**
 * Records that were lost: a member of one gate records what it runs as it looks at that, and waits. One that waits while its row says
 * something else has lost that transaction, and does not know it: no notice can come from anybody whom it keeps waiting, so that
 * only a timer has it look, and record, again.
 */

import type { Plan } from '../plan/plan.ts';
import { placeBefore } from '../trace/instants.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { refreshedIncarnations, sinceNs } from './incarnations.ts';

export interface LostRecord {
  readonly member: string;
  /** For how long it was waited for in vain, by whoever had been started by then, until a timer had it record again. */
  readonly forMs: number;
}

export function lostRecords(plan: Plan, trace: Trace): LostRecord[] {
  // At several gates, what is recorded at a later one is missing at an earlier one, as it should be.
  if ((plan.daemon.model?.compares ?? null) === null) return [];
  const launches = rigEvents(trace, 'launching');
  return plan.members.flatMap((member) =>
    refreshedIncarnations(plan, trace, member).flatMap(({ parks, records }) =>
      parks.flatMap(({ fromNs, toNs, wokenSinceNs, by }): LostRecord[] => {
        if (by !== 'timer' || toNs === null) return [];
        // Seen not to be there after it had begun to wait, and to be there once it had been woken, which may be seen after it.
        const wokenNs = wokenSinceNs ?? toNs;
        const isLost = records.some(
          (event) => event.row.member === member && sinceNs(event) > fromNs + SEEN_LATE_NS && event.atNs >= wokenNs,
        );
        const lastNs = launches[placeBefore(launches, toNs)]?.atNs ?? fromNs;
        return isLost ? [{ member, forMs: (toNs - Math.max(fromNs, lastNs)) / 1e6 }] : [];
      }),
    ),
  );
}

/** A row may be read a little after a line that tells of the park. */
const SEEN_LATE_NS = 1e9;
