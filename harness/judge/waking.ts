/**
 * The check that matters most, and that no slow machine can turn: whether anybody sat out a timer after its gate could have
 * passed. A timer that only looks again while there is something to wait for does no harm.
 */
import { formatDuration } from '../../node/duration.ts';
import type { EventName } from '../../node/events.ts';
import { GATE_WORDS } from '../../node/words.ts';
import { type PlannedDaemon, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { broken, type Check, cannotTell, type Evidence, holds, isCutShort, notApplicable } from './evidence.ts';
import { givenUp } from './given-up.ts';
import type { History } from './history.ts';
import { type Incarnation, type Park, refreshedIncarnations, sinceNs } from './incarnations.ts';
import { lostRecords } from './lost-records.ts';
import { isDoubtful, mayBeInVain, mayHavePassed, stallOf } from './passing.ts';
import { spellsOf } from './spells.ts';

export function openedByNotice({ plan, trace, history, figures, stalls }: Evidence): Check {
  const name = 'woken';
  if (!plan.daemon.capabilities.waits)
    return notApplicable(name, `a member of ${plan.daemon.name} never waits for others, so nothing can stall`);
  if (plan.expect.wokenBy === 'either') return notApplicable(name, 'the plan does not say what may open a member');
  const stalled = stalls.filter((stall) => stall.brokenBy === 'timer');
  const isHarm = stalled.filter(({ allowedBy }) => allowedBy === null);
  const words = (plan.expect.wokenBy === 'timer' ? stalled : isHarm)
    .map(({ member, gate, stallMs }) => `${member} stalled at ${GATE_WORDS[gate]} for ${formatDuration(stallMs)}`)
    .join(', ');
  if (plan.expect.wokenBy === 'timer') {
    if (stalled.length > 0) return holds(name, `as expected, only a timer ended a stall: ${words}`);
    const open = isCutShort(trace) ? 'the roll was cut short' : openQuestion(plan, trace, history);
    return open === null
      ? broken(name, 'nobody stalled until a timer, and somebody was expected to')
      : cannotTell(name, open);
  }
  const lost = lostRecords(plan, trace).map(
    ({ member, forMs }) => `${member}, for which the others had waited ${formatDuration(forMs)}`,
  );
  const left = givenUp(plan, trace, history).map(({ member, forMs }) => `${member}, after ${formatDuration(forMs)}`);
  const faults = [
    ...(left.length === 0
      ? []
      : [
          `nothing woke who could have passed its gate, until it went by itself and was started again: ${left.join(', ')}`,
        ]),
    ...(isHarm.length === 0 ? [] : [`only a timer ended a stall: ${words}`]),
    ...(lost.length === 0
      ? []
      : [`what a member had recorded was lost, and only a timer had it record that again: ${lost.join(', ')}`]),
  ];
  if (faults.length > 0) return broken(name, faults.join('; '));
  const open = openQuestion(plan, trace, history);
  if (open !== null) return cannotTell(name, open);
  if (stalled.length > 0)
    return holds(
      name,
      `only a timer ended a stall, and a fault allows that: ${stalled.map(({ member, stallMs, allowedBy }) => `${member}, for ${formatDuration(stallMs)}, since ${allowedBy}`).join('; ')}`,
    );
  const woken = figures.filter((member) => member.wokenBy.includes('notice')).map((member) => member.name);
  return woken.length === 0
    ? holds(name, 'nobody had to be woken by a notice')
    : holds(name, `woken by notices in time: ${woken.join(', ')}`);
}

/** What cannot be told of how members were woken, in a sentence; null where everything can. */
function openQuestion(plan: Plan, trace: Trace, history: History): string | null {
  const { daemon } = plan;
  if (!tells(daemon, 'parked')) return 'nothing tells when a member waits, so it cannot be told what opened it';
  // Whatever ended a park before the gate could pass, it did no harm.
  const unknown = membersWith(
    plan,
    trace,
    (incarnation, park) =>
      park.by === 'unknown' && stallOf(plan, trace, history.earliest, incarnation, { ...park, by: 'timer' }) > 0,
  );
  if (unknown.length > 0) {
    const why =
      daemon.timer === null
        ? 'the daemon does not tell, and its timer is not known'
        : daemon.capabilities.cause === 'unknown'
          ? 'the daemon does not tell, and neither does anything when its park began'
          : spellsOf(plan, trace).some(({ fault }) => fault.is === 'freeze')
            ? 'the daemon does not tell, and who is frozen waits longer than its timer'
            : 'the daemon does not tell, and the park was too near to a whole number of timers';
    return `what woke ${unknown.join(', ')} cannot be told: ${why}`;
  }
  const doubtful = membersWith(plan, trace, ({ member }, park) => isDoubtful(plan, trace, member, park));
  if (doubtful.length > 0)
    return `what woke ${doubtful.join(', ')} cannot be told: the daemon does not tell, and its timer was due just when a peer had opened`;
  const unseen = membersWith(plan, trace, (incarnation, park) =>
    mayHavePassed(plan, trace, history, incarnation, park),
  );
  if (unseen.length > 0)
    return `whether ${unseen.join(', ')} could have passed when its timer fired cannot be told: what the others had recorded was read too late`;
  const inVain = membersWith(plan, trace, (incarnation, park) => mayBeInVain(plan, trace, history, incarnation, park));
  return inVain.length === 0
    ? unseenQuestion(plan, trace)
    : `whether a notice was on its way to ${inVain.join(', ')} cannot be told: the timer fired just when a peer had opened, and nothing tells of notices`;
}

/** The members one of whose parks is such. */
function membersWith(plan: Plan, trace: Trace, isSuch: (incarnation: Incarnation, park: Park) => boolean): string[] {
  return plan.members.filter((member) =>
    refreshedIncarnations(plan, trace, member).some((one) => one.parks.some((park) => isSuch(one, park))),
  );
}

function unseenQuestion(plan: Plan, trace: Trace): string | null {
  const unseen = plan.members.filter((member) =>
    refreshedIncarnations(plan, trace, member).some((incarnation) => mayHaveWaitedUnseen(plan.daemon, incarnation)),
  );
  if (unseen.length === 0) return null;
  const why = 'nobody saw them wait, and they took long enough for a timer to have fired';
  return `what opened ${unseen.join(', ')} cannot be told: ${why}${unmatchedWords(trace, 'parked')}`;
}

/**
 * Whether a member that opened may have sat out a timer that nobody saw: it takes a whole one from its first look at its gate,
 * or, where that is not known, from its start. A daemon that tells of its gates tells of every park.
 */
function mayHaveWaitedUnseen(daemon: PlannedDaemon, { member, started, parks, open, records }: Incarnation): boolean {
  if (open === null || parks.length > 0 || tells(daemon, 'checked')) return false;
  const first = records.find(({ row }) => row.member === member);
  const fromNs = first === undefined ? sinceNs(started) : sinceNs(first);
  const { timer } = daemon;
  return timer === null || (open.atNs - fromNs) / 1e6 >= timer.everyMs - timer.toleranceMs;
}

/** What of a description was looked for and never found, of an event. */
function unmatchedWords(trace: Trace, event: EventName): string {
  const sources = rigEvents(trace, 'unmatched').filter(({ tellsOf }) => tellsOf === event);
  return sources.length === 0 ? '' : `; no line matched ${sources.map(({ pattern }) => `/${pattern}/`).join(' or ')}`;
}
