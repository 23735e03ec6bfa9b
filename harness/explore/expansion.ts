/**
 * One world expanded: every step that may come next, of every member, and the world that it leads to. Nothing is allocated
 * for a step.
 */
import { hindranceOf, isApplied } from '../../node/upgrade/safety.ts';
import type { Checks } from './checks.ts';
import type { Locals } from './locals.ts';
import { packStep, type Question, STEP_BITS } from './question.ts';
import { APPLIED_MASK, CRASH, DUPLICATE, LOSE, MOST_FAULTS, type States } from './states.ts';
import { type Move, type Steps, stepOf, targetOf } from './steps.ts';
import { Table } from './table.ts';

/** No member has an urgent step. */
const NONE = -1;

const CHECK = packStep('check');

/** What worlds of one model share, however many searches go through them. */
export interface Ground {
  readonly locals: Locals;
  readonly steps: Steps;
  readonly checks: Checks;
}

export class Expansion {
  readonly #locals: Locals;
  readonly #steps: Steps;
  readonly #checks: Checks;
  readonly #members: number;
  readonly #to: Question['to'];
  readonly #reduce: boolean;
  readonly #states: States;
  #head = 0;
  #isStuck = true;
  /** The world being expanded, sorted: filled by whoever asks for its expansion. */
  readonly here: Int32Array;
  /** The one being made from it. */
  readonly #there: Int32Array;
  /** Worlds in which somebody has just passed its last gate who must not open, or applied an update for the second time. */
  readonly unsafe = new Set<number>();

  /** @param states where the worlds go */
  constructor({ locals, steps, checks }: Ground, { members, to, reduce }: Question, states: States) {
    this.#locals = locals;
    this.#steps = steps;
    this.#checks = checks;
    this.#members = members;
    this.#to = to;
    this.#reduce = reduce;
    this.#states = states;
    this.here = new Int32Array(states.places);
    this.#there = new Int32Array(states.places);
  }

  /** Make all that can come next. Returns whether nobody can get on by itself. */
  expand(head: number): boolean {
    this.#head = head;
    this.#isStuck = true;
    this.#expand();
    return this.#isStuck;
  }

  #expand(): void {
    const urgent = this.#reduce && this.#head < CRASH ? this.#urgent() : NONE;
    if (urgent !== NONE) {
      this.#act(urgent);
      return;
    }
    const members = this.#members;
    for (let place = 0; place < members; place += 1) {
      // Members in the same local state lead to the same worlds.
      if (place > 0 && this.here[place] === this.here[place - 1]) continue;
      this.#act(place);
      if (this.#head > APPLIED_MASK) this.#suffer(place);
    }
  }

  /**
   * A member whose next step is its own affair: that step commutes with every other, and enables but disables nothing, so
   * no order of it and another has to be tried (a persistent set of one, as partial-order reduction has it). Notifying adds
   * notices that may be as late as before; opening leaves a state that drops everything; and parking, where early notices
   * are kept, ends in the same state whether the notice comes before it or after. Where they are dropped it does not.
   * Nothing is put off for ever: no member comes back to such a step without a check, at which all others are tried too.
   *
   * As long as a member may crash none of it holds, as it starts again and reads what was on its way to it. From the last
   * crash on, the search is one that begins there, and in which nobody crashes.
   */
  #urgent(): number {
    const members = this.#members;
    const { wakeups } = this.#locals.model.rules;
    for (let place = 0; place < members; place += 1) {
      const next = this.#locals.nextOf(this.here[place]!);
      if (next === 'notify' || next === 'open' || (next === 'park' && wakeups === 'latched')) return place;
    }
    return NONE;
  }

  /** What a member can do, or have done to it by the operator, a notice or a timer. */
  #act(place: number): void {
    const local = this.here[place]!;
    const next = this.#locals.nextOf(local);
    if (next === 'check') this.#check(place, local);
    else if (next === 'notify') this.#notify(place, local);
    const moves = this.#steps.own.of(local);
    if (moves.length > 0) this.#isStuck = false;
    for (let index = 0; index < moves.length; index += 1) this.#move(place, moves[index]!, this.#head);
  }

  /** What can go wrong, as long as the budget for it lasts. Nobody may count on a fault to get on. */
  #suffer(place: number): void {
    const local = this.here[place]!;
    const { lost, duplicated, crashed } = this.#steps;
    if ((this.#head & (MOST_FAULTS * LOSE)) > 0)
      for (const move of lost.of(local)) this.#move(place, move, this.#head - LOSE);
    if ((this.#head & (MOST_FAULTS * DUPLICATE)) > 0)
      for (const move of duplicated.of(local)) this.#move(place, move, this.#head - DUPLICATE);
    if (this.#head >= CRASH) for (const move of crashed.of(local)) this.#crash(place, move);
  }

  /** With the last crash that may be, all members become immortal. */
  #crash(place: number, move: Move): void {
    const head = this.#head - CRASH;
    if (head >= CRASH) {
      this.#move(place, move, head);
      return;
    }
    const { immortal } = this.#steps;
    const members = this.#members;
    for (let other = 0; other < members; other += 1) {
      this.#there[other] = immortal.of(other === place ? targetOf(move) : this.here[other]!);
    }
    sort(this.#there, members);
    this.#states.reach(head, this.#there, stepOf(move) | (place << STEP_BITS));
  }

  /** One member moves: put where it belongs now, the others stay sorted. */
  #move(place: number, move: Move, head: number): void {
    const here = this.here;
    const there = this.#there;
    const last = this.#members - 1;
    const target = targetOf(move);
    // A loop, because a call of `set` takes longer than to copy so few.
    for (let other = 0; other <= last; other += 1) there[other] = here[other]!;
    let at = place;
    for (; at > 0 && there[at - 1]! > target; at -= 1) there[at] = there[at - 1]!;
    for (; at < last && there[at + 1]! < target; at += 1) there[at] = there[at + 1]!;
    there[at] = target;
    this.#states.reach(head, this.#there, stepOf(move) | (place << STEP_BITS));
  }

  #notify(place: number, local: number): void {
    const kind = this.#steps.kind.of(local);
    const sent = this.#steps.sent[kind]!;
    const members = this.#members;
    for (let other = 0; other < members; other += 1) {
      const before = this.here[other]!;
      this.#there[other] = other === place ? this.#steps.notified.of(local) : sent.of(before);
    }
    sort(this.#there, members);
    this.#isStuck = false;
    this.#states.reach(this.#head, this.#there, packStep('notify', kind, place));
  }

  #check(place: number, local: number): void {
    const members = this.#members;
    let peers = 0;
    for (let other = 0; other < members; other += 1) {
      if (other !== place) peers |= this.#locals.rowBit(this.here[other]!);
    }
    const checked = this.#checks.of(local, this.#head & APPLIED_MASK, peers);
    for (let other = 0; other < members; other += 1) {
      const before = this.here[other]!;
      this.#there[other] =
        other === place ? checked.local : checked.seeded === null ? before : checked.seeded.of(before);
    }
    sort(this.#there, members);
    this.#isStuck = false;
    const isWrong = checked.appliedTwice || this.#isWrongToOpen(checked.local, checked.applied);
    const reached = this.#states.reach(
      (this.#head & ~APPLIED_MASK) | checked.applied,
      this.#there,
      CHECK | (place << STEP_BITS),
    );
    if (isWrong) this.unsafe.add(reached);
  }

  /** Whether a member's row misleads whoever reads it: it is not at the version of the roll, or its member runs another. */
  readonly #misleads = new Table((number): boolean => {
    const { row, state, version } = this.#locals.at(number);
    // Whoever is turned away has looked; whoever has not may still put its row right.
    return hindranceOf(this.#to, row, state?.phase === 'exiting' ? version : null) !== null;
  });

  /**
   * Whether a member that has just passed its last gate is wrong to open: a row or the schema is not at its version, or a
   * row is, whose member was turned away and runs another.
   */
  #isWrongToOpen(opening: number, applied: number): boolean {
    if (this.#locals.nextOf(opening) !== 'open') return false;
    const { version } = this.#locals.at(opening);
    // Back on the older version after a crash, it may open among others of that version, as one that was never refreshed.
    if (version !== this.#to) return false;
    const schema = this.#locals.schemaAt(applied);
    if (!isApplied(schema, version)) return true;
    for (let place = 0; place < this.#members; place += 1) if (this.#misleads.of(this.#there[place]!)) return true;
    return false;
  }
}

/** Local states in order, by insertion: they are few, and mostly in order already. */
export function sort(locals: Int32Array, members: number): void {
  for (let index = 1; index < members; index += 1) {
    const value = locals[index]!;
    let at = index;
    for (; at > 0 && locals[at - 1]! > value; at -= 1) locals[at] = locals[at - 1]!;
    locals[at] = value;
  }
}
