/**
 * Whether the machine allows what was seen of a daemon that does not tell of its gates. Each turn has an interval in which it
 * happened: there must be an instant in it at which the machine would have taken that turn, with what members had recorded by
 * then. A park needs a gate that turns the member back, an opening and an update of the schema gates that pass, a waking by a
 * notice some member that could have sent it, and each that the member runs, and has recorded what it runs.
 */
import type { MemberEvent } from '../../node/events.ts';
import type { Rules } from '../../node/upgrade/machine.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { placeBefore } from '../trace/instants.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { mayHaveRecorded, type Seen, wrongRowOf } from './conform-records.ts';
import { type History, historyOf } from './history.ts';
import { type Incarnation, type Park, sinceNs } from './incarnations.ts';
import { allLivesOf, type Life } from './lives.ts';
import { passableAt } from './passable.ts';

/** @returns null where the roll conforms, else the first thing that does not, in a sentence */
export function observedDeviationOf(plan: Plan, trace: Trace): string | null {
  const rules = rulesOf(plan.daemon.model!);
  const seen = { plan, trace, history: historyOf(plan, trace), lives: allLivesOf(plan, trace) };
  for (const member of plan.members) {
    // At several gates, what a member runs is recorded bit by bit.
    const wrong = rules.strategy.gates.length > 1 ? null : wrongRowOf(trace, seen.lives, member);
    if (wrong !== null) return `${member} ${wrong}`;
    for (const life of seen.lives.get(member)!) {
      const deviation = deviationIn(rules, seen, life);
      if (deviation !== null) return `${member} ${deviation}`;
    }
  }
  return null;
}

type Turn = MemberEvent & { readonly event: 'parked' | 'woken' | 'applied' | 'open' | 'notified' };
const TURNS: readonly string[] = ['parked', 'woken', 'applied', 'open', 'notified'] satisfies Array<Turn['event']>;

function deviationIn(rules: Rules, seen: Seen, life: Life): string | null {
  const { incarnation, launchedNs, goneNs } = life;
  const { started, parks } = incarnation;
  if (started.atNs < launchedNs) return 'is seen to start before it was started';
  const turns = life.events.filter((event): event is Turn => TURNS.includes(event.event));
  const notified = new Set<string>();
  const isForming = started.action === 'bootstrap' || started.action === 'join';
  let [fromNs, before, park] = [sinceNs(started), 'started', 0];
  for (const [index, turn] of turns.entries()) {
    if (sinceNs(turn) > goneNs) return `is seen to do something after it was gone: '${turn.event}'`;
    const disorder = disorderIn(turn, before);
    if (disorder !== null) return disorder;
    // Who enters its cluster has no gate to pass.
    if (started.action === 'start') {
      const overNs = turn.event === 'parked' ? (turns[index + 1]?.atNs ?? goneNs) : goneNs;
      const fault = faultOf(rules, seen, life, turn, fromNs, parks[park] ?? null, overNs);
      if (fault !== null) return fault;
    }
    if (turn.event === 'notified') {
      // While a cluster is formed, whoever is in it tells the others of each that joins.
      if (isForming) continue;
      if (notified.has(turn.peer)) return `is seen to notify ${turn.peer} twice, and has opened once`;
      notified.add(turn.peer);
    }
    if (turn.event === 'applied' || turn.event === 'notified') continue;
    if (turn.event === 'woken') park += 1;
    fromNs = sinceNs(turn);
    before = turn.event;
  }
  return null;
}

/** What is wrong with a turn after the one before it, whatever there is in the database. */
function disorderIn({ event }: Turn, before: string): string | null {
  switch (event) {
    case 'parked':
      if (before === 'parked') return 'is seen to wait twice without having been woken between';
      return before === 'open' ? 'is seen to wait after it has opened' : null;
    case 'woken':
      return before === 'parked' ? null : 'is seen to be woken, and did not wait';
    case 'applied':
      if (before === 'open') return 'is seen to update the schema after it has opened';
      return before === 'parked' ? 'is seen to update the schema while it waits' : null;
    case 'open':
      if (before === 'open') return 'is seen to open twice, and was not started between';
      return before === 'parked' ? 'is seen to open while it waits' : null;
    case 'notified':
      return before === 'open' ? null : 'is seen to notify others before it has opened';
  }
}

const DOES = { parked: 'is seen to wait', applied: 'is seen to update the schema', open: 'is seen to open' } as const;

/** What is wrong with a turn by what there was in the database, and by what others had done. */
function faultOf(
  rules: Rules,
  seen: Seen,
  life: Life,
  turn: Turn,
  fromNs: number,
  park: Park | null,
  overNs: number,
): string | null {
  const { incarnation } = life;
  const { history } = seen;
  const { atNs: untilNs, event } = turn;
  if (event === 'notified') return null;
  if (event === 'woken')
    return park?.by !== 'notice' || couldHaveNotified(seen, life, park, untilNs)
      ? null
      : 'is seen to be woken by a notice, and nobody had opened who could have sent one';
  const passes = (place: number): boolean => passesAll(rules, history, incarnation, place);
  if (event === 'parked' && !somePlace(history, fromNs, untilNs, (place) => !passes(place)))
    return `${DOES.parked}, and no gate could have turned it back then`;
  if (event !== 'parked' && !somePlace(history, fromNs, untilNs, passes))
    return `${DOES[event]}, and its gates could not have passed by then`;
  // An update of the schema is seen before the transaction is over that records what its member runs.
  if (event === 'applied' || rules.strategy.gates.length > 1 || mayHaveRecorded(seen, life, turn, overNs)) return null;
  return `${DOES[event]}, and had not recorded what it runs`;
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

/**
 * The members that were woken, as is reckoned, by a notice that nobody could have sent: whatever that was, it was none, and what the
 * description says of the timer may be wrong.
 */
export function wokenByNobody(plan: Plan, trace: Trace): string[] {
  const seen = { plan, trace };
  const lives = allLivesOf(plan, trace);
  return plan.members.filter((member) =>
    lives
      .get(member)!
      .some((life) =>
        life.incarnation.parks.some(
          (park) =>
            park.by === 'notice' &&
            park.isReckoned &&
            park.toNs !== null &&
            !couldHaveNotified(seen, life, park, park.toNs),
        ),
      ),
  );
}

/**
 * A member tells its peers once it is open, and its notice wakes who waits when it comes: it was sent to this life of that member,
 * and not much before it waited.
 */
function couldHaveNotified(
  { plan, trace }: Pick<Seen, 'plan' | 'trace'>,
  { launchedNs, incarnation: { member } }: Life,
  { sinceNs: parkedNs }: Park,
  untilNs: number,
): boolean {
  const isTold = tells(plan.daemon, 'notified');
  const fromNs = Math.max(launchedNs, parkedNs - LONGEST_WAY_NS);
  return plan.members.some(
    (peer) =>
      peer !== member &&
      eventsOf(trace, peer).some(
        (event) =>
          (isTold ? event.event === 'notified' && event.peer === member : event.event === 'open') &&
          sinceNs(event) <= untilNs &&
          event.atNs >= fromNs,
      ),
  );
}

/** Whoever sends a notice gives it up after some seconds, and a machine may be busy. */
const LONGEST_WAY_NS = 10e9;
