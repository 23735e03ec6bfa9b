/**
 * Drives the upgrade machine of one member with a real database, network and clock: carry out the command, answer with
 * an input, until the member is open or gives up. All decisions are the machine's.
 */
import { type Build, changeOf } from './build.ts';
import { nowNs } from './clock.ts';
import type { Database } from './database/database.ts';
import { passGate } from './database/gate-transaction.ts';
import type { MemberRecord } from './database/members.ts';
import { PatchError, runPatch } from './database/patches.ts';
import { beginsAgain, cameToItsEnd, type Defect } from './defects.ts';
import type { Tell } from './events.ts';
import type { Failpoints } from './failpoints.ts';
import { moveDurably, type PatchNotes } from './patch-notes.ts';
import { type Notices, peerOf } from './peers/notices.ts';
import type { Outcome } from './upgrade/gate.ts';
import {
  advance,
  command,
  type Disposition,
  dispositionOf,
  isServing,
  type PatchFailure,
  type Rules,
  type State,
  start,
  type WokenBy,
} from './upgrade/machine.ts';
import type { Patch, PatchOutcome } from './upgrade/patch.ts';
import type { Gate, NoticeKind } from './upgrade/strategy.ts';
import { patchesOf } from './upgrade/version.ts';
import { describeOutcome } from './words.ts';

/** What the upgrader needs of the member around it. */
export interface Surroundings {
  readonly member: string;
  readonly build: Build;
  readonly database: Database;
  readonly notices: Notices;
  readonly failpoints: Failpoints;
  readonly notes: PatchNotes;
  readonly stateFolder: string;
  readonly tell: Tell;
  /** Writes one line for a person. */
  readonly log: (line: string) => void;
  /** The member waits from now on. @param members as they were when it was turned back */
  readonly onPark: (members: readonly MemberRecord[]) => void;
  /** The member serves from now on; its upgrade may go on. */
  readonly onOpen: () => void;
  readonly waitMs: number;
  readonly defect: Defect | null;
}

/** A park under way: the gate, what it was blocked by, and since when. */
export interface Wait {
  readonly gate: Gate;
  readonly outcome: Outcome;
  readonly since: Date;
}

/** How the upgrade ended: open, or turned away. */
export type Ending =
  | { readonly is: 'open' }
  | { readonly is: 'turned-away'; readonly gate: Gate | null; readonly outcome: Outcome | PatchFailure };

export class Upgrader {
  readonly #rules: Rules;
  readonly #around: Surroundings;
  #state: State;
  /** As the last gate had them. */
  #members: readonly MemberRecord[] = [];
  #blocked: Wait | null = null;
  #lastWoken: WokenBy | null = null;
  /** Of a member with a planted defect: whether an upgrade of it was interrupted before. */
  readonly #beginsAgain: boolean;
  /** Whether the next park is over as it begins: its clock has jumped. */
  #jumps = false;
  /** Wakes the loop where it waits; replaced at every park. */
  #wake: (by: WokenBy) => void = () => undefined;

  constructor(rules: Rules, around: Surroundings) {
    this.#rules = rules;
    this.#around = around;
    this.#beginsAgain = around.defect !== null && beginsAgain(around.stateFolder);
    this.#state = start(rules, patchesOf(around.build.version), around.notes.names);
  }

  get isOpen(): boolean {
    return isServing(this.#state);
  }

  get isExiting(): boolean {
    return this.#state.phase === 'exiting';
  }

  /** What the member was last found to wait for; null while it has not been turned back at a gate. */
  get wait(): Wait | null {
    return this.#blocked;
  }

  /** A notice has come in from a peer. */
  notice(kind: NoticeKind): Disposition {
    const disposition = dispositionOf(this.#rules, this.#state, kind);
    if (disposition === 'latched' && this.#around.defect === 'forgets-latch') return disposition;
    this.#state = advance(this.#rules, this.#state, { is: 'noticed', kind });
    if (disposition === 'delivered') this.#wake('notice');
    return disposition;
  }

  /** The timer of the present park fires now; where there is none, that of the next does as it is set. */
  jumpTimer(): void {
    if (this.#state.phase === 'parked') this.#wake('timer');
    else this.#jumps = true;
  }

  /**
   * Run until the member is open and has sent its notices, or is turned away.
   * @throws UpdateError where a schema update fails; whatever the database throws
   */
  async run(): Promise<Ending> {
    for (;;) {
      const todo = command(this.#state);
      switch (todo.do) {
        case 'check':
          await this.#check(todo.gate);
          break;
        case 'park':
          await this.#park(todo.gate);
          break;
        case 'wait':
          throw new Error('the upgrader left a park without having been woken');
        case 'notify':
          await this.#around.failpoints.pass('before-notify');
          await this.#notify(todo.kind);
          this.#state = advance(this.#rules, this.#state, { is: 'notified' });
          break;
        case 'open':
          await this.#around.failpoints.pass('before-open');
          this.#state = advance(this.#rules, this.#state, { is: 'opened' });
          this.#blocked = null;
          this.#tellOpen();
          break;
        case 'patch':
          await this.#patch(todo.patch);
          break;
        case 'note':
          await this.#around.failpoints.pass('before-note');
          this.#around.notes.add(todo.patch.name);
          this.#around.tell('noted', { patch: todo.patch.name, born: false });
          this.#state = advance(this.#rules, this.#state, { is: 'noted' });
          break;
        case 'serve':
          return { is: 'open' };
        case 'exit':
          return { is: 'turned-away', gate: this.#blocked?.gate ?? null, outcome: todo.outcome };
      }
    }
  }

  /**
   * Whoever passes a gate without having been woken is the one that the others wait for: its notices leave before its own
   * next gate. Whoever was woken is as a rule one of many, and tells others what they have just heard; there the next gate
   * goes first, for which somebody may be waiting.
   */
  async #notify(kind: NoticeKind): Promise<void> {
    if (this.#beginsAgain && this.#around.defect === 'silent-restart') return;
    const peers = this.#members.filter(({ member }) => member !== this.#around.member).map(peerOf);
    const leaving = this.#around.notices.send(kind, peers);
    if (this.#lastWoken !== 'notice') await leaving;
  }

  async #check(gate: Gate): Promise<void> {
    const { database, member, build, failpoints, tell, log, defect } = this.#around;
    await failpoints.pass('before-check');
    const hold = () => failpoints.pass('before-commit');
    const repeats = this.#beginsAgain && defect === 'applies-twice';
    const { ruling, applied, members, decidedNs } = await passGate(
      ...([database, this.#rules, gate, member, build, hold] as const),
      (found) => (repeats && found.internal > 1 ? { ...found, internal: found.internal - 1 } : found),
    );
    const { record, apply, seed } = ruling;
    const isTaken = defect === 'stale-view' && this.#lastWoken === 'notice' && ruling.outcome.is === 'blocked';
    const outcome: Outcome = isTaken ? { is: 'pass' } : ruling.outcome;
    if (record !== null) tell('recorded', { gate, row: record, decidedNs });
    if (apply !== null) tell('applied', { from: applied, to: apply, seeded: seed, decidedNs });
    tell('checked', { gate, outcome, decidedNs });
    await failpoints.pass('after-commit');
    this.#members = members;
    if (outcome.is === 'pass') {
      this.#blocked = null;
    } else {
      const since = this.#blocked?.gate === gate ? this.#blocked.since : new Date();
      this.#blocked = { gate, outcome, since };
      log(`${member} ${describeOutcome(outcome, gate, build.version)}`);
    }
    this.#state = advance(this.#rules, this.#state, { is: 'checked', outcome });
    await failpoints.pass('after-check');
  }

  #tellOpen(): void {
    const { tell, onOpen } = this.#around;
    const state = this.#state;
    const left = state.phase === 'exiting' ? [] : state.pending.map(({ name }) => name);
    if (this.#around.defect !== null) cameToItsEnd(this.#around.stateFolder);
    tell('open', left.length === 0 ? {} : { patches: left });
    onOpen();
  }

  async #patch(patch: Patch): Promise<void> {
    const { failpoints, tell, log, member } = this.#around;
    await failpoints.pass('before-patch');
    const { outcome, decidedNs } = await this.#run(patch);
    const { name, changes } = patch;
    tell('patched', { patch: name, changes, outcome, decidedNs });
    if (typeof outcome !== 'string') log(`${member} could not run the patch ${name}: ${outcome.why}`);
    this.#state = advance(this.#rules, this.#state, { is: 'patched', outcome });
  }

  async #run(patch: Patch): Promise<{ outcome: PatchOutcome | PatchFailure; decidedNs: number }> {
    const { database, member, build, failpoints, stateFolder } = this.#around;
    const change = changeOf(build, patch);
    const hold = () => failpoints.pass('in-patch');
    try {
      if ('sql' in change) return await runPatch(database, this.#rules.patching.by, member, patch, change, hold);
      await hold();
      moveDurably(stateFolder, change.move);
      return { outcome: 'ran', decidedNs: nowNs() };
    } catch (error) {
      const isOurs = error instanceof PatchError || !('sql' in change);
      if (!isOurs) throw error;
      const why = (error as Error).message;
      return { outcome: { is: 'patch-failed', patch: patch.name, why }, decidedNs: nowNs() };
    }
  }

  async #park(gate: Gate): Promise<void> {
    const { failpoints, tell, waitMs, onPark } = this.#around;
    await failpoints.pass('before-park');
    tell('parked', { gate, waitMs });
    this.#state = advance(this.#rules, this.#state, { is: 'parked' });
    if (this.#state.phase === 'parked') onPark(this.#members);
    // A notice that came early is taken at once; the machine has then left the park by itself.
    const by = this.#state.phase === 'parked' ? await this.#waitForWaking(waitMs) : 'notice';
    this.#lastWoken = by;
    tell('woken', { gate, by });
  }

  async #waitForWaking(waitMs: number): Promise<WokenBy> {
    const by = await new Promise<WokenBy>((resolve) => {
      const timer = setTimeout(() => resolve('timer'), this.#jumps ? 0 : waitMs);
      this.#jumps = false;
      this.#wake = (reason) => {
        clearTimeout(timer);
        resolve(reason);
      };
    });
    if (by === 'timer' && this.#state.phase === 'parked')
      this.#state = advance(this.#rules, this.#state, { is: 'timer' });
    return by;
  }
}
