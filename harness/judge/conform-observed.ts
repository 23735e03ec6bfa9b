/**
 * Whether the machine allows what was seen of a daemon that does not tell of its gates. Each turn has an interval in which it
 * happened: there must be an instant in it at which the machine would have taken that turn, with what members had recorded by
 * then. A park needs a gate that turns the member back, an opening one that every gate lets pass, a waking by a notice some
 * member that could have sent it, and one by the timer a park of that length.
 */
import type { MemberEvent } from '../../node/events.ts';
import type { Rules } from '../../node/upgrade/machine.ts';
import { rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { firstFrom, placeBefore, placeUntil } from '../trace/instants.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { type History, historyOf } from './history.ts';
import { type Incarnation, incarnationsOf, openingsOf, type Park, sinceNs, startsOf } from './incarnations.ts';
import { passableAt } from './passable.ts';

/** @returns null where the roll conforms, else the first thing that does not, in a sentence */
export function observedDeviationOf(plan: Plan, trace: Trace): string | null {
  const rules = rulesOf(plan.daemon.model!);
  const history = historyOf(plan, trace);
  for (const member of plan.members) {
    for (const incarnation of incarnationsOf(plan, trace, member)) {
      const turns = turnsIn(plan, trace, incarnation);
      if (turns.filter(({ event }) => event === 'open').length > 1)
        return `${member} is seen to open twice, and was not started between`;
      // Who enters its cluster has no gate to pass.
      if (incarnation.started.action !== 'start') continue;
      const deviation = deviationIn(plan, trace, rules, history, incarnation, turns);
      if (deviation !== null) return deviation;
    }
  }
  return null;
}

type Turn = MemberEvent & { readonly event: 'parked' | 'woken' | 'open' };

/** What it did of these, from its start until the next. */
function turnsIn(plan: Plan, trace: Trace, { member, started }: Incarnation): Turn[] {
  const starts = startsOf(plan, trace, member);
  const next = starts[placeUntil(starts, started.atNs) + 1];
  const events = eventsOf(trace, member);
  return events
    .slice(placeBefore(events, started.atNs) + 1, next === undefined ? undefined : placeBefore(events, next.atNs) + 1)
    .filter((event): event is Turn => event.event === 'parked' || event.event === 'woken' || event.event === 'open');
}

function deviationIn(
  plan: Plan,
  trace: Trace,
  rules: Rules,
  history: History,
  incarnation: Incarnation,
  turns: readonly Turn[],
): string | null {
  const { member, started, parks } = incarnation;
  let [fromNs, before] = [sinceNs(started), 'started'];
  let park = 0;
  for (const turn of turns) {
    const fault = faultOf(turn, before, parks[park] ?? null);
    if (fault !== null) return `${member} ${fault}`;
    if (turn.event === 'woken') park += 1;
    fromNs = sinceNs(turn);
    before = turn.event;
  }
  return null;

  function faultOf(turn: Turn, previous: string, parked: Park | null): string | null {
    const untilNs = turn.atNs;
    switch (turn.event) {
      case 'parked': {
        if (previous === 'parked') return 'is seen to wait twice without having been woken between';
        if (previous === 'open') return 'is seen to wait after it has opened';
        const isTurnedBack = somePlace(
          history,
          fromNs,
          untilNs,
          (place) => !passesAll(rules, history, incarnation, place),
        );
        return isTurnedBack ? null : 'is seen to wait, and no gate could have turned it back then';
      }
      case 'woken':
        if (previous !== 'parked') return 'is seen to be woken, and did not wait';
        if (parked?.by === 'notice' && !couldHaveNotified(plan, trace, member, started.atNs, untilNs))
          return 'is seen to be woken by a notice, and nobody had opened who could have sent one';
        return null;
      case 'open': {
        if (previous === 'parked') return 'is seen to open while it waits';
        const passes = somePlace(history, fromNs, untilNs, (place) => passesAll(rules, history, incarnation, place));
        return passes ? null : 'is seen to open, and its gates could not have passed by then';
      }
    }
  }
}

/** Whether the database may have been such at some instant of an interval. */
function somePlace(history: History, fromNs: number, untilNs: number, isSuch: (place: number) => boolean): boolean {
  // A moment lasts until the next one; and it may have come about before it was seen.
  const first = Math.max(0, placeBefore(history.moments, fromNs));
  for (let place = first; place < history.moments.length && history.earliestFrom(place) <= untilNs; place += 1) {
    if (history.moments[place]!.sinceNs <= untilNs && isSuch(place)) return true;
  }
  return false;
}

function passesAll(rules: Rules, history: History, { member, started }: Incarnation, place: number): boolean {
  return rules.strategy.gates.every(
    (gate) => passableAt(rules, gate, started.version, history).since(member, place) !== null,
  );
}

/** A member tells its peers once it is open, or has passed a gate: none can have that has not even been refreshed. */
function couldHaveNotified(plan: Plan, trace: Trace, member: string, afterNs: number, untilNs: number): boolean {
  return plan.members.some((peer) => {
    if (peer === member) return false;
    // Openings are seen in their order, so none that is seen later was earlier.
    const open = firstFrom(openingsOf(plan, trace, peer), afterNs);
    return open !== undefined && sinceNs(open) <= untilNs;
  });
}
