/** What a search is asked, and what it finds. */
import type { Patch } from '../../node/upgrade/patch.ts';
import { hasPatch, patchesOf, type Version } from '../../node/upgrade/version.ts';

/** How often what can go wrong may go wrong, in one run of the cluster. */
export interface Faults {
  readonly lose: number;
  readonly duplicate: number;
  readonly crash: number;
  /** How often a member that is to be refreshed may come back in the build that it had. */
  readonly fail: number;
}

export const NO_FAULTS: Faults = { lose: 0, duplicate: 0, crash: 0, fail: 0 };

/**
 * Who refreshes members. `free`: an operator, in any order and at any time. `auto`: an operator refreshes one, and every other
 * asks for it itself, at any time after it has learnt from the rows that a peer is newer.
 */
export const REFRESHING = ['free', 'auto'] as const;
export type Refreshing = (typeof REFRESHING)[number];

export interface Question {
  readonly members: number;
  /** The releases, in order: all members begin with the first, and may skip any but the last. */
  readonly versions: readonly Version[];
  readonly refreshing: Refreshing;
  /** How many members may leave for good, and how many new ones may join. */
  readonly leave: number;
  readonly join: number;
  readonly faults: Faults;
  /** Whether steps whose order cannot matter are left unordered (expansion.ts, local.ts). */
  readonly reduce: boolean;
  /** The search stops, and says so, at this many states. */
  readonly mostStates: number;
  /** And at this much memory, in bytes. */
  readonly mostBytes: number;
}

/** The patches that come with the releases after the first, in order. */
export function patchesIn(versions: readonly Version[]): readonly Patch[] {
  const found: Patch[] = [];
  for (const version of versions.slice(1)) {
    for (const patch of patchesOf(version))
      if (!hasPatch(versions[0]!, patch) && !found.some(({ name }) => name === patch.name)) found.push(patch);
  }
  return found;
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
  'begin',
  'patch',
  'note',
  'fail',
  'leave',
  'join',
] as const;
export type StepName = (typeof STEPS)[number];

/** One step of a path: which member (by its place among the sorted local states before the step), and of which kind. */
export interface PackedStep {
  readonly name: StepName;
  readonly place: number;
  /** Of a notice: an index of KINDS. Of a refresh, a crash or a joining: the index of the version. */
  readonly detail: number;
}

/** A step without its place takes this many bits, with it a few more. */
export const STEP_BITS = 8;
/** As many as its four bits of detail tell apart. */
export const MOST_VERSIONS = 16;

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
  /** Somebody has just passed its last gate who must not open, or applied an update or ran a patch that was done before. */
  readonly unsafe: number[];
  /** A patch of the database has been run, and somebody serves who does not know it. */
  readonly misread: number[];
  /** States that can be come back to, and those behind them: members that move without getting on. */
  readonly livelock: number[];
  /** States in which all members are open: the good ends. */
  readonly allOpen: number;
  /** Whether all states were seen. */
  readonly exhaustive: boolean;
  readonly bytes: number;
}
