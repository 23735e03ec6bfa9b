/**
 * The search: every interleaving of a small cluster, breadth first, so that the first way found into a state is a shortest
 * one. A state is a world, packed (states.ts): a list of its members' local states (locals.ts).
 */
import { Expansion, type Ground, sort } from './expansion.ts';
import type { Findings, PackedStep, Question } from './question.ts';
import { APPLIED_MASK, CRASH, DUPLICATE, LOSE, MOST_FAULTS, States } from './states.ts';

export class Search {
  readonly #ground: Ground;
  readonly #question: Question;
  readonly #states: States;
  readonly #expansion: Expansion;

  constructor(ground: Ground, question: Question) {
    this.#ground = ground;
    this.#question = question;
    this.#states = new States(question.members);
    this.#expansion = new Expansion(ground, question, this.#states);
  }

  /** Search from the beginning: all members serve the older version. */
  run(): Findings {
    const { members, from, faults } = this.#question;
    const { lose, duplicate, crash } = faults;
    if (Math.max(lose, duplicate, crash) > MOST_FAULTS)
      throw new Error(`the packing holds ${MOST_FAULTS} faults a kind`);
    const { locals } = this.#ground;
    const { internal, external, extensions } = from;
    const row = { internal, external, extensions };
    const mortal = crash > 0;
    const serving = locals.numberOf({ state: null, version: from, row, inbox: [0, 0, 0], due: false, mortal });
    const head = locals.numberOfSchema(from) + lose * LOSE + duplicate * DUPLICATE + crash * CRASH;
    return this.#explore(head, new Int32Array(members).fill(serving));
  }

  /** Search from a stuck state of another search on the same ground, with the timer of every parked member due once. */
  runFrom(locals: Int32Array, applied: number): Findings {
    const { due } = this.#ground.steps;
    return this.#explore(
      applied,
      locals.map((local) => due.of(local)),
    );
  }

  /** A state's members, sorted, and the applied schema. */
  world(state: number): { locals: Int32Array; applied: number } {
    const locals = new Int32Array(this.#states.places);
    const head = this.#states.read(state, locals);
    return { locals: locals.slice(0, this.#question.members), applied: head & APPLIED_MASK };
  }

  /** A shortest path into a state. */
  pathTo(state: number): PackedStep[] {
    return this.#states.pathTo(state);
  }

  #explore(head: number, locals: Int32Array): Findings {
    const states = this.#states;
    const { here, unsafe } = this.#expansion;
    here.set(locals);
    sort(here, locals.length);
    states.reach(head, here, 0);
    const stuck: number[] = [];
    let allOpen = 0;
    let current = 0;
    for (; current < states.count && this.#isWithinBounds(); current += 1) {
      const isStuck = this.#expansion.expand(states.open(current, here));
      states.close();
      if (!isStuck) continue;
      if (this.#allOpen(here)) allOpen += 1;
      else stuck.push(current);
    }
    const exhaustive = current >= states.count;
    return {
      states: states.count,
      transitions: states.transitions,
      stuck,
      allOpen,
      unsafe: [...unsafe].sort((one, other) => one - other),
      livelock: exhaustive ? states.cyclic() : [],
      exhaustive,
      bytes: states.bytes,
    };
  }

  #isWithinBounds(): boolean {
    return this.#states.count <= this.#question.mostStates && this.#states.bytes <= this.#question.mostBytes;
  }

  #allOpen(here: Int32Array): boolean {
    return here.subarray(0, this.#question.members).every((local) => this.#ground.locals.nextOf(local) === 'serve');
  }
}
