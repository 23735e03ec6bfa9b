/**
 * What happens inside a gate's transaction: given who I am and what the database says, what do I record, do I pass,
 * and which updates do I apply? A pure function; the daemon runs it inside one serialised transaction of the real
 * database, the explorer on a view in memory.
 */
import { cannotTake, type Gate, PATCH_GATE, type Strategy } from './strategy.ts';
import {
  AXES,
  type Axis,
  count,
  hasColumn,
  type Row,
  type Schema,
  sameNames,
  type Version,
  type View,
} from './version.ts';

export const AHEAD_POLICIES = ['exit', 'record', 'wait'] as const;
/**
 * What a member does that finds a peer ahead of it. `exit`: an error, and nothing is recorded. `record`: the same
 * error, but its row says what it really runs. `wait`: record, and park.
 */
export type AheadPolicy = (typeof AHEAD_POLICIES)[number];

/** One way in which a peer's row differs from what the member needs. `member` null: the applied schema itself. */
export interface Difference {
  readonly member: string | null;
  readonly axis: Axis;
  readonly has: number;
  readonly wants: number;
}

/** A peer with as many API extensions, but other names. */
export interface Fork {
  readonly member: string;
  readonly theirs: readonly string[];
  readonly mine: readonly string[];
}

export type Outcome =
  | { readonly is: 'pass' }
  | { readonly is: 'blocked'; readonly by: readonly Difference[] }
  | { readonly is: 'ahead'; readonly of: readonly Difference[] }
  | { readonly is: 'forked'; readonly from: readonly Fork[] }
  | { readonly is: 'unsupported'; readonly why: string };

/** What the transaction of a gate does. */
export interface Ruling {
  readonly outcome: Outcome;
  /** My row as it must be written, or null where the transaction leaves no trace. */
  readonly record: Row | null;
  /** The schema after this transaction, where it applies updates. */
  readonly apply: Schema | null;
  /** The extensions that the update introducing the column writes into every row. */
  readonly seed: readonly string[] | null;
}

const LOOKS_AT: Readonly<Record<Gate, readonly Axis[]>> = {
  schema: ['internal', 'external'],
  api: ['api'],
  pair: ['internal', 'external', 'api'],
  patch: ['patch'],
};

/** The axes that the gates of a strategy look at. */
export function axesOf(strategy: Strategy): readonly Axis[] {
  return AXES.filter((axis) => strategy.gates.some((gate) => LOOKS_AT[gate].includes(axis)));
}

/** Examine a gate for `member`, which runs `version`. */
export function examine(
  strategy: Strategy,
  ahead: AheadPolicy,
  gate: Gate,
  member: string,
  version: Version,
  view: View,
): Ruling {
  const column = strategy.hasColumnAlways || hasColumn(view.applied);
  const why = cannotTake(strategy, view.applied, version);
  if (why !== null) return { outcome: { is: 'unsupported', why }, record: null, apply: null, seed: null };
  const record = recorded(strategy, gate, member, version, view, column);
  const outcome = judge(gate, version, view, member, column);
  if (outcome.is !== 'pass') {
    const leavesNoTrace = outcome.is === 'ahead' && ahead === 'exit';
    return { outcome, record: leavesNoTrace ? null : record, apply: null, seed: null };
  }
  const behind = view.applied.internal < version.internal || view.applied.external < version.external;
  const apply =
    LOOKS_AT[gate].includes('internal') && behind ? { internal: version.internal, external: version.external } : null;
  const introduces = apply !== null && !column && hasColumn(apply);
  return { outcome, record, apply, seed: introduces && strategy.seeds ? version.extensions : null };
}

/** The view as it stands once a ruling has been carried out. */
export function carryOut(view: View, { record, apply, seed }: Ruling): View {
  const recorded = record === null ? view : withRow(view, record);
  return apply === null ? recorded : withSchema(recorded, apply, seed);
}

/** The view with a member's row as it has been written, its first one too. */
export function withRow(view: View, row: Row): View {
  const isKnown = view.rows.some((other) => other.member === row.member);
  const rows = isKnown ? view.rows.map((other) => (other.member === row.member ? row : other)) : [...view.rows, row];
  return { ...view, rows };
}

/** The view without a member that has left. */
export function withoutRow(view: View, member: string): View {
  return { ...view, rows: view.rows.filter((row) => row.member !== member) };
}

/** The view with schema updates applied, and with what they write into every row. */
export function withSchema(view: View, applied: Schema, seed: readonly string[] | null): View {
  return { applied, rows: seed === null ? view.rows : view.rows.map((row) => ({ ...row, extensions: seed })) };
}

function recorded(strategy: Strategy, gate: Gate, member: string, version: Version, view: View, column: boolean): Row {
  const before = view.rows.find((row) => row.member === member);
  if (before === undefined)
    throw new Error(`${member} has no row in the database; only a member that joined can start`);
  const recordsSchema = LOOKS_AT[gate].includes('internal');
  const recordsApi = column && strategy.recordsApiAt.includes(gate);
  return {
    member,
    internal: recordsSchema ? version.internal : before.internal,
    external: recordsSchema ? version.external : before.external,
    extensions: recordsApi ? version.extensions : before.extensions,
    // Whatever build looks at another gate, an older one too, takes back what was recorded of patches.
    ...(gate === PATCH_GATE ? { patchCount: count(version, 'patch') } : {}),
  };
}

function judge(gate: Gate, version: Version, view: View, member: string, column: boolean): Outcome {
  const axes = LOOKS_AT[gate].filter((axis) => axis !== 'api' || column);
  const peers = view.rows.filter((row) => row.member !== member);
  const wanted = axes.map((axis) => ({ axis, wants: count(version, axis) }));
  const differences: Difference[] = [];
  for (const row of peers) {
    for (const { axis, wants } of wanted) {
      const has = count(row, axis);
      if (has !== wants) differences.push({ member: row.member, axis, has, wants });
    }
  }
  const ofSchema = axes.flatMap((axis) =>
    axis === 'internal' || axis === 'external'
      ? [difference(null, axis, view.applied[axis], version)].filter(isAhead)
      : [],
  );
  // Whoever has more patches has these too.
  const of = gate === PATCH_GATE ? [] : [...differences.filter(isAhead), ...ofSchema];
  if (of.length > 0) return { is: 'ahead', of };
  const from = axes.includes('api') ? forks(peers, version) : [];
  if (from.length > 0) return { is: 'forked', from };
  const by = differences.filter((found) => found.has < found.wants);
  return by.length > 0 ? { is: 'blocked', by } : { is: 'pass' };
}

function difference(member: string | null, axis: Axis, has: number, version: Version): Difference {
  return { member, axis, has, wants: count(version, axis) };
}

function isAhead(found: Difference): boolean {
  return found.has > found.wants;
}

function forks(peers: readonly Row[], version: Version): Fork[] {
  return peers
    .filter((row) => row.extensions.length === version.extensions.length)
    .filter((row) => !sameNames(row.extensions, version.extensions))
    .map((row) => ({ member: row.member, theirs: row.extensions, mine: version.extensions }));
}
