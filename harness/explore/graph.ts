/**
 * How the states of a search hang together: by which step each was first come by, and where each transition leads. States
 * are closed in the order of their numbers, so that the transitions of one lie side by side.
 */
import { type PackedStep, unpackStep } from './question.ts';

/** The state before the first. */
export const NO_STATE = -1;

const FIRST_SIZE = 1 << 12;

export class Graph {
  #parents: Int32Array = new Int32Array(FIRST_SIZE);
  #steps: Int32Array = new Int32Array(FIRST_SIZE);
  #targets: Int32Array = new Int32Array(FIRST_SIZE);
  /** Where the transitions of each closed state end; those of the next begin there. */
  #ends: Int32Array = new Int32Array(FIRST_SIZE);
  #transitions = 0;
  #closed = 0;

  get transitions(): number {
    return this.#transitions;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return 4 * (this.#parents.length + this.#steps.length + this.#targets.length + this.#ends.length);
  }

  /** A new state, and the packed step by which it was come by. */
  note(state: number, parent: number, step: number): void {
    if (state >= this.#parents.length) {
      this.#parents = doubled(this.#parents);
      this.#steps = doubled(this.#steps);
    }
    this.#parents[state] = parent;
    this.#steps[state] = step;
  }

  /** A transition of the state that is being expanded. */
  link(target: number): void {
    if (this.#transitions >= this.#targets.length) this.#targets = doubled(this.#targets);
    this.#targets[this.#transitions] = target;
    this.#transitions += 1;
  }

  /** The state that was being expanded has no more transitions. */
  close(): void {
    if (this.#closed >= this.#ends.length) this.#ends = doubled(this.#ends);
    this.#ends[this.#closed] = this.#transitions;
    this.#closed += 1;
  }

  /** The steps by which a state was first come by. */
  pathTo(state: number): PackedStep[] {
    const path: PackedStep[] = [];
    for (let at = state; this.#parents[at] !== NO_STATE; at = this.#parents[at]!)
      path.push(unpackStep(this.#steps[at]!));
    return path.reverse();
  }

  /**
   * The states that are left when, again and again, those are taken away that nothing leads to any more. Every step of a
   * sound protocol uses something up (a refresh, a notice, a gate), so that none is left.
   * @param count how many states there are, all of them closed
   */
  cyclic(count: number): number[] {
    const leadingHere = new Int32Array(count);
    for (let edge = 0; edge < this.#transitions; edge += 1) leadingHere[this.#targets[edge]!]! += 1;
    const free = new Int32Array(count);
    let found = 0;
    for (let state = 0; state < count; state += 1) if (leadingHere[state] === 0) free[found++] = state;
    // The list grows while it is walked.
    for (let taken = 0; taken < found; taken += 1) {
      const state = free[taken]!;
      for (let edge = state === 0 ? 0 : this.#ends[state - 1]!; edge < this.#ends[state]!; edge += 1) {
        const target = this.#targets[edge]!;
        leadingHere[target]! -= 1;
        if (leadingHere[target] === 0) free[found++] = target;
      }
    }
    const left: number[] = [];
    for (let state = 0; state < count && left.length < count - found; state += 1)
      if (leadingHere[state]! > 0) left.push(state);
    return left;
  }
}

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
