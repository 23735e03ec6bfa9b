/**
 * The local states of members, as small numbers. All that a world holds beside the applied schema belongs to one member:
 * where it stands, its row, and the notices on their way to it. So a world is a list of local states, and every step of
 * one member is a table from number to number. The tables are filled, when first asked, by the protocol itself.
 *
 * Names do not matter to any step, so a local state holds none: members in the same local state are interchangeable.
 */
import type { Outcome } from '../../node/upgrade/gate.ts';
import type { State } from '../../node/upgrade/machine.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Row, Schema, Version } from '../../node/upgrade/version.ts';
import type { Model } from './protocol.ts';

export const KINDS = ['schema', 'api', 'both'] as const satisfies readonly NoticeKind[];

/** A member without its name. */
export interface Local {
  /** Null: it serves the version of before the roll. */
  readonly state: State | null;
  readonly version: Version;
  readonly row: Omit<Row, 'member'>;
  /** How many notices are on their way to it, by kind. */
  readonly inbox: readonly [schema: number, api: number, both: number];
  /** Whether a timer may end its park: only in the search for what timers rescue. */
  readonly due: boolean;
}

/** What a member does next by itself. */
export type Next = 'check' | 'park' | 'notify' | 'open' | 'wait' | 'serve' | 'exit' | 'refresh';

/** What the transaction of a gate makes of a member and of the database. */
export interface Checked {
  readonly local: number;
  readonly applied: number;
  /** Extensions to be written into every row, as an index of `seeds`, or -1. */
  readonly seed: number;
  readonly appliedTwice: boolean;
}

/** Rows are told apart by bits of a mask, notices of one kind counted in a few. */
const MOST_ROWS = 30;
export const MOST_LOCALS = 65_535;
const MOST_NOTICES = 250;

const NOBODY = 'me';

export class Locals {
  readonly model: Model;
  readonly #reduce: boolean;
  readonly #numbers = new Map<string, number>();
  readonly #locals: Local[] = [];
  readonly #rowNumbers = new Map<string, number>();
  readonly #rows: Array<Omit<Row, 'member'>> = [];
  readonly #rowOf: number[] = [];
  readonly #next: Next[] = [];
  readonly #applied: Schema[] = [];
  readonly #seeds: Array<readonly string[]> = [];
  readonly #tables = new Map<string, number[]>();
  readonly #checks = new Map<number, Checked>();

  /** @param reduce drop the notices and latches that cannot change anything any more (`withoutIdle`) */
  constructor(model: Model, reduce: boolean) {
    this.model = model;
    this.#reduce = reduce;
  }

  get count(): number {
    return this.#locals.length;
  }

  at(number: number): Local {
    return this.#locals[number]!;
  }

  nextOf(number: number): Next {
    return this.#next[number]!;
  }

  /** The bit of a member's row in a mask of rows. */
  rowBit(number: number): number {
    return 1 << this.#rowOf[number]!;
  }

  schemaAt(applied: number): Schema {
    return this.#applied[applied]!;
  }

  numberOfSchema(schema: Schema): number {
    const known = this.#applied.findIndex(
      (one) => one.internal === schema.internal && one.external === schema.external,
    );
    return known >= 0 ? known : this.#applied.push(schema) - 1;
  }

  /** The number of a local state. */
  numberOf(given: Local): number {
    const local = this.#reduce ? withoutIdle(this.model, given) : given;
    const key = JSON.stringify(nameless(local));
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#locals.push(local) - 1;
    if (number > MOST_LOCALS) throw new Error(`more than ${MOST_LOCALS} local states: the packing does not hold them`);
    this.#numbers.set(key, number);
    this.#rowOf.push(this.#numberOfRow(local.row));
    this.#next.push(local.state === null ? 'refresh' : this.model.protocol.command(local.state).do);
    return number;
  }

  refreshed(number: number, version: Version): number {
    return this.#step(`refresh ${version.name}`, number, (local) => ({
      ...local,
      version,
      state: this.model.protocol.start(this.model.rules),
      due: false,
    }));
  }

  parked(number: number): number {
    return this.#advanced('park', number, (state) => this.#advance(state, { is: 'parked' }));
  }

  opened(number: number): number {
    return this.#advanced('open', number, (state) => this.#advance(state, { is: 'opened' }));
  }

  notified(number: number): number {
    return this.#advanced('notify', number, (state) => this.#advance(state, { is: 'notified' }));
  }

  timedOut(number: number): number {
    return this.#advanced('timer', number, (state) => this.#advance(state, { is: 'timer' }));
  }

  /** The kind of notice that a member in 'notify' is about to send. */
  kindOf(number: number): number {
    const todo = this.model.protocol.command(this.at(number).state!);
    if (todo.do !== 'notify') throw new Error('only a member that is about to notify has a kind');
    return KINDS.indexOf(todo.kind);
  }

  /** A notice of a kind sets out for the member. */
  sentTo(number: number, kind: number): number {
    return this.#step(`send ${kind}`, number, (local) => ({ ...local, inbox: changed(local.inbox, kind, 1) }));
  }

  /** A notice on its way is lost. */
  lost(number: number, kind: number): number {
    return this.#step(`lose ${kind}`, number, (local) => ({ ...local, inbox: changed(local.inbox, kind, -1) }));
  }

  /** A notice arrives. */
  delivered(number: number, kind: number): number {
    return this.#step(`deliver ${kind}`, number, (local) => {
      const inbox = changed(local.inbox, kind, -1);
      if (local.state === null) return { ...local, inbox };
      const state = this.#advance(local.state, { is: 'noticed', kind: KINDS[kind]! });
      return { ...local, inbox, state, due: local.due && state.phase === 'parked' };
    });
  }

  /** From now on a timer may end the member's park. */
  madeDue(number: number): number {
    return this.#step('due', number, (local) => ({ ...local, due: local.state?.phase === 'parked' }));
  }

  /** Somebody's update writes extensions into every row. */
  seeded(number: number, seed: number): number {
    return this.#step(`seed ${seed}`, number, (local) => ({
      ...local,
      row: { ...local.row, extensions: this.#seeds[seed]! },
    }));
  }

  /** The transaction of the gate that the member is about to examine. @param peers mask of the rows of all others */
  checked(number: number, applied: number, peers: number): Checked {
    const key = (number * 32 + applied) * 2 ** MOST_ROWS + peers;
    const known = this.#checks.get(key);
    if (known !== undefined) return known;
    const made = this.#check(this.at(number), this.schemaAt(applied), peers);
    this.#checks.set(key, made);
    return made;
  }

  #check(local: Local, applied: Schema, peers: number): Checked {
    const { protocol, rules } = this.model;
    const todo = protocol.command(local.state!);
    if (todo.do !== 'check') throw new Error('only a member at a gate can examine it');
    const others = this.#rows.filter((_, row) => (peers & (1 << row)) !== 0);
    const rows = [
      { ...local.row, member: NOBODY },
      ...others.map((row, index) => ({ ...row, member: `peer ${index}` })),
    ];
    const view = { applied, rows };
    const ruling = protocol.examine(rules.strategy, rules.ahead, todo.gate, NOBODY, local.version, view);
    const state = this.#advance(local.state!, { is: 'checked', outcome: ruling.outcome });
    const after = protocol.carryOut(view, ruling);
    const { member: _member, ...row } = after.rows[0]!;
    const raised =
      ruling.apply !== null && (applied.internal < ruling.apply.internal || applied.external < ruling.apply.external);
    return {
      local: this.numberOf({ ...local, state, row }),
      applied: this.numberOfSchema(after.applied),
      seed: ruling.seed === null ? -1 : this.#seeds.push(ruling.seed) - 1,
      appliedTwice: ruling.apply !== null && !raised,
    };
  }

  #advance(state: State, input: Parameters<Model['protocol']['advance']>[2]): State {
    return this.model.protocol.advance(this.model.rules, state, input);
  }

  #advanced(name: string, number: number, next: (state: State) => State): number {
    return this.#step(name, number, (local) => {
      const state = next(local.state!);
      return { ...local, state, due: local.due && state.phase === 'parked' };
    });
  }

  #step(name: string, number: number, make: (local: Local) => Local): number {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = [];
      this.#tables.set(name, table);
    }
    const known = table[number];
    if (known !== undefined) return known;
    const made = this.numberOf(make(this.at(number)));
    table[number] = made;
    return made;
  }

  #numberOfRow(row: Omit<Row, 'member'>): number {
    const key = `${row.internal} ${row.external} ${row.extensions.join()}`;
    const known = this.#rowNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#rows.push(row) - 1;
    if (number >= MOST_ROWS) throw new Error(`more than ${MOST_ROWS} different rows: a mask does not hold them`);
    this.#rowNumbers.set(key, number);
    return number;
  }
}

/**
 * Without the notices and latches that no further step can be changed by. Sound only where no member can crash:
 * - A member that is open or exiting stays so, and drops whatever arrives: what is on its way to it does not matter.
 * - A member that goes on where it parked never comes back to a gate that it has passed: a latch on such a gate is never
 *   read, and a notice for such gates only could at most set such a latch.
 */
function withoutIdle(model: Model, local: Local): Local {
  const { state } = local;
  if (state === null) return local;
  if (state.phase === 'open' || state.phase === 'exiting') return { ...local, inbox: [0, 0, 0] };
  const { strategy } = model.rules;
  if (strategy.resumesAt !== 'parked-gate' || strategy.notifies !== 'each-gate') return local;
  const ahead = strategy.gates.slice(strategy.gates.indexOf(state.gate));
  const latched = state.latched.filter((gate) => ahead.includes(gate));
  const [schema, api, both] = local.inbox;
  const isAhead = (kind: NoticeKind): boolean => ahead.some((gate) => gate === kind);
  return {
    ...local,
    state: { ...state, latched },
    inbox: [isAhead('schema') ? schema : 0, isAhead('api') ? api : 0, both],
  };
}

function changed(inbox: Local['inbox'], kind: number, by: number): Local['inbox'] {
  const counts: [number, number, number] = [...inbox];
  counts[kind]! += by;
  if (counts[kind]! < 0 || counts[kind]! > MOST_NOTICES) throw new Error('notices on their way are miscounted');
  return counts;
}

/** For the key: outcomes name members, and only their kind has a consequence. */
function nameless(local: Local): unknown {
  const { state, version, ...others } = local;
  if (state?.phase !== 'exiting') return { state, version: version.name, ...others };
  return { state: { ...state, outcome: isOf(state.outcome) }, version: version.name, ...others };
}

function isOf(outcome: Outcome): Outcome['is'] {
  return outcome.is;
}
