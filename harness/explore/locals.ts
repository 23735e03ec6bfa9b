/**
 * The local states that a search meets, as small numbers, so that a world is a short list of them: members in the same
 * local state are interchangeable. The rows in them are numbered too, and so are the schemas that get applied.
 */
import type { Command, State } from '../../node/upgrade/machine.ts';
import type { Row, Schema } from '../../node/upgrade/version.ts';
import { type Local, stateKeyOf, withoutIdle } from './local.ts';
import type { Model } from './protocol.ts';

/** What a member does next by itself. */
export type Next = Command['do'] | 'refresh';

/** Rows are told apart by the bits of a mask. */
const MOST_ROWS = 30;
/** A packed world has 16 bits for each. */
const MOST_LOCALS = 65_536;
const MOST_SCHEMAS = 256;

export class Locals {
  readonly model: Model;
  readonly #reduce: boolean;
  readonly #numbers = new Map<string, number>();
  readonly #locals: Local[] = [];
  readonly #next: Next[] = [];
  /** States and rows that were met before, as objects: most steps of a member change but one of its parts. */
  readonly #stateKeys = new Map<State | null, string>();
  readonly #rowObjects = new Map<Omit<Row, 'member'>, number>();
  readonly #rowNumbers = new Map<string, number>();
  readonly #rows: Array<Omit<Row, 'member'>> = [];
  readonly #rowBits: number[] = [];
  readonly #schemas: Schema[] = [];

  /** @param reduce drop the notices and latches that cannot change anything any more (`withoutIdle`) */
  constructor(model: Model, reduce: boolean) {
    this.model = model;
    this.#reduce = reduce;
  }

  at(number: number): Local {
    return this.#locals[number]!;
  }

  nextOf(number: number): Next {
    return this.#next[number]!;
  }

  /** The bit of a member's row in a mask of rows. */
  rowBit(number: number): number {
    return this.#rowBits[number]!;
  }

  /** The rows of a mask. */
  rowsIn(mask: number): Array<Omit<Row, 'member'>> {
    return this.#rows.filter((_, row) => (mask & (1 << row)) !== 0);
  }

  schemaAt(applied: number): Schema {
    return this.#schemas[applied]!;
  }

  numberOfSchema({ internal, external }: Schema): number {
    const known = this.#schemas.findIndex((one) => one.internal === internal && one.external === external);
    if (known >= 0) return known;
    if (this.#schemas.length === MOST_SCHEMAS) throw new Error(`the packing holds ${MOST_SCHEMAS} schemas`);
    return this.#schemas.push({ internal, external }) - 1;
  }

  /** The number of a local state. */
  numberOf(given: Local): number {
    const local = this.#reduce && !given.mortal ? withoutIdle(this.model, given) : given;
    const { state, version, row: recorded, inbox, due, mortal } = local;
    const row = this.#numberOfRow(recorded);
    const key = `${this.#stateKey(state)} ${version.name} ${row} ${inbox[0]} ${inbox[1]} ${inbox[2]} ${due} ${mortal}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#locals.length === MOST_LOCALS) throw new Error(`the packing holds ${MOST_LOCALS} local states`);
    const number = this.#locals.push(local) - 1;
    this.#numbers.set(key, number);
    this.#rowBits.push(1 << row);
    this.#next.push(state === null ? 'refresh' : this.model.protocol.command(state).do);
    return number;
  }

  #stateKey(state: State | null): string {
    const known = this.#stateKeys.get(state);
    if (known !== undefined) return known;
    const key = stateKeyOf(state);
    this.#stateKeys.set(state, key);
    return key;
  }

  #numberOfRow(row: Omit<Row, 'member'>): number {
    const known = this.#rowObjects.get(row);
    if (known !== undefined) return known;
    const number = this.#numberOfEqualRow(row);
    this.#rowObjects.set(row, number);
    return number;
  }

  #numberOfEqualRow(row: Omit<Row, 'member'>): number {
    const key = `${row.internal} ${row.external} ${row.extensions.join()}`;
    const known = this.#rowNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#rows.length === MOST_ROWS) throw new Error(`a mask holds ${MOST_ROWS} different rows`);
    const number = this.#rows.push(row) - 1;
    this.#rowNumbers.set(key, number);
    return number;
  }
}
