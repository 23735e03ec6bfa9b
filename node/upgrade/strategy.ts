/**
 * The strategies: how a daemon may order its gates, its records and its notices. Each is a row of data that the
 * machine and the gates interpret; nothing else in the house asks for a strategy by its name.
 */

/** A condition on what all members have recorded. `pair` looks at the schema and the API extensions together. */
export type Gate = 'schema' | 'api' | 'pair';

/** What a notice says has been settled. `both` is the notice without a parameter, as older builds send it. */
export type NoticeKind = 'schema' | 'api' | 'both';

export const STRATEGY_NAMES = ['combined', 'split', 'seed', 'preemptive', 'upstream', 'pair'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

export interface Strategy {
  readonly name: StrategyName;
  /** What it is, in one line, for a person who chooses. */
  readonly about: string;
  /** The gates, in the order in which a member must pass them. */
  readonly gates: readonly Gate[];
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
}

const combined: Strategy = {
  name: 'combined',
  about: 'as reported: schema gate, then API gate, one notice after opening',
  gates: ['schema', 'api'],
  recordsApiAt: ['api'],
  seeds: false,
  notifies: 'open',
  resumesAt: 'first-gate',
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
  return strategy.notifies === 'open' || kind === 'both' || kind === gate;
}

/** The notice that passing a gate gives rise to; none where peers are told only after opening. */
export function noticeAfter(strategy: Strategy, gate: Gate): NoticeKind | null {
  return strategy.notifies === 'each-gate' && gate !== 'pair' ? gate : null;
}
