/** When each fault of a roll was under way, and for how long a member was gone because of one. */
import type { EventName } from '../../node/events.ts';
import { once } from '../host/once.ts';
import type { Fault } from '../plan/fault.ts';
import { faultsOf, type Plan } from '../plan/plan.ts';
import { firstFrom, lastUntil } from '../trace/instants.ts';
import { eventsOf, isRigEvent, type RigEvent, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';

export interface Spell {
  readonly id: string;
  readonly fault: Fault;
  readonly fromNs: number;
  /** Infinite where it was never undone, or lies in wait. */
  readonly toNs: number;
}

/** What a fault has held up may take so long to come after it has been undone, on a machine that is busy. */
export const AFTERWARDS_NS = 1e9;

export function spellsOf(plan: Plan, trace: Trace): readonly Spell[] {
  const began = rigEvents(trace, 'fault');
  return once(SPELLS, began, () => {
    const faults = faultsOf(plan);
    const undone = new Map(rigEvents(trace, 'undone').map(({ id, atNs }) => [id, atNs]));
    return began.flatMap(({ id, atNs: fromNs }) => {
      const fault = faults.get(id);
      return fault === undefined ? [] : [{ id, fault, fromNs, toNs: undone.get(id) ?? Number.POSITIVE_INFINITY }];
    });
  });
}

const SPELLS = new WeakMap<ReadonlyArray<RigEvent & { rig: 'fault' }>, readonly Spell[]>();

/** Whether a spell, with what comes after it, has a part in an interval. */
export function overlaps(spell: { fromNs: number; toNs: number }, fromNs: number, toNs: number): boolean {
  return spell.fromNs <= toNs && spell.toNs + AFTERWARDS_NS >= fromNs;
}

export interface Absence {
  readonly fromNs: number;
  /** Infinite where it was left down. */
  readonly toNs: number;
}

/** From each killing of a member to its next start. */
export function absencesOf(trace: Trace, member: string): Absence[] {
  return awaySince(trace, member, rigEventsOf(trace, 'killing', member));
}

/** From each time that a member went to its next start. */
export function awaySince(trace: Trace, member: string, goings: ReadonlyArray<{ readonly atNs: number }>): Absence[] {
  const launches = rigEventsOf(trace, 'launching', member);
  return goings.map(({ atNs }) => ({
    fromNs: atNs,
    toNs: firstFrom(launches, atNs)?.atNs ?? Number.POSITIVE_INFINITY,
  }));
}

/**
 * The lives of a member that were ended while it was at something: what it did last, it may not have come to tell. One that was held, or
 * had come to rest a while before and been sent no notice since, had told all.
 */
export function untoldLives(trace: Trace, member: string): ReadonlyArray<{ readonly killedNs: number }> {
  const events = eventsOf(trace, member);
  return rigEventsOf(trace, 'killing', member).flatMap(({ atNs, at }) => {
    if (at !== null) return [];
    const last = lastUntil(events, atNs);
    const isAtRest = last !== undefined && AT_REST.includes(last.event) && atNs - last.atNs > TOLD_BY_THEN_NS;
    return isAtRest && !isRoused(trace, member, last.atNs, atNs) ? [] : [{ killedNs: atNs }];
  });
}

/** Whether a peer has sent it a notice meanwhile, which may have had it do more than it told. */
function isRoused(trace: Trace, member: string, fromNs: number, untilNs: number): boolean {
  return trace.some(
    (event) =>
      !isRigEvent(event) &&
      event.event === 'notifying' &&
      event.peers.includes(member) &&
      event.atNs >= fromNs &&
      event.atNs <= untilNs,
  );
}

const AT_REST: readonly EventName[] = ['parked', 'open', 'noticed', 'notified'];
/** A member tells what it has done when it has nothing better to do, on a machine that is busy. */
const TOLD_BY_THEN_NS = 0.5e9;
