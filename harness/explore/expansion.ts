/**
 * One world expanded: every step that may come next, of every member, and the world that it leads to. Nothing is allocated
 * for a step.
 */
import type { Checks } from './checks.ts';
import type { Locals } from './locals.ts';
import { packStep, type Question, STEP_BITS } from './question.ts';
import {
  APPLIED_MASK,
  CRASH,
  DUPLICATE,
  FAIL,
  JOIN,
  LEAVE,
  LOSE,
  leftOf,
  MOST_CHANGES,
  type States,
} from './states.ts';
import { type Move, type Steps, stepOf, targetOf } from './steps.ts';
import { Wrongs } from './wrongs.ts';

/** No member has an urgent step. */
const NONE = -1;

const CHECK = packStep('check');
const BEGIN = packStep('begin');
const PATCH = packStep('patch');
const LEAVES = packStep('leave');
const BOTH = 2;

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
  readonly #places: number;
  readonly #question: Question;
  readonly #states: States;
  readonly #wrongs: Wrongs;
  /** Whether some patch does not wait, so that it matters who is in the middle of one. */
  readonly #hasCollisions: boolean;
  #head = 0;
  /** Whether somebody can get on by itself, and whether by being refreshed. */
  #moves = false;
  #isRefreshed = false;
  /** The world being expanded, sorted: filled by whoever asks for its expansion. */
  readonly here: Int32Array;
  /** The one being made from it. */
  readonly #there: Int32Array;

  /** @param states where the worlds go */
  constructor({ locals, steps, checks }: Ground, question: Question, states: States) {
    this.#locals = locals;
    this.#steps = steps;
    this.#checks = checks;
    this.#places = question.members + question.join;
    this.#question = question;
    this.#states = states;
    this.#wrongs = new Wrongs(locals, question, this.#places);
    this.#hasCollisions = locals.patches.some(({ waits }) => !waits);
    this.here = new Int32Array(states.places);
    this.#there = new Int32Array(states.places);
  }

  /** Worlds in which something is wrong, by their numbers. */
  get wrongs(): Wrongs {
    return this.#wrongs;
  }

  /** Make all that can come next. Returns whether nobody can get on by itself, and nobody is on the way to another release. */
  expand(number: number, head: number): boolean {
    this.#head = head;
    this.#moves = false;
    this.#isRefreshed = false;
    if (this.#locals.patches.length > 0) this.#wrongs.look(number, this.here);
    this.#expand();
    if (this.#moves) return false;
    return !this.#isRefreshed || this.#wrongs.standsAtOneRelease(this.here);
  }

  #expand(): void {
    const urgent = this.#question.reduce && this.#isWithoutHarm() ? this.#urgent() : NONE;
    if (urgent !== NONE) {
      this.#act(urgent);
      return;
    }
    for (let place = 0; place < this.#places; place += 1) {
      // Members in the same local state lead to the same worlds.
      if (place > 0 && this.here[place] === this.here[place - 1]) continue;
      this.#act(place);
      this.#refresh(place);
      if (this.#head > APPLIED_MASK) this.#suffer(place);
    }
  }

  /** Nobody may crash or leave any more. */
  #isWithoutHarm(): boolean {
    return leftOf(this.#head, CRASH) === 0 && leftOf(this.#head, LEAVE, MOST_CHANGES) === 0;
  }

  /**
   * A member whose next step is its own affair: that step commutes with every other, and enables but disables nothing, so
   * no order of it and another has to be tried (a persistent set of one, as partial-order reduction has it). Notifying adds
   * notices that may be as late as before; opening leaves a state that takes no other notices than it did; and parking, where
   * early notices are kept, ends in the same state whether the notice comes before it or after. Where they are dropped it
   * does not. Nothing is put off for ever: no member comes back to such a step without a check, at which all others are tried
   * too.
   *
   * As long as a member may crash, or leave, none of it holds, as it starts again and reads what was on its way to it. From the
   * last crash on, the search is one that begins there, and in which nobody crashes. Nor does it hold of a member that may be
   * refreshed once more: that takes the step away. And where a patch may be misread, an opening is to be seen.
   */
  #urgent(): number {
    const { wakeups } = this.#locals.model.rules;
    for (let place = 0; place < this.#places; place += 1) {
      const local = this.here[place]!;
      const next = this.#locals.nextOf(local);
      const isOwn =
        next === 'notify' ||
        (next === 'open' && this.#locals.patches.length === 0) ||
        (next === 'park' && wakeups === 'latched');
      if (isOwn && this.#locals.isLast(this.#locals.at(local))) return place;
    }
    return NONE;
  }

  /** What a member can do, or have done to it by a notice or a timer. */
  #act(place: number): void {
    const local = this.here[place]!;
    const next = this.#locals.nextOf(local);
    if (next === 'check') this.#check(place, local);
    else if (next === 'notify') this.#notify(place, local);
    else if (next === 'patch') this.#patch(place, local);
    const moves = this.#steps.own.of(local);
    if (moves.length > 0) this.#moves = true;
    for (let index = 0; index < moves.length; index += 1) this.#move(place, moves[index]!, this.#head);
  }

  /** An operator refreshes it, or it has asked for that itself. A member that was refreshed is so again where there are more releases. */
  #refresh(place: number): void {
    const local = this.here[place]!;
    const { versions, refreshing } = this.#question;
    const next = this.#locals.nextOf(local);
    const isAgain = versions.length > 2 || refreshing === 'auto';
    if (next === 'absent' || (next !== 'refresh' && !isAgain)) return;
    const moves = this.#steps.refreshed.of(local);
    for (let index = 0; index < moves.length; index += 1) {
      if (refreshing === 'auto' && !this.#wrongs.isAsked(this.here, place, this.#steps, index)) continue;
      this.#isRefreshed = true;
      this.#move(place, moves[index]!, this.#head);
      if (index === 0 && leftOf(this.#head, FAIL) > 0)
        this.#move(place, this.#steps.failed.of(local), this.#head - FAIL);
    }
  }

  /** What can go wrong, or may change, as long as the budget for it lasts. Nobody may count on it to get on. */
  #suffer(place: number): void {
    const local = this.here[place]!;
    const { lost, duplicated, crashed } = this.#steps;
    if (leftOf(this.#head, LOSE) > 0) for (const move of lost.of(local)) this.#move(place, move, this.#head - LOSE);
    if (leftOf(this.#head, DUPLICATE) > 0)
      for (const move of duplicated.of(local)) this.#move(place, move, this.#head - DUPLICATE);
    if (leftOf(this.#head, CRASH) > 0) for (const move of crashed.of(local)) this.#crash(place, move);
    if (leftOf(this.#head, LEAVE, MOST_CHANGES) > 0) this.#leave(place, local);
    if (leftOf(this.#head, JOIN, MOST_CHANGES) > 0) this.#join(place, local);
  }

  /** With the last crash that may be, all members become immortal. */
  #crash(place: number, move: Move): void {
    const head = this.#head - CRASH;
    if (leftOf(head, CRASH) > 0) {
      this.#move(place, move, head);
      return;
    }
    const { immortal } = this.#steps;
    for (let other = 0; other < this.#places; other += 1) {
      this.#there[other] = immortal.of(other === place ? targetOf(move) : this.here[other]!);
    }
    this.#reach(head, stepOf(move) | (place << STEP_BITS));
  }

  /** One that serves takes a member out of the cluster for good, and tells all others to look again. */
  #leave(place: number, local: number): void {
    if (this.#locals.nextOf(local) === 'absent' || !this.#wrongs.servesBeside(this.here, place)) return;
    if (this.#isWritten(place)) return;
    const told = this.#steps.sent[BOTH]!;
    for (let other = 0; other < this.#places; other += 1)
      this.#there[other] = other === place ? this.#steps.left.of(local) : told.of(this.here[other]!);
    this.#reach(this.#head - LEAVE, LEAVES | (place << STEP_BITS));
  }

  /** One that serves lets a new member in, of its own release. */
  #join(place: number, local: number): void {
    if (this.#locals.nextOf(local) !== 'absent' || this.#isWritten(place)) return;
    for (let through = 0; through < this.#places; through += 1) {
      const peer = this.here[through]!;
      if (!this.#wrongs.serves.of(peer) || (through > 0 && this.here[through - 1] === peer)) continue;
      for (let other = 0; other < this.#places; other += 1)
        this.#there[other] = other === place ? this.#steps.joined(local, peer) : this.here[other]!;
      const step = packStep('join', this.#steps.versionOf.of(peer), place);
      this.#reach(this.#head - JOIN, step);
    }
  }

  /** One member moves: put where it belongs now, the others stay sorted. */
  #move(place: number, move: Move, head: number): void {
    const here = this.here;
    const there = this.#there;
    const last = this.#places - 1;
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
    for (let other = 0; other < this.#places; other += 1) {
      const before = this.here[other]!;
      this.#there[other] = other === place ? this.#steps.notified.of(local) : sent.of(before);
    }
    this.#moves = true;
    this.#reach(this.#head, packStep('notify', kind, place));
  }

  #check(place: number, local: number): void {
    if (this.#isWritten(place)) return;
    let peers = 0;
    for (let other = 0; other < this.#places; other += 1) {
      if (other !== place) peers |= this.#locals.rowBit(this.here[other]!);
    }
    const checked = this.#checks.of(local, this.#head & APPLIED_MASK, peers);
    for (let other = 0; other < this.#places; other += 1) {
      const before = this.here[other]!;
      this.#there[other] =
        other === place ? checked.local : checked.seeded === null ? before : checked.seeded.of(before);
    }
    this.#moves = true;
    const reached = this.#reach((this.#head & ~APPLIED_MASK) | checked.applied, CHECK | (place << STEP_BITS));
    const isWrong = checked.appliedTwice || this.#wrongs.isWrongToOpen(this.#there, checked.local, checked.applied);
    if (isWrong) this.#wrongs.unsafe.add(reached);
  }

  /** Whether another is in the middle of a patch: whoever wants to write waits for it. */
  #isWritten(place: number): boolean {
    return this.#hasCollisions && this.#wrongs.isInsideBeside(this.here, place);
  }

  /** A patch in one step, where nobody can tell; else its transaction is entered first, and others may be in its way. */
  #patch(place: number, local: number): void {
    const patch = this.#steps.patch.of(local);
    const ofDatabase = this.#hasCollisions && patch.changes === 'database';
    if (ofDatabase && !this.#locals.at(local).inside) {
      const collides = this.#wrongs.isInsideBeside(this.here, place);
      if (collides && patch.waits) return;
      this.#moves = true;
      this.#replace(place, collides ? this.#steps.collided.of(local) : this.#steps.begun.of(local));
      this.#reach(this.#head, (collides ? PATCH : BEGIN) | (place << STEP_BITS));
      return;
    }
    const outcome = this.#wrongs.outcomeOf(this.here, patch);
    this.#moves = true;
    this.#replace(place, this.#steps.patched[outcome].of(local));
    const reached = this.#reach(this.#head, PATCH | (place << STEP_BITS));
    if (this.#wrongs.isRunAgain(this.here, place, patch, outcome)) this.#wrongs.unsafe.add(reached);
  }

  #replace(place: number, local: number): void {
    for (let other = 0; other < this.#places; other += 1)
      this.#there[other] = other === place ? local : this.here[other]!;
  }

  #reach(head: number, step: number): number {
    sort(this.#there, this.#places);
    return this.#states.reach(head, this.#there, step);
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
