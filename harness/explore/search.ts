/**
 * The search: every interleaving of a small cluster, breadth first, so that the first way found into a state is a shortest
 * one. States are packed (store.ts); a world is its members' local states (locals.ts), sorted, because members in the same
 * local state are interchangeable.
 */
import { sameVersion } from '../../node/upgrade/version.ts';
import { Graph, NO_STATE } from './graph.ts';
import { KINDS, type Locals } from './locals.ts';
import type { Findings, PackedStep, Question } from './question.ts';
import { StateStore } from './store.ts';

/** No member has an urgent step. */
const NONE = -1;
const MOST_MEMBERS = 12;
const BUDGET_BITS = 4;

export class Search {
  readonly #locals: Locals;
  readonly #question: Question;
  readonly #store: StateStore;
  readonly #graph = new Graph();
  readonly #packed: Uint32Array;
  /** The world being expanded, and the one being made from it. */
  readonly #here: Int32Array;
  readonly #there: Int32Array;
  #applied = 0;
  #lose = 0;
  #duplicate = 0;
  #crash = 0;
  #isStuck = true;
  readonly #unsafe = new Set<number>();
  #current = NO_STATE;

  constructor(locals: Locals, question: Question) {
    if (question.members > MOST_MEMBERS) throw new Error(`the packing holds ${MOST_MEMBERS} members`);
    this.#locals = locals;
    this.#question = question;
    const width = 1 + Math.ceil(question.members / 2);
    this.#store = new StateStore(width);
    this.#packed = new Uint32Array(width);
    this.#here = new Int32Array(question.members);
    this.#there = new Int32Array(question.members);
  }

  /** Search from the beginning: all members serve the older version. */
  run(): Findings {
    const { members, from, faults } = this.#question;
    const { internal, external, extensions } = from;
    const row = { internal, external, extensions };
    const serving = this.#locals.numberOf({ state: null, version: from, row, inbox: [0, 0, 0], due: false });
    this.#there.fill(serving, 0, members);
    [this.#lose, this.#duplicate, this.#crash] = [faults.lose, faults.duplicate, faults.crash];
    this.#reach(this.#locals.numberOfSchema(from), 0, 0, 0);
    return this.#explore();
  }

  /** Search from a stuck state of another search on the same local states, with the timer of every parked member due once. */
  runFrom(locals: Int32Array, applied: number): Findings {
    for (let place = 0; place < locals.length; place += 1) this.#there[place] = this.#locals.madeDue(locals[place]!);
    this.#reach(applied, 0, 0, 0);
    return this.#explore();
  }

  /** A state's members, sorted, and the applied schema. */
  world(state: number): { locals: Int32Array; applied: number } {
    this.#unpack(state);
    return { locals: this.#here.slice(), applied: this.#applied };
  }

  /** A shortest path into a state. */
  pathTo(state: number): PackedStep[] {
    return this.#graph.pathTo(state);
  }

  #explore(): Findings {
    const stuck: number[] = [];
    let allOpen = 0;
    for (this.#current = 0; this.#current < this.#store.count && this.#isWithinBounds(); this.#current += 1) {
      this.#unpack(this.#current);
      this.#isStuck = true;
      this.#expand();
      this.#graph.close();
      if (this.#allOpen()) allOpen += 1;
      else if (this.#isStuck) stuck.push(this.#current);
    }
    const exhaustive = this.#current >= this.#store.count;
    return {
      states: this.#store.count,
      transitions: this.#graph.transitions,
      stuck,
      allOpen,
      unsafe: [...this.#unsafe].sort((one, other) => one - other),
      livelock: exhaustive ? this.#graph.cyclic(this.#store.count) : [],
      exhaustive,
      bytes: this.#bytes,
    };
  }

  get #bytes(): number {
    return this.#store.bytes + this.#graph.bytes;
  }

  #isWithinBounds(): boolean {
    return this.#store.count <= this.#question.mostStates && this.#bytes <= this.#question.mostBytes;
  }

  #expand(): void {
    const urgent = this.#question.reduce ? this.#urgent() : NONE;
    const { members } = this.#question;
    for (let place = 0; place < members; place += 1) {
      if (urgent !== NONE && place !== urgent) continue;
      // Members in the same local state lead to the same worlds.
      if (place > 0 && this.#here[place] === this.#here[place - 1]) continue;
      this.#act(place);
      if (urgent === NONE) this.#suffer(place);
    }
  }

  /**
   * A member whose next step is its own affair: that step commutes with every other, and enables but disables nothing, so
   * no order of it and another has to be tried (a persistent set of one, as partial-order reduction has it). Notifying adds
   * notices that may be as late as before; opening leaves a state that drops everything; and parking, where early notices
   * are kept, ends in the same state whether the notice comes before it or after. Where they are dropped it does not, and
   * where members crash none of it holds.
   */
  #urgent(): number {
    if (this.#crash > 0) return NONE;
    for (let place = 0; place < this.#question.members; place += 1) {
      const next = this.#locals.nextOf(this.#here[place]!);
      const isOwn =
        next === 'notify' || next === 'open' || (next === 'park' && this.#locals.model.rules.wakeups === 'latched');
      if (isOwn) return place;
    }
    return NONE;
  }

  /** What a member can do, or have done to it by the operator, a notice or a timer. */
  #act(place: number): void {
    const local = this.#here[place]!;
    const at = this.#locals.at(local);
    switch (this.#locals.nextOf(local)) {
      case 'refresh':
        this.#move(place, this.#locals.refreshed(local, this.#question.to), 0);
        break;
      case 'check':
        this.#check(place, local);
        break;
      case 'park':
        this.#move(place, this.#locals.parked(local), 2);
        break;
      case 'open':
        this.#move(place, this.#locals.opened(local), 4);
        break;
      case 'notify':
        this.#notify(place, local);
        break;
      case 'wait':
        if (at.due) this.#move(place, this.#locals.timedOut(local), 6);
        break;
      case 'serve':
      case 'exit':
        break;
    }
    for (let kind = 0; kind < KINDS.length; kind += 1) {
      if (at.inbox[kind]! > 0) this.#move(place, this.#locals.delivered(local, kind), 5, kind);
    }
  }

  /** What can go wrong, as long as the budget for it lasts. */
  #suffer(place: number): void {
    const local = this.#here[place]!;
    const at = this.#locals.at(local);
    for (let kind = 0; kind < KINDS.length; kind += 1) {
      if (at.inbox[kind] === 0) continue;
      if (this.#lose > 0) this.#fault(place, this.#locals.lost(local, kind), 7, kind, 1, 0, 0);
      if (this.#duplicate > 0) this.#fault(place, this.#locals.sentTo(local, kind), 8, kind, 0, 1, 0);
    }
    if (this.#crash === 0 || at.state === null) return;
    const { from, to } = this.#question;
    for (const [detail, version] of [from, to].entries()) {
      this.#fault(place, this.#locals.refreshed(local, version), 9, detail, 0, 0, 1);
    }
  }

  #move(place: number, local: number, step: number, detail = 0): void {
    this.#there.set(this.#here);
    this.#there[place] = local;
    this.#isStuck = false;
    this.#reach(this.#applied, step, place, detail);
  }

  #fault(
    place: number,
    local: number,
    step: number,
    detail: number,
    lose: number,
    duplicate: number,
    crash: number,
  ): void {
    const before = [this.#lose, this.#duplicate, this.#crash] as const;
    const stuckBefore = this.#isStuck;
    [this.#lose, this.#duplicate, this.#crash] = [before[0] - lose, before[1] - duplicate, before[2] - crash];
    this.#move(place, local, step, detail);
    [this.#lose, this.#duplicate, this.#crash] = before;
    // Nobody may count on a fault to get on.
    this.#isStuck = stuckBefore;
  }

  #notify(place: number, local: number): void {
    const kind = this.#locals.kindOf(local);
    for (let other = 0; other < this.#question.members; other += 1) {
      this.#there[other] =
        other === place ? this.#locals.notified(local) : this.#locals.sentTo(this.#here[other]!, kind);
    }
    this.#isStuck = false;
    this.#reach(this.#applied, 3, place, kind);
  }

  #check(place: number, local: number): void {
    let peers = 0;
    for (let other = 0; other < this.#question.members; other += 1) {
      if (other !== place) peers |= this.#locals.rowBit(this.#here[other]!);
    }
    const checked = this.#locals.checked(local, this.#applied, peers);
    for (let other = 0; other < this.#question.members; other += 1) {
      const before = this.#here[other]!;
      const after = other === place ? checked.local : before;
      this.#there[other] = checked.seed >= 0 && other !== place ? this.#locals.seeded(after, checked.seed) : after;
    }
    this.#isStuck = false;
    const isWrong = checked.appliedTwice || this.#isWrongToOpen(checked.local, checked.applied);
    const reached = this.#reach(checked.applied, 1, place, 0);
    if (isWrong) this.#unsafe.add(reached);
  }

  /** Sort, pack and store the world in `#there`, and note how it was come by if it is new. */
  #reach(applied: number, step: number, place: number, detail: number): number {
    const { members } = this.#question;
    const sorted = this.#there;
    for (let index = 1; index < members; index += 1) {
      const value = sorted[index]!;
      let at = index - 1;
      while (at >= 0 && sorted[at]! > value) {
        sorted[at + 1] = sorted[at]!;
        at -= 1;
      }
      sorted[at + 1] = value;
    }
    this.#packed.fill(0);
    this.#packed[0] =
      applied |
      (this.#lose << (2 * BUDGET_BITS)) |
      (this.#duplicate << (3 * BUDGET_BITS)) |
      (this.#crash << (4 * BUDGET_BITS));
    for (let index = 0; index < members; index += 1)
      this.#packed[1 + (index >> 1)]! |= sorted[index]! << ((index & 1) * 16);
    const known = this.#store.count;
    const number = this.#store.add(this.#packed);
    if (this.#current !== NO_STATE) this.#graph.link(number);
    if (number === known) this.#graph.note(number, this.#current, { step, place, detail });
    return number;
  }

  #unpack(state: number): void {
    this.#store.read(state, this.#packed);
    const head = this.#packed[0]!;
    const budget = (1 << BUDGET_BITS) - 1;
    this.#applied = head & 0xff;
    this.#lose = (head >>> (2 * BUDGET_BITS)) & budget;
    this.#duplicate = (head >>> (3 * BUDGET_BITS)) & budget;
    this.#crash = (head >>> (4 * BUDGET_BITS)) & budget;
    for (let place = 0; place < this.#question.members; place += 1) {
      this.#here[place] = (this.#packed[1 + (place >> 1)]! >>> ((place & 1) * 16)) & 0xffff;
    }
  }

  #allOpen(): boolean {
    return this.#here.every((local) => this.#locals.nextOf(local) === 'serve');
  }

  /**
   * Whether a member that has just passed its last gate is wrong to open: a row or the schema is not at its version, or a
   * row is, whose member was turned away and runs another.
   */
  #isWrongToOpen(opening: number, applied: number): boolean {
    if (this.#locals.nextOf(opening) !== 'open') return false;
    const { version } = this.#locals.at(opening);
    // Back on the older version after a crash, it may open among others of that version, as one that was never refreshed.
    if (version !== this.#question.to) return false;
    const schema = this.#locals.schemaAt(applied);
    if (schema.internal !== version.internal || schema.external !== version.external) return true;
    return this.#there.some((number) => {
      const { row, state, version: runs } = this.#locals.at(number);
      return !sameVersion(row, version) || (state?.phase === 'exiting' && !sameVersion(row, runs));
    });
  }
}
