/**
 * What the faults of a plan allow, and no more: a fault may delay what it has hold of, for as long as it has; a notice that was lost
 * may cost a timer where nobody repeats it. What must never be, such as an opening too early, no fault allows.
 */
import type { RefusalReason } from '../../node/trust/truststore.ts';
import { rulesOf } from '../plan/daemon.ts';
import { type Fault, isDiskFault, isLinkFault, namedBy, needsLinks } from '../plan/fault.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom } from '../trace/instants.ts';
import { eventsOf, type Notified, type RigEvent, rigEventsOf, type Trace } from '../trace/trace.ts';
import { type OwnExit, ownExits } from './exits.ts';
import { type Incarnation, incarnationsOf, type Park } from './incarnations.ts';
import { gateOf } from './passing.ts';
import { AFTERWARDS_NS, absencesOf, awaySince, overlaps, type Spell, spellsOf } from './spells.ts';
import { sentWithin } from './waiter.ts';

/** The part of a park that came after its gate could pass, and who had made that true. */
export interface Vain {
  readonly incarnation: Incarnation;
  readonly park: Park;
  readonly knower: string;
  readonly sinceNs: number;
}

/** Which fault allows that a timer ended a park, as the end of a sentence; null where none does. */
export function stallAllowedBy(plan: Plan, trace: Trace, vain: Vain): string | null {
  const spells = spellsOf(plan, trace);
  if (spells.length === 0 && !hasKillings(plan, trace)) return null;
  return (
    jumped(plan, trace, vain, spells) ??
    heldUp(vain, spells) ??
    knowerDied(trace, vain) ??
    lostOnItsWay(plan, trace, vain) ??
    refusedOnItsWay(plan, trace, vain, spells)
  );
}

function hasKillings(plan: Plan, trace: Trace): boolean {
  return plan.members.some((member) => rigEventsOf(trace, 'killing', member).length > 0);
}

/** The first timer of the member that fired after its clock had jumped. */
function jumped(plan: Plan, trace: Trace, { incarnation, park }: Vain, spells: readonly Spell[]): string | null {
  const { member } = incarnation;
  const isIt = spells.some(({ fault, fromNs }) => {
    if (fault.is !== 'timer-jumps' || fault.member !== member) return false;
    const parks = incarnationsOf(plan, trace, member).flatMap((one) => one.parks);
    return parks.find(({ by, toNs }) => by === 'timer' && toNs !== null && toNs >= fromNs)?.fromNs === park.fromNs;
  });
  return isIt ? `the clock of ${member} had jumped` : null;
}

/** Somebody was frozen, or a notice or a link held, until just before the timer fired. */
function heldUp({ incarnation: { member }, park, knower, sinceNs }: Vain, spells: readonly Spell[]): string | null {
  const toNs = park.toNs!;
  for (const { id, fault, ...spell } of spells) {
    // What was released long before should have woken it.
    if (spell.fromNs > toNs || spell.toNs + AFTERWARDS_NS < toNs || spell.toNs + AFTERWARDS_NS < sinceNs) continue;
    // One that is frozen may have the database locked for all.
    if (fault.is === 'freeze') return `${fault.member} was frozen (${id})`;
    // And so may one that is held in a transaction.
    if (fault.is === 'hold') return `${fault.member} was held (${id})`;
    if (fault.is === 'delay-notice' && fault.to === member) return `a notice to ${member} was held back (${id})`;
    const ends = isLinkFault(fault) ? [fault.from, fault.to] : [];
    if (ends.includes(member) || ends.includes(knower)) return `a link of ${member} or ${knower} was not sound (${id})`;
  }
  return null;
}

/** Who could have told it was killed before it did, and has told nobody since. */
function knowerDied(trace: Trace, { park, knower, sinceNs }: Vain): string | null {
  const toNs = park.toNs!;
  const died = absencesOf(trace, knower).find((absence) => absence.fromNs >= sinceNs && absence.fromNs <= toNs);
  if (died === undefined) return null;
  const told = firstFrom(
    eventsOf(trace, knower).filter(({ event }) => event === 'notifying'),
    died.fromNs,
  );
  return told === undefined || told.atNs + AFTERWARDS_NS >= toNs ? `${knower} was killed before it had told` : null;
}

/** The notices that would have ended the park, and what became of each. */
function sentTo(plan: Plan, trace: Trace, { incarnation, park, sinceNs }: Vain): readonly Notified[] {
  if (plan.daemon.model === null) return [];
  const { strategy } = rulesOf(plan.daemon.model);
  return sentWithin(strategy, trace, incarnation.member, gateOf(strategy, park.gate), sinceNs, park.toNs!);
}

/** The notice that would have ended the park was lost, and no other came. */
function lostOnItsWay(plan: Plan, trace: Trace, vain: Vain): string | null {
  const sent = sentTo(plan, trace, vain);
  const lost = sent.find(({ outcome }) => outcome === 'lost');
  if (lost === undefined || sent.some(({ outcome }) => outcome === 'accepted')) return null;
  return `the notice from ${lost.member} was lost, and nobody repeated it`;
}

/** It was refused, since a fault had the one trust the other no more, or not yet; and no other came. */
function refusedOnItsWay(plan: Plan, trace: Trace, vain: Vain, spells: readonly Spell[]): string | null {
  const sent = sentTo(plan, trace, vain);
  if (sent.some(({ outcome }) => outcome === 'accepted')) return null;
  const { member } = vain.incarnation;
  for (const notice of sent.filter(({ outcome }) => outcome === 'refused')) {
    const cause = causeOfRefusal(trace, member, notice, spells);
    if (cause !== null) return `${member} refused the notice from ${notice.member} (${cause.id}), and no other came`;
  }
  return null;
}

/** The fault under which a member may have refused a notice, for the reason that it told, if it told any. */
function causeOfRefusal(trace: Trace, member: string, notice: Notified, spells: readonly Spell[]): Spell | null {
  const { member: from, sentNs, atNs } = notice;
  const told = eventsOf(trace, member).flatMap((event) =>
    event.event === 'refused' && event.atNs >= sentNs && event.atNs <= atNs ? [event] : [],
  );
  // Where there are many, not every refusal is told of.
  const isFor = (why: RefusalReason): boolean => told.length === 0 || told.some((event) => event.why === why);
  const isUnder = (is: Fault['is'], whose: string) => (spell: Spell) =>
    spell.fault.is === is && namedBy(spell.fault)[0] === whose && overlaps(spell, sentNs, sentNs);
  const held = spells.find(isUnder('hold-truststore', member));
  if (held !== undefined && isFor('unknown')) return held;
  const newest = spells.findLast(
    (spell) => isUnder('certificate-expires', from)(spell) || isUnder('certificate-rotates', from)(spell),
  );
  return newest?.fault.is === 'certificate-expires' && isFor('expired') ? newest : null;
}

/** Which fault allows that a member went by itself, as the end of a sentence; null where none does. */
export function exitAllowedBy(plan: Plan, trace: Trace, { member, atNs, reason }: OwnExit): string | null {
  for (const { id, fault, fromNs, toNs } of spellsOf(plan, trace)) {
    if (!('member' in fault) || fault.member !== member || fromNs > atNs) continue;
    if (isDiskFault(fault) && atNs <= toNs + AFTERWARDS_NS)
      return `its disk was ${fault.is === 'disk-full' ? 'full' : 'read-only'} (${id})`;
    if (fault.is === 'fail-refresh' && reason === 'failed') return `its build was to fail (${id})`;
    // A member that comes back in the version that it had may find the others ahead of it.
    if (
      (fault.is === 'kill' || fault.is === 'down') &&
      reason === 'ahead' &&
      isBeforeItsRefresh(plan, trace, member, atNs)
    )
      return `it came back before its refresh (${id})`;
    if (fault.is === 'remove') return `it had been taken out (${id})`;
  }
  return null;
}

function isBeforeItsRefresh({ from }: Plan, trace: Trace, member: string, atNs: number): boolean {
  return rigEventsOf(trace, 'launching', member).findLast((launch) => launch.atNs <= atNs)?.version === from;
}

/**
 * Which fault allows that a member that was told to stop did not in its time, as the end of a sentence; null where none does. Many
 * daemons want their database before they go, to hand something over.
 */
export function slowStopAllowedBy(
  plan: Plan,
  trace: Trace,
  { member, fromNs, toNs }: { readonly member: string; readonly fromNs: number; readonly toNs: number },
): string | null {
  for (const { id, fault, ...spell } of spellsOf(plan, trace)) {
    if (!overlaps(spell, fromNs, toNs)) continue;
    const named = namedBy(fault);
    if (needsLinks(fault, plan.daemon) && named.includes(member)) return `a link of ${member} was not sound (${id})`;
    if (isDiskFault(fault)) return `the disk of ${named[0]} took nothing (${id})`;
    const [other] = named;
    if (other === member) continue;
    if (fault.is === 'freeze' || fault.is === 'hold' || fault.is === 'down')
      return `${other} was ${fault.is === 'freeze' ? 'frozen' : fault.is === 'hold' ? 'held' : 'down'} (${id})`;
  }
  return null;
}

/** Whether faults allow that a member that is open does not serve a request: refused, or not answered in time. */
export function refusalAllowed(
  plan: Plan,
  trace: Trace,
  { sinceNs, atNs, how }: RigEvent & { rig: 'unavailable' },
): boolean {
  if (how !== 'timeout' && how !== 'refused') return false;
  const isHeld = spellsOf(plan, trace).some(
    (spell) =>
      (spell.fault.is === 'freeze' ||
        spell.fault.is === 'hold' ||
        isLinkFault(spell.fault) ||
        isDiskFault(spell.fault)) &&
      overlaps(spell, sinceNs, atNs),
  );
  // A database that is replicated needs its quorum, and whoever goes may take it along, or the leader.
  const isShort =
    plan.daemon.capabilities.leader &&
    plan.members.some((member) =>
      [...absencesOf(trace, member), ...awaySince(trace, member, ownExits(trace, member))].some((one) =>
        overlaps(one, sinceNs, atNs),
      ),
    );
  return isHeld || isShort;
}
