/**
 * Whether the machine allows what was seen of a daemon that does not tell of its gates. Each turn has an interval in which it
 * happened: there must be an instant in it at which the machine would have taken that turn, with what members had recorded by
 * then. A park needs a gate that turns the member back, an opening one that every gate lets pass, a waking by a notice some
 * member that could have sent it, and one by the timer a park of that length.
 */
import type { MemberEvent } from '../../node/events.ts';
import { examine } from '../../node/upgrade/gate.ts';
import type { Rules } from '../../node/upgrade/machine.ts';
import type { View } from '../../node/upgrade/version.ts';
import { rulesOf } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { type History, historyOf } from './history.ts';
import { type Incarnation, incarnationsOf, type Park, refreshedIncarnations, sinceNs } from './incarnations.ts';

/** @returns null where the roll conforms, else the first thing that does not, in a sentence */
export function observedDeviationOf(plan: Plan, trace: Trace): string | null {
  const rules = rulesOf(plan.daemon.model!);
  const history = historyOf(plan, trace);
  for (const member of plan.members) {
    for (const incarnation of refreshedIncarnations(plan, trace, member)) {
      const deviation = deviationIn(plan, trace, rules, history, incarnation);
      if (deviation !== null) return deviation;
    }
  }
  return null;
}

type Turn = MemberEvent & { readonly event: 'parked' | 'woken' | 'open' };

function deviationIn(
  plan: Plan,
  trace: Trace,
  rules: Rules,
  history: History,
  incarnation: Incarnation,
): string | null {
  const { member, started, parks } = incarnation;
  const next = incarnationsOf(plan, trace, member).find((other) => other.started.atNs > started.atNs);
  const turns = eventsOf(trace, member).filter(
    (event): event is Turn =>
      (event.event === 'parked' || event.event === 'woken' || event.event === 'open') &&
      event.atNs >= started.atNs &&
      event.atNs < (next?.started.atNs ?? Number.POSITIVE_INFINITY),
  );
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
        const isTurnedBack = someView(history, fromNs, untilNs, (view) => !passesAll(rules, incarnation, view));
        return isTurnedBack ? null : 'is seen to wait, and no gate could have turned it back then';
      }
      case 'woken':
        if (previous !== 'parked') return 'is seen to be woken, and did not wait';
        if (parked?.by === 'notice' && !couldHaveNotified(plan, trace, member, started.atNs, untilNs))
          return 'is seen to be woken by a notice, and nobody had opened who could have sent one';
        return null;
      case 'open': {
        if (previous === 'parked') return 'is seen to open while it waits';
        const passes = someView(history, fromNs, untilNs, (view) => passesAll(rules, incarnation, view));
        return passes ? null : 'is seen to open, and its gates could not have passed by then';
      }
    }
  }
}

/** Whether the database may have been such at some instant of an interval. */
function someView(history: History, fromNs: number, untilNs: number, isSuch: (view: View) => boolean): boolean {
  return history.some((moment, index) => {
    const endsNs = history[index + 1]?.atNs ?? Number.POSITIVE_INFINITY;
    return moment.sinceNs <= untilNs && endsNs >= fromNs && isSuch(moment.view);
  });
}

function passesAll({ strategy, ahead }: Rules, { member, started }: Incarnation, view: View): boolean {
  if (!view.rows.some((row) => row.member === member)) return false;
  return strategy.gates.every(
    (gate) => examine(strategy, ahead, gate, member, started.version, view).outcome.is === 'pass',
  );
}

/** A member tells its peers once it is open, or has passed a gate: none can have that has not even been refreshed. */
function couldHaveNotified(plan: Plan, trace: Trace, member: string, afterNs: number, untilNs: number): boolean {
  return plan.members.some(
    (peer) =>
      peer !== member &&
      incarnationsOf(plan, trace, peer).some(
        ({ open }) => open !== null && open.atNs >= afterNs && sinceNs(open) <= untilNs,
      ),
  );
}
