/**
 * The search: every interleaving of a small cluster, breadth first, so that the first way found into a state is a shortest
 * one. A state is a world, packed (states.ts): a list of its members' local states (locals.ts).
 */
import { count, type Version } from '../../node/upgrade/version.ts';
import { Expansion, type Ground, sort } from './expansion.ts';
import { EMPTY_INBOX, type Local } from './local.ts';
import type { Model } from './protocol.ts';
import { type Findings, MOST_VERSIONS, type PackedStep, type Question } from './question.ts';
import {
  APPLIED_MASK,
  CRASH,
  DUPLICATE,
  FAIL,
  JOIN,
  LEAVE,
  LOSE,
  MOST_CHANGES,
  MOST_FAULTS,
  States,
} from './states.ts';

export class Search {
  readonly #ground: Ground;
  readonly #question: Question;
  readonly #states: States;
  readonly #expansion: Expansion;

  constructor(ground: Ground, question: Question) {
    this.#ground = ground;
    this.#question = question;
    this.#states = new States(question.members + question.join);
    this.#expansion = new Expansion(ground, question, this.#states);
  }

  /** Search from the beginning: all members serve the older version. */
  run(): Findings {
    const { members, versions, faults, leave, join } = this.#question;
    const { lose, duplicate, crash, fail } = faults;
    if (Math.max(lose, duplicate, crash, fail) > MOST_FAULTS)
      throw new Error(`the packing holds ${MOST_FAULTS} faults a kind`);
    if (Math.max(leave, join) > MOST_CHANGES) throw new Error(`the packing holds ${MOST_CHANGES} that leave or join`);
    if (versions.length > MOST_VERSIONS) throw new Error(`the packing holds ${MOST_VERSIONS} versions`);
    const { locals } = this.#ground;
    const serving = servingAt(locals.model, versions[0]!, crash > 0);
    const absent = locals.numberOf({ ...serving, row: null });
    const oldest = locals.numberOfSchema(versions[0]!);
    const head =
      oldest + lose * LOSE + duplicate * DUPLICATE + crash * CRASH + fail * FAIL + leave * LEAVE + join * JOIN;
    const all = new Int32Array(members + join).fill(locals.numberOf(serving));
    return this.#explore(head, all.fill(absent, members));
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
    return { locals: locals.slice(0, this.#places), applied: head & APPLIED_MASK };
  }

  /** A shortest path into a state. */
  pathTo(state: number): PackedStep[] {
    return this.#states.pathTo(state);
  }

  #explore(head: number, locals: Int32Array): Findings {
    const states = this.#states;
    const { here, wrongs } = this.#expansion;
    here.set(locals);
    sort(here, locals.length);
    states.reach(head, here, 0);
    const stuck: number[] = [];
    let allOpen = 0;
    let current = 0;
    for (; current < states.count && this.#isWithinBounds(); current += 1) {
      const isStuck = this.#expansion.expand(current, states.open(current, here));
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
      unsafe: [...wrongs.unsafe].sort((one, other) => one - other),
      misread: wrongs.misread,
      livelock: exhaustive ? states.cyclic() : [],
      exhaustive,
      bytes: states.bytes,
    };
  }

  #isWithinBounds(): boolean {
    return this.#states.count <= this.#question.mostStates && this.#states.bytes <= this.#question.mostBytes;
  }

  #allOpen(here: Int32Array): boolean {
    const { locals } = this.#ground;
    return here
      .subarray(0, this.#places)
      .every((local) => ['serve', 'refresh', 'absent'].includes(locals.nextOf(local)));
  }

  get #places(): number {
    return this.#question.members + this.#question.join;
  }
}

/** A member that serves since before anybody was refreshed. */
export function servingAt({ rules }: Model, version: Version, mortal: boolean): Local {
  const { internal, external, extensions } = version;
  const patchCount = count(version, 'patch');
  const said = rules.patching.waitsForAll && patchCount > 0 ? { patchCount } : {};
  return {
    state: null,
    version,
    row: { internal, external, extensions, ...said },
    inbox: EMPTY_INBOX,
    notes: 0,
    ran: 0,
    inside: false,
    due: false,
    mortal,
  };
}
