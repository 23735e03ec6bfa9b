/**
 * The strategies: how a daemon may order its gates, its records and its notices. Each is a row of data that the
 * machine and the gates interpret; nothing else in the house asks for a strategy by its name.
 */
import { hasColumn, type Schema } from './version.ts';

/** A condition on what all members have recorded, to open. `pair` looks at the schema and the API extensions together. */
export type OpeningGate = 'schema' | 'api' | 'pair';

/** The gate of the patches, which open members meet where patches wait for all. No strategy has it among its own. */
export const PATCH_GATE = 'patch';

export type Gate = OpeningGate | typeof PATCH_GATE;

/** What a notice says has been settled. `both` is the notice without a parameter, as older builds send it. */
export const NOTICE_KINDS = ['schema', 'api', 'both', 'patch'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export const STRATEGY_NAMES = ['combined', 'split', 'seed', 'preemptive', 'upstream', 'pair'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** What the one gate of a daemon of the `pair` kind compares: the schema, the API extensions, or both together. */
export const COMPARED = ['schema', 'api', 'pair'] as const satisfies readonly OpeningGate[];

export interface Strategy {
  readonly name: StrategyName;
  /** What it is, in one line, for a person who chooses. */
  readonly about: string;
  /** The gates, in the order in which a member must pass them. */
  readonly gates: readonly OpeningGate[];
  /** The gates whose transaction records the member's API extensions (where the column exists by then). */
  readonly recordsApiAt: readonly Gate[];
  /** Whether the update that introduces the column also writes the committer's extensions into every row. */
  readonly seeds: boolean;
  /**
   * When peers are told. `each-gate`: after each gate, by kind, and a member is woken only by the kind that it waits
   * for. `open`: once, after opening, and any notice wakes.
   */
  readonly notifies: 'each-gate' | 'open';
  /** Where a woken member goes on: at the first gate, or at the gate it parked at. */
  readonly resumesAt: 'first-gate' | 'parked-gate';
  /**
   * Whether the daemon has always had the column `api_extensions`, whatever its schema counts. Where not, schema update
   * `COLUMN_SINCE` introduces it.
   */
  readonly hasColumnAlways: boolean;
}

const combined: Strategy = {
  name: 'combined',
  about: 'as reported: schema gate, then API gate, one notice after opening',
  gates: ['schema', 'api'],
  recordsApiAt: ['api'],
  seeds: false,
  notifies: 'open',
  resumesAt: 'first-gate',
  hasColumnAlways: false,
};

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  combined,
  split: {
    ...combined,
    name: 'split',
    about: 'the proposed fix: a notice after each gate, by kind; a woken member goes on where it parked',
    notifies: 'each-gate',
    resumesAt: 'parked-gate',
  },
  seed: {
    ...combined,
    name: 'seed',
    about: 'combined, and the update that introduces the column writes the committer’s extensions into all rows',
    seeds: true,
  },
  preemptive: {
    ...combined,
    name: 'preemptive',
    about: 'combined, and the schema gate already records the extensions where the column exists',
    recordsApiAt: ['schema', 'api'],
  },
  upstream: {
    ...combined,
    name: 'upstream',
    about: 'seed and preemptive together, as the field has it today',
    recordsApiAt: ['schema', 'api'],
    seeds: true,
  },
  pair: {
    ...combined,
    name: 'pair',
    about: 'as in LXD: one gate on schema and API together; cannot introduce the column',
    gates: ['pair'],
    recordsApiAt: ['pair'],
  },
};

/** Whether a notice of this kind is meant for a member that waits at this gate. */
export function isFor(strategy: Strategy, kind: NoticeKind, gate: Gate): boolean {
  if (kind === PATCH_GATE || gate === PATCH_GATE) return kind === gate || kind === 'both';
  return strategy.notifies === 'open' || kind === 'both' || kind === gate;
}

/** The notice that passing a gate gives rise to; none where peers are told only after opening. */
export function noticeAfter(strategy: Strategy, gate: Gate): NoticeKind | null {
  if (gate === PATCH_GATE) return PATCH_GATE;
  return strategy.notifies === 'each-gate' && gate !== 'pair' ? gate : null;
}

/**
 * The strategy of a daemon with one gate: LXD compares schema and API extensions together, Incus the schema alone. Its
 * column is taken for granted.
 */
export function oneGate(compares: (typeof COMPARED)[number]): Strategy {
  return { ...STRATEGIES.pair, gates: [compares], recordsApiAt: [compares], hasColumnAlways: true };
}

/**
 * Why a strategy cannot go from one schema to another, in a sentence without a full stop; null where it can. A gate on
 * both takes the column for granted, so it cannot take the step that introduces it.
 */
export function cannotTake(strategy: Strategy, from: Schema, to: Schema): string | null {
  const introduces = !hasColumn(from) && hasColumn(to);
  if (!introduces || strategy.hasColumnAlways || !strategy.gates.includes('pair')) return null;
  return `${strategy.name} takes the column api_extensions for granted, and the database does not have it yet`;
}
