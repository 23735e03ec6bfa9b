/**
 * The local states that a search meets, as small numbers, so that a world is a short list of them: members in the same
 * local state are interchangeable. The rows in them are numbered too, and so are the schemas that get applied.
 */
import type { Command, State } from '../../node/upgrade/machine.ts';
import type { Patch } from '../../node/upgrade/patch.ts';
import { hasPatch, type Row, type Schema, type Version } from '../../node/upgrade/version.ts';
import { type Local, stateKeyOf, withoutIdle } from './local.ts';
import type { Model } from './protocol.ts';
import { patchesIn } from './question.ts';

/** What a member does next by itself. */
export type Next = Command['do'] | 'refresh' | 'absent';

/** Rows are told apart by the bits of a mask. */
const MOST_ROWS = 30;
/** A packed world has 16 bits for each. */
const MOST_LOCALS = 65_536;
const MOST_SCHEMAS = 256;
/** Of who is not a member. */
const NO_ROW = -1;

export class Locals {
  readonly model: Model;
  /** The patches in question: a mask has a bit for each. */
  readonly patches: readonly Patch[];
  readonly #reduce: boolean;
  readonly #last: Version;
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

  /**
   * @param reduce drop the notices and latches that cannot change anything any more (`withoutIdle`)
   * @param versions those that members come to run, in order
   */
  constructor(model: Model, reduce: boolean, versions: readonly Version[]) {
    this.model = model;
    this.patches = patchesIn(versions);
    this.#last = versions.at(-1)!;
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

  /** Whether nobody refreshes the member any more. */
  isLast({ version }: Local): boolean {
    return version === this.#last;
  }

  /** The bit of a patch in a mask of patches. */
  patchBit({ name }: Patch): number {
    return 1 << this.patches.findIndex((patch) => patch.name === name);
  }

  /** The mask of the patches that a version has. */
  patchesOf(version: Version): number {
    return this.patches.reduce((mask, patch, bit) => (hasPatch(version, patch) ? mask | (1 << bit) : mask), 0);
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
    const isSettled = !given.mortal && this.isLast(given);
    const local = this.#reduce && isSettled ? withoutIdle(this.model, given) : given;
    const { state, version, row: recorded, inbox, notes, ran, inside, due, mortal } = local;
    const row = recorded === null ? NO_ROW : this.#numberOfRow(recorded);
    const key = `${this.#stateKey(state)} ${version.name} ${row} ${inbox.join(' ')} ${notes} ${ran} ${inside} ${due} ${mortal}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#locals.length === MOST_LOCALS) throw new Error(`the packing holds ${MOST_LOCALS} local states`);
    const number = this.#locals.push(local) - 1;
    this.#numbers.set(key, number);
    this.#rowBits.push(row === NO_ROW ? 0 : 1 << row);
    this.#next.push(this.#nextOf(local));
    return number;
  }

  #nextOf({ state, row }: Local): Next {
    if (row === null) return 'absent';
    return state === null ? 'refresh' : this.model.protocol.command(state).do;
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
    const key = `${row.internal} ${row.external} ${row.extensions.join()} ${row.patchCount}`;
    const known = this.#rowNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#rows.length === MOST_ROWS) throw new Error(`a mask holds ${MOST_ROWS} different rows`);
    const number = this.#rows.push(row) - 1;
    this.#rowNumbers.set(key, number);
    return number;
  }
}
