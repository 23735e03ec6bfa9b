/** Which faults of a plan came about. Most do where they begin; one that lies in wait may wait for what never comes. */
import { once } from '../host/once.ts';
import { isNoticeFault, leavesAway, type NoticeFault } from '../plan/fault.ts';
import { faultWords } from '../plan/fault-words.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom } from '../trace/instants.ts';
import { eventsOf, type RigEvent, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';
import { type Spell, spellsOf } from './spells.ts';

/** The faults that began and never came about: by their ids, what they were to do. */
export function idleFaults(plan: Plan, trace: Trace): ReadonlyMap<string, string> {
  return once(IDLE, rigEvents(trace, 'fault'), () => {
    const idle = spellsOf(plan, trace).filter((spell) => !hasStruck(plan, trace, spell));
    return new Map(idle.map(({ id, fault }) => [id, faultWords(fault)]));
  });
}

const IDLE = new WeakMap<ReadonlyArray<RigEvent & { rig: 'fault' }>, ReadonlyMap<string, string>>();

/** `f1 (kill node02, …) never came about`; empty where all did. */
export function idleWords(plan: Plan, trace: Trace): string {
  const idle = [...idleFaults(plan, trace)].map(([id, says]) => `${id} (${says})`);
  return idle.length === 0 ? '' : `${idle.join(' and ')} never came about`;
}

function hasStruck(plan: Plan, trace: Trace, { fault, fromNs, toNs }: Spell): boolean {
  const isWithin = ({ atNs }: { atNs: number }): boolean => atNs >= fromNs && atNs <= toNs;
  switch (fault.is) {
    case 'kill':
      return fault.at === null || rigEventsOf(trace, 'killing', fault.member).some((one) => one.at === fault.at);
    case 'fail-refresh':
      return firstFrom(rigEventsOf(trace, 'launching', fault.member), fromNs) !== undefined;
    case 'hold':
      return eventsOf(trace, fault.member).some(
        (event) => event.event === 'held' && event.failpoint === fault.at && isWithin(event),
      );
    case 'timer-jumps':
      return eventsOf(trace, fault.member).some(
        (event) => event.event === 'woken' && event.by === 'timer' && isWithin(event),
      );
    default:
      return !isNoticeFault(fault) || !plan.daemon.capabilities.failpoints || isSent(trace, fault, isWithin);
  }
}

/** Whether the notice was sent that is to be lost, held back or doubled. */
function isSent(trace: Trace, fault: NoticeFault, isWithin: (event: { atNs: number }) => boolean): boolean {
  const sent = eventsOf(trace, fault.from).filter(
    (event) =>
      event.event === 'notifying' &&
      event.peers.includes(fault.to) &&
      (fault.notice === 'any' || event.kind === fault.notice) &&
      isWithin(event),
  );
  return sent.length >= fault.nth;
}

/** Whether a fault that was to leave a member away never came about. */
export function hasSpared(plan: Plan, trace: Trace): boolean {
  const idle = idleFaults(plan, trace);
  return spellsOf(plan, trace).some(({ id, fault }) => idle.has(id) && leavesAway(fault));
}
