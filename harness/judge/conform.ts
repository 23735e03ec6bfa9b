/**
 * Whether the machine allows what a real roll did: every observed step must be one that the model could take there, with
 * the outcome that was told. The events of a member come in its own order; the transactions of all members in the order
 * of the database; a notice arrives after it was sent. More order than that a trace does not have, and none is needed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ExitReason, MemberEvent } from '../../node/events.ts';
import type { Outcome } from '../../node/upgrade/gate.ts';
import { command, dispositionOf, type Rules, start } from '../../node/upgrade/machine.ts';
import { patchesOf } from '../../node/upgrade/version.ts';
import { describeOutcome } from '../../node/words.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { SharedDatabase } from './conform-database.ts';
import { NoticesOnTheirWay } from './conform-notices.ts';
import { observedDeviationOf } from './conform-observed.ts';
import { Deviation } from './deviation.ts';
import {
  expectCommand,
  type Follower,
  follow,
  followerOf,
  isTransaction,
  type Of,
  Queue,
  type Transaction,
  transactionsOf,
} from './follower.ts';

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

/** What the machine itself gives up for. */
const TURNED_AWAY: readonly ExitReason[] = ['ahead', 'forked', 'unsupported', 'patch-failed'];

class Conformance {
  readonly #rules: Rules;
  readonly #followers: ReadonlyMap<string, Follower>;
  readonly #transactions: readonly Transaction[];
  /** Those whose next event may be due. */
  readonly #ready = new Queue<Follower>();
  readonly #database: SharedDatabase;
  readonly #notices: NoticesOnTheirWay;

  constructor(plan: Plan, trace: Trace) {
    this.#rules = rulesOf(plan.daemon.model!);
    this.#database = new SharedDatabase(this.#rules);
    this.#notices = new NoticesOnTheirWay(trace);
    const version = plan.versions[plan.from]!;
    const followers = plan.members.map((member) => followerOf(member, eventsOf(trace, member), version));
    this.#followers = new Map(followers.map((follower) => [follower.member, follower]));
    this.#transactions = followers
      .flatMap(transactionsOf)
      .sort((one, other) => one.told.decidedNs - other.told.decidedNs);
  }

  check(): void {
    for (const follower of this.#followers.values()) this.#ready.add(follower);
    this.#followUp();
    for (const transaction of this.#transactions) {
      this.#database.transact(transaction);
      this.#ready.add(transaction.follower);
      this.#followUp();
    }
    for (const { member, events, at } of this.#followers.values()) {
      const left = events[at];
      if (left !== undefined) throw new Deviation(`${member} tells '${left.event}', and nothing could have led to it`);
    }
    this.#notices.end();
  }

  /** The next events of all members, as far as what they need has happened. */
  #followUp(): void {
    for (let follower = this.#ready.take(); follower !== undefined; follower = this.#ready.take()) {
      let event = follower.events[follower.at];
      while (event !== undefined && this.#isDue(follower, event)) {
        follower.at += 1;
        this.#take(follower, event);
        event = follower.events[follower.at];
      }
    }
  }

  #isDue(follower: Follower, event: MemberEvent): boolean {
    if (event.event === 'checked') return !follower.rulings.isEmpty;
    if (event.event === 'removed') return follower.taking !== null;
    if (event.event === 'patched') return !isTransaction(event) || !follower.patchRulings.isEmpty;
    return event.event !== 'noticed' || this.#notices.isSent(event.notice, follower.member);
  }

  #take(follower: Follower, event: MemberEvent): void {
    switch (event.event) {
      case 'started':
        follower.version = event.version;
        follower.state = event.action === 'start' ? start(this.#rules, patchesOf(event.version), follower.notes) : null;
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
        expectCommand(follower, 'park', event.gate);
        follow(this.#rules, follower, { is: 'parked' });
        follower.waking = follower.state?.phase !== 'parked';
        break;
      case 'woken':
        this.#woken(follower, event);
        break;
      case 'notifying':
        this.#notifying(follower, event);
        break;
      case 'notified':
        this.#notices.answer(event);
        break;
      case 'noticed':
        this.#noticed(follower, event);
        break;
      case 'open':
        if (follower.state !== null) follow(this.#rules, follower, { is: 'opened' });
        break;
      case 'patched':
        this.#patched(follower, event);
        break;
      case 'noted':
        this.#noted(follower, event);
        break;
      case 'exiting':
        this.#exiting(follower, event);
        break;
      case 'listening':
      case 'held':
      case 'leader':
      case 'handed-over':
      case 'removed':
      case 'asked':
      case 'refused':
        break;
    }
  }

  #checked(follower: Follower, event: Of<'checked'>): void {
    const { member } = follower;
    expectCommand(follower, 'check', event.gate);
    const { ruling, rows } = follower.rulings.take()!;
    follower.known = rows;
    if (!isDeepStrictEqual(ruling.outcome, event.outcome)) {
      const words = (outcome: Outcome): string => describeOutcome(outcome, event.gate, follower.version);
      throw new Deviation(
        `${member} tells that it ${words(event.outcome)}, and by the machine it ${words(ruling.outcome)}`,
      );
    }
    const row = follower.recorded?.decidedNs === event.decidedNs ? follower.recorded.row : null;
    if (!isDeepStrictEqual(row, ruling.record))
      throw new Deviation(`${member} does not tell of the row that it had to record`);
    const applied = follower.applied?.decidedNs === event.decidedNs ? follower.applied.to : null;
    if (!isDeepStrictEqual(applied, ruling.apply))
      throw new Deviation(`${member} does not tell of the updates that it had to apply`);
    follow(this.#rules, follower, { is: 'checked', outcome: event.outcome });
  }

  #woken(follower: Follower, event: Of<'woken'>): void {
    if (event.by === 'timer') follow(this.#rules, follower, { is: 'timer' });
    else if (!follower.waking)
      throw new Deviation(`${follower.member} tells of a waking by a notice, and none had come`);
    follower.waking = false;
  }

  #notifying(follower: Follower, event: Of<'notifying'>): void {
    // Whoever takes a member out tells all others, whatever it is at itself.
    const taking = event.kind === 'both' ? follower.taking : null;
    if (taking === null) this.#expectNotice(follower, event.kind);
    const told = new Set(event.peers);
    const peers = taking ?? peersOf(follower);
    if (event.peers.length !== peers.length || !peers.every((member) => told.has(member)))
      throw new Deviation(`${follower.member} does not notify all its peers`);
    for (const peer of peers) {
      this.#notices.send(event, peer);
      const receiver = this.#followers.get(peer);
      if (receiver !== undefined) this.#ready.add(receiver);
    }
    if (taking !== null) follower.taking = null;
    else follow(this.#rules, follower, { is: 'notified' });
  }

  #expectNotice(follower: Follower, kind: string): void {
    expectCommand(follower, 'notify', null);
    const todo = command(follower.state!);
    if (todo.do === 'notify' && todo.kind !== kind)
      throw new Deviation(`${follower.member} sends '${kind}', and had to send '${todo.kind}'`);
  }

  #noticed(follower: Follower, event: Of<'noticed'>): void {
    this.#notices.arrive(event);
    const { state } = follower;
    const disposition = state === null ? 'dropped' : dispositionOf(this.#rules, state, event.kind);
    if (disposition !== event.disposition) {
      throw new Deviation(
        `${follower.member} tells that a notice from ${event.from} was ${event.disposition}, and the machine says ${disposition}`,
      );
    }
    if (state === null) return;
    follow(this.#rules, follower, { is: 'noticed', kind: event.kind });
    if (disposition === 'delivered') follower.waking = true;
  }

  #patched(follower: Follower, event: Of<'patched'>): void {
    const { member, state } = follower;
    expectCommand(follower, 'patch', null);
    const todo = command(state!);
    const { patch } = todo as typeof todo & { do: 'patch' };
    if (patch.name !== event.patch || patch.changes !== event.changes)
      throw new Deviation(`${member} runs the patch ${event.patch}, and had to run ${patch.name}`);
    if (isTransaction(event)) {
      const { outcome } = follower.patchRulings.take()!;
      if (outcome !== event.outcome)
        throw new Deviation(
          `${member} tells that it ${event.outcome} the patch ${patch.name}, and the machine says '${outcome}'`,
        );
    }
    follow(this.#rules, follower, { is: 'patched', outcome: event.outcome });
  }

  #noted(follower: Follower, { patch, born }: Of<'noted'>): void {
    follower.notes.push(patch);
    if (born) return;
    expectCommand(follower, 'note', null);
    const todo = command(follower.state!);
    if (todo.do === 'note' && todo.patch.name !== patch)
      throw new Deviation(`${follower.member} notes the patch ${patch}, and had to note ${todo.patch.name}`);
    follow(this.#rules, follower, { is: 'noted' });
  }

  #exiting(follower: Follower, event: Of<'exiting'>): void {
    const { state, member } = follower;
    const isTurnedAway = TURNED_AWAY.includes(event.reason);
    if (isTurnedAway !== (state?.phase === 'exiting'))
      throw new Deviation(`${member} exits (${event.reason}), and the machine says otherwise`);
    if (follower.waking) throw new Deviation(`${member} was woken by a notice, and does not tell of it`);
  }
}

function peersOf({ member, known }: Follower): string[] {
  return known.flatMap((row) => (row.member === member ? [] : row.member));
}
