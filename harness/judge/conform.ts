/**
 * Whether the machine allows what a real roll did: every observed step must be one that the model could take there, with
 * the outcome that was told. The events of a member come in its own order; the transactions of all members in the order
 * of the database; a notice arrives after it was sent. More order than that a trace does not have, and none is needed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ExitReason, MemberEvent } from '../../node/events.ts';
import { carryOut, examine, withoutRow } from '../../node/upgrade/gate.ts';
import { advance, command, dispositionOf, type Input, type Rules, start } from '../../node/upgrade/machine.ts';
import { examinePatch, type PatchRuling } from '../../node/upgrade/patch.ts';
import { patchesOf, type Version, type View } from '../../node/upgrade/version.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEventsOf, type Trace } from '../trace/trace.ts';
import { observedDeviationOf } from './conform-observed.ts';
import {
  type Examined,
  type Follower,
  isTransaction,
  type Of,
  Queue,
  type Transaction,
  transactionsOf,
} from './follower.ts';

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

/** What the machine itself gives up for. */
const TURNED_AWAY: readonly ExitReason[] = ['ahead', 'forked', 'unsupported', 'patch-failed'];

/** A notice on its way to one peer. */
interface Sent {
  readonly kind: string;
  readonly by: string;
  readonly to: string;
  readonly atNs: number;
  arrived: boolean;
  answered: boolean;
  accepted: boolean;
}

class Conformance {
  readonly #rules: Rules;
  readonly #followers: ReadonlyMap<string, Follower>;
  readonly #transactions: readonly Transaction[];
  /** Those whose next event may be due. */
  readonly #ready = new Queue<Follower>();
  #view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  /** Who has run which patch for all. */
  readonly #claims: Record<string, string> = {};
  /** Notices that were sent, by their name and peer, and what is known of them. */
  readonly #sent = new Map<string, Sent>();
  readonly #trace: Trace;

  constructor(plan: Plan, trace: Trace) {
    this.#trace = trace;
    this.#rules = rulesOf(plan.daemon.model!);
    const version = plan.versions[plan.from]!;
    const followers = plan.members.map((member): Follower => {
      const events = eventsOf(trace, member);
      const rulings = new Queue<Examined>();
      const patchRulings = new Queue<PatchRuling>();
      return {
        member,
        events,
        at: 0,
        version,
        state: null,
        rulings,
        recorded: null,
        applied: null,
        notes: [],
        patchRulings,
        peers: [],
        taking: null,
        waking: false,
      };
    });
    this.#followers = new Map(followers.map((follower) => [follower.member, follower]));
    this.#transactions = followers
      .flatMap(transactionsOf)
      .sort((one, other) => one.told.decidedNs - other.told.decidedNs);
  }

  check(): void {
    for (const follower of this.#followers.values()) this.#ready.add(follower);
    this.#followUp();
    for (const transaction of this.#transactions) {
      this.#transact(transaction);
      this.#ready.add(transaction.follower);
      this.#followUp();
    }
    for (const { member, events, at } of this.#followers.values()) {
      const left = events[at];
      if (left !== undefined) throw new Deviation(`${member} tells '${left.event}', and nothing could have led to it`);
    }
    for (const [name, sent] of this.#sent) {
      const { arrived, answered, accepted } = sent;
      if (!answered && !this.#isKilledSince(sent.by, sent))
        throw new Deviation(`notice ${name} was sent, and nobody tells how that ended`);
      if (accepted && !arrived && !this.#isKilledSince(sent.to, sent))
        throw new Deviation(`notice ${name} was accepted, and its receiver does not tell of it`);
    }
  }

  /** Of what a member had sent, or taken in, that was killed, it cannot tell any more. */
  #isKilledSince(member: string, { atNs }: Sent): boolean {
    return rigEventsOf(this.#trace, 'killing', member).some((killing) => killing.atNs > atNs);
  }

  /** The next transaction of the database, whichever member's it is. */
  #transact({ follower, told, version }: Transaction): void {
    if (told.event === 'recorded') {
      this.#view = { ...this.#view, rows: [...this.#view.rows, told.row].sort(byMember) };
      const applied = follower.events.find(
        (event): event is Of<'applied'> => event.event === 'applied' && event.decidedNs === told.decidedNs,
      );
      if (applied !== undefined) this.#view = { ...this.#view, applied: applied.to };
      return;
    }
    if (told.event === 'patched') {
      follower.patchRulings.add(this.#patch(follower.member, told, version));
      return;
    }
    if (told.event === 'removed') {
      this.#view = withoutRow(this.#view, told.peer);
      follower.taking = this.#view.rows.map(({ member }) => member);
      return;
    }
    const { strategy, ahead } = this.#rules;
    if (!this.#view.rows.some(({ member }) => member === follower.member))
      throw new Deviation(`${follower.member} examines the ${told.gate} gate, and has no row in the database`);
    const ruling = examine(strategy, ahead, told.gate, follower.member, version, this.#view);
    const peers = this.#view.rows.flatMap(({ member }) => (member === follower.member ? [] : member));
    follower.rulings.add({ ruling, peers });
    this.#view = carryOut(this.#view, ruling);
  }

  /** The transaction of a patch. */
  #patch(member: string, { patch: name }: Of<'patched'>, version: Version): PatchRuling {
    const patch = patchesOf(version).find((one) => one.name === name);
    if (patch === undefined)
      throw new Deviation(`${member} runs the patch ${name}, which ${version.name} does not have`);
    const ruling = examinePatch(this.#rules.patching.by, patch, this.#claims);
    if (ruling.claims) this.#claims[name] = member;
    return ruling;
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
    return event.event !== 'noticed' || this.#sent.has(nameOf(event.notice, follower.member));
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
        break;
    }
  }

  #checked(follower: Follower, event: Of<'checked'>): void {
    const { member } = follower;
    this.#expectCommand(follower, 'check', event.gate);
    const { ruling, peers } = follower.rulings.take()!;
    follower.peers = peers;
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
    // Whoever takes a member out tells all others, whatever it is at itself.
    const taking = event.kind === 'both' ? follower.taking : null;
    if (taking === null) this.#expectNotice(follower, event.kind);
    const told = new Set(event.peers);
    const peers = taking ?? follower.peers;
    if (event.peers.length !== peers.length || !peers.every((member) => told.has(member)))
      throw new Deviation(`${follower.member} does not notify all its peers`);
    for (const peer of peers) {
      const name = nameOf(event.notice, peer);
      const { kind, member: by, atNs } = event;
      this.#sent.set(name, { kind, by, to: peer, atNs, arrived: false, answered: false, accepted: false });
      const receiver = this.#followers.get(peer);
      if (receiver !== undefined) this.#ready.add(receiver);
    }
    if (taking !== null) follower.taking = null;
    else this.#input(follower, { is: 'notified' });
  }

  #expectNotice(follower: Follower, kind: string): void {
    this.#expectCommand(follower, 'notify', null);
    const todo = command(follower.state!);
    if (todo.do === 'notify' && todo.kind !== kind)
      throw new Deviation(`${follower.member} sends '${kind}', and had to send '${todo.kind}'`);
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

  #patched(follower: Follower, event: Of<'patched'>): void {
    const { member, state } = follower;
    this.#expectCommand(follower, 'patch', null);
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
    this.#input(follower, { is: 'patched', outcome: event.outcome });
  }

  #noted(follower: Follower, { patch, born }: Of<'noted'>): void {
    follower.notes.push(patch);
    if (born) return;
    this.#expectCommand(follower, 'note', null);
    const todo = command(follower.state!);
    if (todo.do === 'note' && todo.patch.name !== patch)
      throw new Deviation(`${follower.member} notes the patch ${patch}, and had to note ${todo.patch.name}`);
    this.#input(follower, { is: 'noted' });
  }

  #exiting(follower: Follower, event: Of<'exiting'>): void {
    const { state, member } = follower;
    const isTurnedAway = TURNED_AWAY.includes(event.reason);
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

function byMember(one: { member: string }, other: { member: string }): number {
  return one.member < other.member ? -1 : 1;
}

function nameOf(notice: string, peer: string): string {
  return `${notice} to ${peer}`;
}
