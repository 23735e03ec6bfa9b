/** What a search is asked, and what it finds. */
import type { Version } from '../../node/upgrade/version.ts';

/** How often what can go wrong may go wrong, in one run of the cluster. */
export interface Faults {
  readonly lose: number;
  readonly duplicate: number;
  readonly crash: number;
}

export interface Question {
  readonly members: number;
  readonly from: Version;
  readonly to: Version;
  readonly faults: Faults;
  /** Whether steps whose order cannot matter are left unordered (expansion.ts, local.ts). */
  readonly reduce: boolean;
  /** The search stops, and says so, at this many states. */
  readonly mostStates: number;
  /** And at this much memory, in bytes. */
  readonly mostBytes: number;
}

export const STEPS = [
  'refresh',
  'check',
  'park',
  'notify',
  'open',
  'deliver',
  'timer',
  'lose',
  'duplicate',
  'crash',
] as const;
export type StepName = (typeof STEPS)[number];

/** One step of a path: which member (by its place among the sorted local states before the step), and of which kind. */
export interface PackedStep {
  readonly name: StepName;
  readonly place: number;
  /** Of a notice: an index of KINDS. Of a crash: 0 starts again on the older version, 1 on the newer. */
  readonly detail: number;
}

/** A step without its place takes this many bits, with it a few more. */
export const STEP_BITS = 8;

export function packStep(name: StepName, detail = 0, place = 0): number {
  return STEPS.indexOf(name) | (detail << 4) | (place << STEP_BITS);
}

export function unpackStep(packed: number): PackedStep {
  return { name: STEPS[packed & 15]!, detail: (packed >>> 4) & 15, place: packed >>> STEP_BITS };
}

/** What a state is, beside being a state. */
export interface Findings {
  readonly states: number;
  readonly transitions: number;
  /** Nobody can do anything but wait for a timer, and not all are open. */
  readonly stuck: number[];
  /** Somebody has just passed its last gate who must not open, or applied an update that was applied before. */
  readonly unsafe: number[];
  /** States that can be come back to, and those behind them: members that move without getting on. */
  readonly livelock: number[];
  /** States in which all members are open: the good ends. */
  readonly allOpen: number;
  /** Whether all states were seen. */
  readonly exhaustive: boolean;
  readonly bytes: number;
}
