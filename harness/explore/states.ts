/**
 * The worlds that a search has come by, and how: each packed into a few words, its members sorted, because members in the
 * same local state are interchangeable.
 */
import { Graph, NO_STATE } from './graph.ts';
import type { PackedStep } from './question.ts';
import { StateStore } from './store.ts';

const MOST_MEMBERS = 12;

/**
 * The first word of a packed world, its head: the applied schema, what may still go wrong, four bits each, and what else may
 * still happen, two bits each.
 */
export const APPLIED_MASK = 0xff;
export const LOSE = 1 << 8;
export const DUPLICATE = 1 << 12;
export const CRASH = 1 << 16;
export const FAIL = 1 << 20;
export const LEAVE = 1 << 24;
export const JOIN = 1 << 26;
export const MOST_FAULTS = 15;
export const MOST_CHANGES = 3;

/** How many of a kind a head still allows. */
export function leftOf(head: number, kind: number, most = MOST_FAULTS): number {
  return Math.trunc((head & (most * kind)) / kind);
}

export class States {
  /** Room for the members of a world: two go to a word, so where they are odd in number, a place stays empty. */
  readonly places: number;
  readonly #store: StateStore;
  readonly #graph = new Graph();
  readonly #packed: Int32Array;
  #current = NO_STATE;

  constructor(members: number) {
    if (members > MOST_MEMBERS) throw new Error(`the packing holds ${MOST_MEMBERS} members`);
    const width = 1 + Math.ceil(members / 2);
    this.places = 2 * (width - 1);
    this.#store = new StateStore(width);
    this.#packed = new Int32Array(width);
  }

  get count(): number {
    return this.#store.count;
  }

  get transitions(): number {
    return this.#graph.transitions;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#store.bytes + this.#graph.bytes;
  }

  /** A world, come by through a packed step from the one that was opened last. Returns its number. */
  reach(head: number, locals: Int32Array, step: number): number {
    const packed = this.#packed;
    packed[0] = head;
    for (let word = 1, place = 0; word < packed.length; word += 1, place += 2)
      packed[word] = locals[place]! | (locals[place + 1]! << 16);
    const known = this.#store.count;
    const number = this.#store.add(packed);
    if (this.#current !== NO_STATE) this.#graph.link(number);
    if (number === known) this.#graph.note(number, this.#current, step);
    return number;
  }

  /** From now on worlds are come by from this one. Returns its head. */
  open(number: number, locals: Int32Array): number {
    this.#current = number;
    return this.read(number, locals);
  }

  /** The world that was opened last leads nowhere else. */
  close(): void {
    this.#graph.close();
  }

  /** Copy the members of a world out. Returns its head. */
  read(number: number, locals: Int32Array): number {
    const packed = this.#packed;
    this.#store.read(number, packed);
    for (let word = 1, place = 0; word < packed.length; word += 1, place += 2) {
      locals[place] = packed[word]! & 0xffff;
      locals[place + 1] = packed[word]! >>> 16;
    }
    return packed[0]!;
  }

  /** A shortest path into a world. */
  pathTo(number: number): PackedStep[] {
    return this.#graph.pathTo(number);
  }

  /** Where all are closed: those that can be come back to, or lie behind such. */
  cyclic(): number[] {
    return this.#graph.cyclic(this.#store.count);
  }
}
