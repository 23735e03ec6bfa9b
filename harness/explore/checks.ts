/**
 * The transactions of gates: what each makes of the member that examines it and of the database. It depends on nothing but
 * the member, the applied schema, and which rows there are among the others, so each is asked of the protocol once.
 */
import type { Schema } from '../../node/upgrade/version.ts';
import type { Local } from './local.ts';
import type { Locals } from './locals.ts';
import { StateStore } from './store.ts';
import { Table } from './table.ts';

/** What a transaction leaves behind. */
export interface Checked {
  readonly local: number;
  readonly applied: number;
  /** What becomes of each other member, where extensions are written into every row; else null. */
  readonly seeded: Table<number> | null;
  readonly appliedTwice: boolean;
}

const NOBODY = 'me';

export class Checks {
  readonly #locals: Locals;
  /** What was asked before, numbered as its answers are. */
  readonly #asked = new StateStore(2);
  readonly #answers: Checked[] = [];
  readonly #question = new Int32Array(2);
  readonly #seeds = new Map<readonly string[], Table<number>>();

  constructor(locals: Locals) {
    this.#locals = locals;
  }

  /** The transaction of the gate that the member is about to examine. @param peers mask of the rows of all others */
  of(number: number, applied: number, peers: number): Checked {
    this.#question[0] = (applied << 16) | number;
    this.#question[1] = peers;
    const asked = this.#asked.add(this.#question);
    const known = this.#answers[asked];
    if (known !== undefined) return known;
    const made = this.#check(this.#locals.at(number), this.#locals.schemaAt(applied), peers);
    this.#answers.push(made);
    return made;
  }

  #check(local: Local, applied: Schema, peers: number): Checked {
    const { protocol, rules } = this.#locals.model;
    const todo = protocol.command(local.state!);
    if (todo.do !== 'check') throw new Error('only a member at a gate can examine it');
    const others = this.#locals.rowsIn(peers).map((row, index) => ({ ...row, member: `peer ${index}` }));
    const view = { applied, rows: [{ ...local.row!, member: NOBODY }, ...others] };
    const ruling = protocol.examine(rules.strategy, rules.ahead, todo.gate, NOBODY, local.version, view);
    const state = protocol.advance(rules, local.state!, { is: 'checked', outcome: ruling.outcome });
    const after = protocol.carryOut(view, ruling);
    const { member: _member, ...row } = after.rows[0]!;
    const { apply, seed } = ruling;
    const raised = apply !== null && (applied.internal < apply.internal || applied.external < apply.external);
    return {
      local: this.#locals.numberOf({ ...local, state, row }),
      applied: this.#locals.numberOfSchema(after.applied),
      seeded: seed === null ? null : this.#seededBy(seed),
      appliedTwice: apply !== null && !raised,
    };
  }

  #seededBy(extensions: readonly string[]): Table<number> {
    const known = this.#seeds.get(extensions);
    if (known !== undefined) return known;
    const made = new Table((number) => {
      const local = this.#locals.at(number);
      return local.row === null ? number : this.#locals.numberOf({ ...local, row: { ...local.row, extensions } });
    });
    this.#seeds.set(extensions, made);
    return made;
  }
}
