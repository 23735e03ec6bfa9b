/**
 * What the cluster database held, from the first transaction to the last, as the members told it. Each transaction is
 * placed by the clock inside it, which orders them as the database did; one that was observed, by when it was seen.
 */
import { withRow, withSchema } from '../../node/upgrade/gate.ts';
import { type AXES, count, type Row, type Schema, type Version, type View } from '../../node/upgrade/version.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** The database from one transaction until the next. */
export interface Moment {
  readonly atNs: number;
  /** When it may have come about at the earliest; the same where that is known. */
  readonly sinceNs: number;
  /** Whose transaction led to it. */
  readonly by: string;
  readonly view: View;
}

export type History = readonly Moment[];

const EMPTY: View = { applied: { internal: 0, external: 0 }, rows: [] };

interface Change {
  readonly atNs: number;
  readonly sinceNs: number;
  readonly by: string;
  readonly row: Row | null;
  readonly applied: { to: Schema; seeded: readonly string[] | null } | null;
}

export function historyOf(plan: Plan, trace: Trace): History {
  const tellsSchema = tells(plan.daemon, 'applied');
  let view: View = { applied: initialSchema(plan, trace), rows: [] };
  return changesOf(plan, trace).map((change) => {
    view = after(view, change);
    if (!tellsSchema) view = { ...view, applied: commonSchema(view.rows) };
    return { atNs: change.atNs, sinceNs: change.sinceNs, by: change.by, view };
  });
}

/**
 * The schema before anybody was seen to apply an update: that from which the first one goes. A cluster may be formed with a
 * whole schema at once, of which no update is told; then it has what its first version pins.
 */
function initialSchema({ versions, from }: Plan, trace: Trace): Schema {
  for (const event of trace) if (!isRigEvent(event) && event.event === 'applied') return event.from;
  const pinned = versions[from];
  return pinned === undefined ? EMPTY.applied : { internal: pinned.internal, external: pinned.external };
}

/** The database as it was at an instant: everything that had been decided by then. */
export function viewAt(history: History, atNs: number): View {
  return history[lastUntil(history, atNs)]?.view ?? EMPTY;
}

/** The place of the last moment that had come about at an instant; -1 where there was none. */
export function lastUntil(history: History, atNs: number): number {
  let [low, high] = [0, history.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (history[middle]!.atNs <= atNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function changesOf(plan: Plan, trace: Trace): Change[] {
  const members = new Set(plan.members);
  const versions = new Map<string, Version>();
  const changes = trace.flatMap((event): Change[] => {
    if (isRigEvent(event)) return [];
    const { member: by } = event;
    if (event.event === 'started') versions.set(by, event.version);
    if (event.event === 'recorded') {
      const atNs = event.decidedNs;
      return [{ atNs, sinceNs: event.observed?.sinceNs ?? atNs, by, row: event.row, applied: null }];
    }
    if (event.event === 'applied') {
      const atNs = event.decidedNs;
      return [{ atNs, sinceNs: event.observed?.sinceNs ?? atNs, by, row: null, applied: event }];
    }
    if (event.event === 'checked' && event.outcome.is === 'blocked') {
      const strangers = event.outcome.by.filter(({ member }) => member !== null && !members.has(member));
      const version = versions.get(by);
      if (version === undefined) return [];
      return strangers.map(({ member, axis, has }): Change => {
        const row = rowOfStranger(member!, version, axis, has);
        return { atNs: event.decidedNs, sinceNs: event.decidedNs, by: member!, row, applied: null };
      });
    }
    return [];
  });
  // Stable: what a member tells of one transaction stays in the order in which it tells it.
  return changes.toSorted((one, other) => one.atNs - other.atNs);
}

/** Somebody who is not of the plan tells nothing; that a member waits for it shows its row, as far as it differs. */
function rowOfStranger(member: string, version: Version, axis: (typeof AXES)[number], has: number): Row {
  const { internal, external, extensions } = version;
  const row = { member, internal, external, extensions };
  return axis === 'api' ? { ...row, extensions: extensions.slice(0, has) } : { ...row, [axis]: has };
}

function after(view: View, { row, applied }: Change): View {
  if (row !== null) return withRow(view, row);
  return applied === null ? view : withSchema(view, applied.to, applied.seeded);
}

/** Where nobody tells of updates: they are applied once every row has them. */
function commonSchema(rows: readonly Row[]): Schema {
  const least = (axis: 'internal' | 'external'): number =>
    rows.reduce((few, row) => Math.min(few, count(row, axis)), Infinity);
  return rows.length === 0 ? EMPTY.applied : { internal: least('internal'), external: least('external') };
}

const EARLIEST = new WeakMap<History, History>();

/** A history in which everything has come about as early as it may have; its moments are those of the other, place by place. */
export function earliest(history: History): History {
  if (history.every((moment) => moment.sinceNs === moment.atNs)) return history;
  const known = EARLIEST.get(history);
  if (known !== undefined) return known;
  // The view of a moment holds all that was seen before it, so no moment may come before one that was seen earlier.
  let sinceNs = Number.NEGATIVE_INFINITY;
  const moved = history.map((moment) => {
    sinceNs = Math.max(sinceNs, moment.sinceNs);
    return { ...moment, atNs: sinceNs };
  });
  EARLIEST.set(history, moved);
  return moved;
}
