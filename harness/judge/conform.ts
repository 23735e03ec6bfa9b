/**
 * Whether the machine allows what a real roll did: every observed step must be one that the model could take there, with
 * the outcome that was told. The events of a member come in its own order; the transactions of all members in the order
 * of the database; a notice arrives after it was sent. More order than that a trace does not have, and none is needed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MemberEvent } from '../../node/events.ts';
import { carryOut, examine, type Ruling } from '../../node/upgrade/gate.ts';
import {
  advance,
  command,
  dispositionOf,
  type Input,
  type Rules,
  type State,
  start,
} from '../../node/upgrade/machine.ts';
import type { Version, View } from '../../node/upgrade/version.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { observedDeviationOf } from './conform-observed.ts';

type Of<Name extends MemberEvent['event']> = MemberEvent & { readonly event: Name };

/** One member as the check goes through its events. */
interface Follower {
  readonly member: string;
  readonly events: readonly MemberEvent[];
  /** How far its transactions and its events have been followed. */
  at: number;
  version: Version;
  /** Null: bootstrapped or joined, and serving. */
  state: State | null;
  /** What its transactions decided, until the events that tell of them come up. */
  readonly rulings: Ruling[];
  recorded: Of<'recorded'> | null;
  applied: Of<'applied'> | null;
  waking: boolean;
}

/** A step that the model could not have taken, or that is missing. */
class Deviation extends Error {
  override name = 'Deviation';
}

/**
 * @param plan of a daemon that a model is of
 * @returns null where the roll conforms, else the first thing that does not, in a sentence
 */
export function deviationOf(plan: Plan, trace: Trace): string | null {
  if (!tells(plan.daemon, 'checked')) return observedDeviationOf(plan, trace);
  try {
    new Conformance(plan, trace).check();
    return null;
  } catch (error) {
    if (error instanceof Deviation) return error.message;
    // The machine itself refuses an input that does not answer its command.
    if (error instanceof Error && error.message.startsWith('the upgrade machine cannot take')) return error.message;
    throw error;
  }
}

class Conformance {
  readonly #rules: Rules;
  readonly #followers: Follower[];
  readonly #transactions: Array<Of<'checked'> | (Of<'recorded'> & { readonly gate: null })>;
  #view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  /** Notices that were sent, by their name and peer, and what is known of them. */
  readonly #sent = new Map<string, { kind: string; arrived: boolean; answered: boolean; accepted: boolean }>();

  constructor(plan: Plan, trace: Trace) {
    this.#rules = rulesOf(plan.daemon.model!);
    this.#followers = plan.members.map((member): Follower => {
      const events = eventsOf(trace, member);
      const version = plan.versions[plan.from]!;
      return { member, events, at: 0, version, state: null, rulings: [], recorded: null, applied: null, waking: false };
    });
    this.#transactions = this.#followers
      .flatMap(({ events }) => events)
      .filter(
        (event): event is Of<'checked'> | (Of<'recorded'> & { gate: null }) =>
          event.event === 'checked' || isFirstRow(event),
      )
      .sort((one, other) => one.decidedNs - other.decidedNs);
  }

  check(): void {
    // Each round takes at least one event or transaction, so this ends.
    while (this.#followers.some((follower) => this.#followUp(follower)) || this.#transact());
    for (const { member, events, at } of this.#followers) {
      const left = events[at];
      if (left !== undefined) throw new Deviation(`${member} tells '${left.event}', and nothing could have led to it`);
    }
    for (const [name, { arrived, answered, accepted }] of this.#sent) {
      if (!answered) throw new Deviation(`notice ${name} was sent, and nobody tells how that ended`);
      if (accepted && !arrived)
        throw new Deviation(`notice ${name} was accepted, and its receiver does not tell of it`);
    }
  }

  /** The next transaction of the database, whichever member's it is. */
  #transact(): boolean {
    const transaction = this.#transactions.shift();
    if (transaction === undefined) return false;
    const follower = this.#followers.find(({ member }) => member === transaction.member)!;
    if (transaction.event === 'recorded') {
      this.#view = { ...this.#view, rows: [...this.#view.rows, transaction.row].sort(byMember) };
      const applied = follower.events.find(
        (event): event is Of<'applied'> => event.event === 'applied' && event.decidedNs === transaction.decidedNs,
      );
      if (applied !== undefined) this.#view = { ...this.#view, applied: applied.to };
      return true;
    }
    const version = versionAt(follower, transaction);
    const { strategy, ahead } = this.#rules;
    if (!this.#view.rows.some(({ member }) => member === follower.member))
      throw new Deviation(`${follower.member} examines the ${transaction.gate} gate, and has no row in the database`);
    const ruling = examine(strategy, ahead, transaction.gate, follower.member, version, this.#view);
    follower.rulings.push(ruling);
    this.#view = carryOut(this.#view, ruling);
    return true;
  }

  /** The next event of a member, if what it needs has happened. */
  #followUp(follower: Follower): boolean {
    const event = follower.events[follower.at];
    if (event === undefined || !this.#isDue(follower, event)) return false;
    follower.at += 1;
    this.#take(follower, event);
    return true;
  }

  #isDue(follower: Follower, event: MemberEvent): boolean {
    if (event.event === 'checked') return follower.rulings.length > 0;
    return event.event !== 'noticed' || this.#sent.has(nameOf(event.notice, follower.member));
  }

  #take(follower: Follower, event: MemberEvent): void {
    switch (event.event) {
      case 'started':
        follower.version = event.version;
        follower.state = event.action === 'start' ? start(this.#rules) : null;
        break;
      case 'recorded':
        follower.recorded = event;
        break;
      case 'applied':
        follower.applied = event;
        break;
      case 'checked':
        this.#checked(follower, event);
        break;
      case 'parked':
        this.#expectCommand(follower, 'park', event.gate);
        this.#input(follower, { is: 'parked' });
        follower.waking = follower.state?.phase !== 'parked';
        break;
      case 'woken':
        this.#woken(follower, event);
        break;
      case 'notifying':
        this.#notifying(follower, event);
        break;
      case 'notified':
        this.#notified(follower, event);
        break;
      case 'noticed':
        this.#noticed(follower, event);
        break;
      case 'open':
        if (follower.state !== null) this.#input(follower, { is: 'opened' });
        break;
      case 'exiting':
        this.#exiting(follower, event);
        break;
      case 'listening':
      case 'held':
      case 'leader':
      case 'handed-over':
        break;
    }
  }

  #checked(follower: Follower, event: Of<'checked'>): void {
    const { member } = follower;
    this.#expectCommand(follower, 'check', event.gate);
    const ruling = follower.rulings.shift()!;
    if (!isDeepStrictEqual(ruling.outcome, event.outcome)) {
      throw new Deviation(
        `${member} tells '${event.outcome.is}' at the ${event.gate} gate, and the machine says '${ruling.outcome.is}'`,
      );
    }
    const row = follower.recorded?.decidedNs === event.decidedNs ? follower.recorded.row : null;
    if (!isDeepStrictEqual(row, ruling.record))
      throw new Deviation(`${member} does not tell of the row that it had to record`);
    const applied = follower.applied?.decidedNs === event.decidedNs ? follower.applied.to : null;
    if (!isDeepStrictEqual(applied, ruling.apply))
      throw new Deviation(`${member} does not tell of the updates that it had to apply`);
    this.#input(follower, { is: 'checked', outcome: event.outcome });
  }

  #woken(follower: Follower, event: Of<'woken'>): void {
    if (event.by === 'timer') this.#input(follower, { is: 'timer' });
    else if (!follower.waking)
      throw new Deviation(`${follower.member} tells of a waking by a notice, and none had come`);
    follower.waking = false;
  }

  #notifying(follower: Follower, event: Of<'notifying'>): void {
    this.#expectCommand(follower, 'notify', null);
    const todo = command(follower.state!);
    if (todo.do === 'notify' && todo.kind !== event.kind)
      throw new Deviation(`${follower.member} sends '${event.kind}', and had to send '${todo.kind}'`);
    const peers = this.#followers.map(({ member }) => member).filter((member) => member !== follower.member);
    if (!isDeepStrictEqual([...event.peers].sort(), peers.sort()))
      throw new Deviation(`${follower.member} does not notify all its peers`);
    for (const peer of peers) {
      this.#sent.set(nameOf(event.notice, peer), {
        kind: event.kind,
        arrived: false,
        answered: false,
        accepted: false,
      });
    }
    this.#input(follower, { is: 'notified' });
  }

  #notified(follower: Follower, event: Of<'notified'>): void {
    const sent = this.#sent.get(nameOf(event.notice, event.peer));
    if (sent === undefined)
      throw new Deviation(`${follower.member} tells of a notice to ${event.peer} that it did not send`);
    sent.answered = true;
    sent.accepted = event.outcome === 'accepted';
  }

  #noticed(follower: Follower, event: Of<'noticed'>): void {
    const sent = this.#sent.get(nameOf(event.notice, follower.member))!;
    if (sent.kind !== event.kind)
      throw new Deviation(`${follower.member} tells of a notice '${event.kind}', and '${sent.kind}' was sent`);
    sent.arrived = true;
    const { state } = follower;
    const disposition = state === null ? 'dropped' : dispositionOf(this.#rules, state, event.kind);
    if (disposition !== event.disposition) {
      throw new Deviation(
        `${follower.member} tells that a notice from ${event.from} was ${event.disposition}, and the machine says ${disposition}`,
      );
    }
    if (state === null) return;
    this.#input(follower, { is: 'noticed', kind: event.kind });
    if (disposition === 'delivered') follower.waking = true;
  }

  #exiting(follower: Follower, event: Of<'exiting'>): void {
    const { state, member } = follower;
    const isTurnedAway = event.reason === 'ahead' || event.reason === 'forked' || event.reason === 'unsupported';
    if (isTurnedAway !== (state?.phase === 'exiting'))
      throw new Deviation(`${member} exits (${event.reason}), and the machine says otherwise`);
    if (follower.waking) throw new Deviation(`${member} was woken by a notice, and does not tell of it`);
  }

  #expectCommand({ member, state }: Follower, wanted: string, gate: string | null): void {
    const todo = state === null ? null : command(state);
    const isWanted = todo?.do === wanted && (gate === null || !('gate' in todo) || todo.gate === gate);
    if (!isWanted)
      throw new Deviation(
        `${member} tells of '${wanted}'${gate === null ? '' : ` at the ${gate} gate`}, and had to '${todo?.do ?? 'serve'}'`,
      );
  }

  #input(follower: Follower, input: Input): void {
    if (follower.state === null)
      throw new Deviation(`${follower.member} was not refreshed, and tells of '${input.is}'`);
    if (follower.waking && input.is !== 'noticed')
      throw new Deviation(`${follower.member} was woken by a notice, and does not tell of it`);
    follower.state = advance(this.#rules, follower.state, input);
  }
}

/** A member's first row, which it did not come by at a gate. */
function isFirstRow(event: MemberEvent): event is Of<'recorded'> & { gate: null } {
  return event.event === 'recorded' && event.gate === null;
}

/** The version of the incarnation in which a transaction was made. */
function versionAt({ events, version }: Follower, transaction: MemberEvent): Version {
  const lived = events.slice(0, events.indexOf(transaction));
  return lived.findLast((event): event is Of<'started'> => event.event === 'started')?.version ?? version;
}

function byMember(one: { member: string }, other: { member: string }): number {
  return one.member < other.member ? -1 : 1;
}

function nameOf(notice: string, peer: string): string {
  return `${notice} to ${peer}`;
}
