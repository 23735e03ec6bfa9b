/**
 * What the cluster database held, from the first transaction to the last, as the members told it. Each transaction is
 * placed by the clock inside it, which orders them as the database did.
 */
import { withRow, withSchema } from '../../node/upgrade/gate.ts';
import type { Row, Schema, View } from '../../node/upgrade/version.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** The database from one transaction until the next. */
export interface Moment {
  readonly atNs: number;
  /** Whose transaction led to it. */
  readonly by: string;
  readonly view: View;
}

export type History = readonly Moment[];

const EMPTY: View = { applied: { internal: 0, external: 0 }, rows: [] };

interface Change {
  readonly atNs: number;
  readonly by: string;
  readonly row: Row | null;
  readonly applied: { to: Schema; seeded: readonly string[] | null } | null;
}

export function historyOf(trace: Trace): History {
  let view = EMPTY;
  return changesOf(trace).map((change) => {
    view = after(view, change);
    return { atNs: change.atNs, by: change.by, view };
  });
}

/** The database as it was at an instant: everything that had been decided by then. */
export function viewAt(history: History, atNs: number): View {
  return history.findLast((moment) => moment.atNs <= atNs)?.view ?? EMPTY;
}

function changesOf(trace: Trace): Change[] {
  const changes = trace.flatMap((event): Change[] => {
    if (isRigEvent(event)) return [];
    if (event.event === 'recorded') return [{ atNs: event.decidedNs, by: event.member, row: event.row, applied: null }];
    if (event.event === 'applied') return [{ atNs: event.decidedNs, by: event.member, row: null, applied: event }];
    return [];
  });
  // Stable: what a member tells of one transaction stays in the order in which it tells it.
  return changes.toSorted((one, other) => one.atNs - other.atNs);
}

function after(view: View, { row, applied }: Change): View {
  if (row !== null) return withRow(view, row);
  return applied === null ? view : withSchema(view, applied.to, applied.seeded);
}
