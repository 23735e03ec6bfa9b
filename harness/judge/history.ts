/**
 * What the cluster database held, from the first transaction to the last, as the members told it. Each transaction is
 * placed by the clock inside it, which orders them as the database did; one that was observed, by when it was seen.
 */
import { withoutRow, withRow, withSchema } from '../../node/upgrade/gate.ts';
import { type Axis, type Row, type Schema, sameVersion, type Version, type View } from '../../node/upgrade/version.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { placeUntil } from '../trace/instants.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** What one transaction changed, and the schema that was applied after it. */
export interface Change {
  /** Whose transaction it was. */
  readonly by: string;
  readonly row: Row | null;
  /** Whom it took out of the cluster; null where it took nobody. */
  readonly removed: string | null;
  /** The extensions that it wrote into every row; null where it wrote none. */
  readonly seeded: readonly string[] | null;
  readonly applied: Schema;
}

/** The database from one transaction until the next. */
export interface Moment {
  readonly atNs: number;
  /** When it may have come about at the earliest; the same where that is known. */
  readonly sinceNs: number;
  readonly by: string;
}

const NO_SCHEMA: Schema = { internal: 0, external: 0 };
const EMPTY: View = { applied: NO_SCHEMA, rows: [] };

/** A whole view is kept for each so many changes: one of every moment would take moments × members of memory. */
const BLOCK = 64;

export class History {
  readonly moments: readonly Moment[];
  readonly changes: readonly Change[];
  /** The view before each block of changes. */
  readonly #before: View[] = [];
  #block: { readonly first: number; readonly views: readonly View[] } = { first: -1, views: [] };
  #earliest: History | null = null;
  #earliestFrom: readonly number[] | null = null;

  /** @param changes what led to each moment */
  constructor(moments: readonly Moment[], changes: readonly Change[]) {
    this.moments = moments;
    this.changes = changes;
  }

  /** The place of the last moment that had come about at an instant; -1 where there was none. */
  placeAt(atNs: number): number {
    return placeUntil(this.moments, atNs);
  }

  /** The database as it was at an instant: everything that had been decided by then. */
  viewAt(atNs: number): View {
    return this.viewOf(this.placeAt(atNs));
  }

  /** The database in the moment at a place; empty at -1. */
  viewOf(place: number): View {
    if (place < 0) return EMPTY;
    const first = place - (place % BLOCK);
    if (this.#block.first !== first) this.#block = { first, views: this.#viewsFrom(first) };
    return this.#block.views[place - first]!;
  }

  /** A history in which everything has come about as early as it may have, place by place the same. */
  get earliest(): History {
    this.#earliest ??= this.#asEarlyAsMayBe();
    return this.#earliest;
  }

  /** When the earliest of the moments from a place on may have come about. */
  earliestFrom(place: number): number {
    this.#earliestFrom ??= leastFromEach(this.moments.map(({ sinceNs }) => sinceNs));
    return this.#earliestFrom[place]!;
  }

  #asEarlyAsMayBe(): History {
    if (this.moments.every((moment) => moment.sinceNs === moment.atNs)) return this;
    // The view of a moment holds all that was seen before it, so no moment may come before one that was seen earlier.
    let sinceNs = Number.NEGATIVE_INFINITY;
    const moved = this.moments.map((moment) => {
      sinceNs = Math.max(sinceNs, moment.sinceNs);
      return { ...moment, atNs: sinceNs };
    });
    return new History(moved, this.changes);
  }

  #viewsFrom(first: number): View[] {
    let view = this.#viewBefore(first);
    return this.changes.slice(first, first + BLOCK).map((change) => {
      view = after(view, change);
      return view;
    });
  }

  #viewBefore(first: number): View {
    const blocks = this.#before;
    if (blocks.length === 0) blocks.push(EMPTY);
    for (let block = blocks.length; block * BLOCK <= first; block += 1) {
      blocks.push(this.changes.slice((block - 1) * BLOCK, block * BLOCK).reduce(after, blocks.at(-1)!));
    }
    return blocks[first / BLOCK]!;
  }
}

export function historyOf(plan: Plan, trace: Trace): History {
  const tellsSchema = tellsOfUpdates(plan, trace);
  const common = new CommonSchema();
  let applied = formedSchema(plan, trace);
  const decided = decidedIn(plan, trace);
  const changes = decided.map(({ by, row, removed = null, update }): Change => {
    if (tellsSchema && update !== null) applied = update.to;
    if (!tellsSchema && row !== null) applied = common.after(row);
    return { by, row, removed, seeded: update?.seeded ?? null, applied };
  });
  return new History(
    decided.map(({ atNs, sinceNs, by }) => ({ atNs, sinceNs, by })),
    changes,
  );
}

/**
 * Whether updates of the schema are told. Of a daemon that is observed they are only where one was: a line that was never seen
 * may be one that nobody knows to look for.
 */
export function tellsOfUpdates({ daemon }: Plan, trace: Trace): boolean {
  if (!tells(daemon, 'applied')) return false;
  return tells(daemon, 'checked') || trace.some((event) => !isRigEvent(event) && event.event === 'applied');
}

/** What is there before anything is told: of a daemon that is observed, the schema of the version that its cluster was formed in. */
function formedSchema({ daemon, versions, from }: Plan, trace: Trace): Schema {
  if (tells(daemon, 'checked')) return NO_SCHEMA;
  // It may be another than its description says: that from which the first update goes is what there was.
  for (const event of trace) if (!isRigEvent(event) && event.event === 'applied') return event.from;
  const { internal, external } = versions[from]!;
  return { internal, external };
}

/** A transaction as it was told. */
interface Decided {
  readonly atNs: number;
  readonly sinceNs: number;
  readonly by: string;
  readonly row: Row | null;
  readonly removed?: string;
  readonly update: { readonly to: Schema; readonly seeded: readonly string[] | null } | null;
}

function decidedIn(plan: Plan, trace: Trace): Decided[] {
  const members = new Set(plan.members);
  const versions = new Map<string, Version>();
  const changes = trace.flatMap((event): Decided[] => {
    if (isRigEvent(event)) return [];
    const { member: by } = event;
    if (event.event === 'started') versions.set(by, event.version);
    if (event.event === 'recorded') {
      const atNs = event.decidedNs;
      return [{ atNs, sinceNs: event.observed?.sinceNs ?? atNs, by, row: event.row, update: null }];
    }
    if (event.event === 'applied') {
      const atNs = event.decidedNs;
      return [{ atNs, sinceNs: event.observed?.sinceNs ?? atNs, by, row: null, update: event }];
    }
    if (event.event === 'removed') {
      const { decidedNs, peer } = event;
      return [{ atNs: decidedNs, sinceNs: decidedNs, by, row: null, removed: peer, update: null }];
    }
    if (event.event === 'checked' && event.outcome.is === 'blocked') {
      const strangers = event.outcome.by.filter(({ member }) => member !== null && !members.has(member));
      const version = versions.get(by);
      if (version === undefined) return [];
      return strangers.map(({ member, axis, has }): Decided => {
        const row = rowOfStranger(member!, version, axis, has);
        return { atNs: event.decidedNs, sinceNs: event.decidedNs, by: member!, row, update: null };
      });
    }
    return [];
  });
  // Stable: what a member tells of one transaction stays in the order in which it tells it.
  return changes.toSorted((one, other) => one.atNs - other.atNs);
}

/** Somebody who is not of the plan tells nothing; that a member waits for it shows its row, as far as it differs. */
function rowOfStranger(member: string, version: Version, axis: Axis, has: number): Row {
  const { internal, external, extensions } = version;
  const row = { member, internal, external, extensions };
  if (axis === 'patch') return { ...row, patchCount: has };
  return axis === 'api' ? { ...row, extensions: extensions.slice(0, has) } : { ...row, [axis]: has };
}

/** The very same view where nothing changes: a member that looks again records what it has recorded before. */
function after(view: View, { row, removed, seeded, applied }: Change): View {
  const kept = removed === null ? view : withoutRow(view, removed);
  const written = row === null || isIn(kept, row) ? kept : withRow(kept, row);
  const { internal, external } = view.applied;
  const isApplied = applied.internal === internal && applied.external === external && seeded === null;
  return isApplied ? written : withSchema(written, applied, seeded);
}

function isIn({ rows }: View, row: Row): boolean {
  const known = rows.find(({ member }) => member === row.member);
  return known !== undefined && sameVersion(known, row) && known.patchCount === row.patchCount;
}

/** For each place of a list, the least of the values from there on. */
function leastFromEach(values: readonly number[]): number[] {
  const least = [...values];
  for (let place = least.length - 2; place >= 0; place -= 1) least[place] = Math.min(least[place]!, least[place + 1]!);
  return least;
}

/** Where nobody tells of updates: they are applied once every row has them. */
class CommonSchema {
  readonly #rows = new Map<string, Row>();
  /** How many rows have each number. */
  readonly #counts = { internal: new Map<number, number>(), external: new Map<number, number>() };

  after(row: Row): Schema {
    const before = this.#rows.get(row.member);
    this.#rows.set(row.member, row);
    return { internal: this.#least('internal', before, row), external: this.#least('external', before, row) };
  }

  #least(axis: keyof Schema, before: Row | undefined, row: Row): number {
    const counts = this.#counts[axis];
    if (before !== undefined) {
      const left = counts.get(before[axis])! - 1;
      if (left === 0) counts.delete(before[axis]);
      else counts.set(before[axis], left);
    }
    counts.set(row[axis], (counts.get(row[axis]) ?? 0) + 1);
    return Math.min(...counts.keys());
  }
}
