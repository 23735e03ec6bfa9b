/** How near to another's timer a member opened whose start was aimed at that. */
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { type Check, type Evidence, holds, notApplicable } from './evidence.ts';
import { refreshedIncarnations, sinceNs } from './incarnations.ts';

export interface Aimed {
  readonly member: string;
  /** Whose timer it was. */
  readonly at: string;
  /** From when that was due to the opening, at the least and at the most; negative where it opened before. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** From its start to its opening, in between the least and the most. */
  readonly tookMs: number;
}

/** Null where nobody was aimed, or there was nobody to aim at, or it did not open. */
export function aimedOf(plan: Plan, trace: Trace): Aimed | null {
  const aimed = rigEvents(trace, 'aimed').at(-1);
  if (aimed === undefined || aimed.at === null || aimed.dueNs === null) return null;
  const { member, at, dueNs } = aimed;
  const open = refreshedIncarnations(plan, trace, member).find(({ started }) => started.atNs >= aimed.atNs)?.open;
  if (open === undefined || open === null) return null;
  const [leastNs, mostNs] = [sinceNs(open), open.atNs];
  return {
    ...{ member, at, leastMs: (leastNs - dueNs) / 1e6, mostMs: (mostNs - dueNs) / 1e6 },
    tookMs: ((leastNs + mostNs) / 2 - aimed.atNs) / 1e6,
  };
}

export function openedAsAimed({ plan, trace }: Evidence): Check {
  const name = 'aimed';
  if (rigEvents(trace, 'aimed').length === 0) return notApplicable(name, 'the plan aims at no timer');
  const aimed = aimedOf(plan, trace);
  if (aimed === null)
    return notApplicable(name, 'nobody waited whose timer could be aimed at, or the aimed member did not open');
  const { member, at, mostMs } = aimed;
  const side = mostMs < 0 ? 'before' : 'after';
  return holds(name, `${member} opened ${formatDuration(Math.abs(mostMs))} ${side} the timer of ${at} was due`);
}
