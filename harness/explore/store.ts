/**
 * A set of packed states, numbered in the order of their finding: each a few 32-bit words in one growing array, found
 * again by open addressing. A JavaScript Set or Map holds at most 2^24 entries; this holds as many as memory does.
 */

const FREE = -1;
/** Full to this share, the index doubles. */
const LOAD = 0.6;

export class StateStore {
  readonly #width: number;
  #words: Int32Array;
  /** The number of a state in as many low bits as a slot has; above them, the same bits of its hash. */
  #index = new Int32Array(1 << 12).fill(FREE);
  #count = 0;

  /** @param width words a state */
  constructor(width: number) {
    this.#width = width;
    this.#words = new Int32Array(width << 10);
  }

  get count(): number {
    return this.#count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#words.byteLength + this.#index.byteLength;
  }

  /** Copy a state out. */
  read(number: number, into: Int32Array): void {
    const from = number * this.#width;
    for (let word = 0; word < this.#width; word += 1) into[word] = this.#words[from + word]!;
  }

  /** Returns the number of a state: `count` as it was before the call, where the state is new. */
  add(state: Int32Array): number {
    const mask = this.#index.length - 1;
    const hashed = hash(state, this.#width);
    let slot = hashed & mask;
    for (;;) {
      const entry = this.#index[slot]!;
      if (entry === FREE) break;
      // Other bits of the hash tell most other states apart without a look at their words, which are far away in memory.
      if (((entry ^ hashed) & ~mask) === 0 && this.#equals(entry & mask, state)) return entry & mask;
      slot = (slot + 1) & mask;
    }
    const number = this.#count;
    this.#append(state);
    this.#index[slot] = (hashed & ~mask) | number;
    if (this.#count > this.#index.length * LOAD) this.#grow();
    return number;
  }

  #equals(number: number, state: Int32Array): boolean {
    const from = number * this.#width;
    for (let word = 0; word < this.#width; word += 1) if (this.#words[from + word] !== state[word]) return false;
    return true;
  }

  #append(state: Int32Array): void {
    const from = this.#count * this.#width;
    if (from + this.#width > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    for (let word = 0; word < this.#width; word += 1) this.#words[from + word] = state[word]!;
    this.#count += 1;
  }

  #grow(): void {
    const index = new Int32Array(this.#index.length * 2).fill(FREE);
    const mask = index.length - 1;
    const state = new Int32Array(this.#width);
    for (let number = 0; number < this.#count; number += 1) {
      this.read(number, state);
      const hashed = hash(state, this.#width);
      let slot = hashed & mask;
      while (index[slot] !== FREE) slot = (slot + 1) & mask;
      index[slot] = (hashed & ~mask) | number;
    }
    this.#index = index;
  }
}

/** FNV-1a over words, with the final mix of MurmurHash3 so that the low bits depend on all of them. */
function hash(state: Int32Array, width: number): number {
  let mixed = 0x811c_9dc5;
  for (let word = 0; word < width; word += 1) mixed = Math.imul(mixed ^ state[word]!, 0x0100_0193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
