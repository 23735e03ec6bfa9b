/** The lives of a member: from the rig's starting it until its process is gone, with everything that was seen of it meanwhile. */
import type { MemberEvent } from '../../node/events.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEventsOf, type Trace } from '../trace/trace.ts';
import { type Incarnation, incarnationsOf } from './incarnations.ts';

export interface Life {
  readonly incarnation: Incarnation;
  readonly launchedNs: number;
  /** When it was told to stop, if it was, and when its process was gone; infinite where neither was seen. */
  readonly leavingNs: number;
  readonly goneNs: number;
  /** From `started` on, in the order of its clock. */
  readonly events: readonly MemberEvent[];
}

/** By member. */
export type Lives = ReadonlyMap<string, readonly Life[]>;

export function allLivesOf(plan: Plan, trace: Trace): Lives {
  return new Map(plan.members.map((member) => [member, livesOf(plan, trace, member)]));
}

/** In order. One that was never seen to start has none. */
function livesOf(plan: Plan, trace: Trace, member: string): Life[] {
  const launches = rigEventsOf(trace, 'launching', member);
  const events = eventsOf(trace, member);
  const incarnations = incarnationsOf(plan, trace, member);
  const starts = incarnations.map(({ started }) => events.indexOf(started));
  const within = (atNs: number, from: number, until: number): boolean => atNs >= from && atNs < until;
  return incarnations.map((incarnation, index) => {
    const launchedNs = launches[index]?.atNs ?? Number.POSITIVE_INFINITY;
    const nextNs = launches[index + 1]?.atNs ?? Number.POSITIVE_INFINITY;
    const first = (name: 'stopping' | 'gone'): number =>
      rigEventsOf(trace, name, member).find(({ atNs }) => within(atNs, launchedNs, nextNs))?.atNs ??
      Number.POSITIVE_INFINITY;
    const goneNs = first('gone');
    return {
      incarnation,
      launchedNs,
      leavingNs: Math.min(first('stopping'), goneNs),
      goneNs,
      events: events.slice(starts[index], starts[index + 1]),
    };
  });
}
