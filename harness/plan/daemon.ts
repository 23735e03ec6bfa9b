/**
 * What a plan says of the daemon that it rolls: what the rig can do with it and learn from it, what models it, and
 * whatever is particular to it. Nobody above `harness/daemon` asks which daemon it is.
 */
import type { EventName } from '../../node/events.ts';
import type { AheadPolicy } from '../../node/upgrade/gate.ts';
import type { Rules, Wakeups } from '../../node/upgrade/machine.ts';
import { type PatchBy, type PatchWhen, patchPolicy, USUAL_PATCHING } from '../../node/upgrade/patch.ts';
import { type COMPARED, oneGate, STRATEGIES, type StrategyName } from '../../node/upgrade/strategy.ts';
import type { Scenario } from '../input/scenario.ts';

/** In a cluster of so few, each member has a vote in its replicated database; in a larger one, so many have. */
export const ALL_VOTE = 3;

/** What the rig can do with a daemon, or learn from it. Whatever a check needs and is not here makes it not applicable. */
export interface Capabilities {
  /** The events that are told of a member, be they pushed or observed. */
  readonly tells: readonly EventName[];
  /**
   * How the rig knows what woke a member: it is `told`; it is `reckoned` from how long the park lasted, by the timer; or it
   * is `unknown`, as it is not known how long a timer is or when a park begins.
   */
  readonly cause: 'told' | 'reckoned' | 'unknown';
  /** Whether a refreshed member waits for others at all. */
  readonly waits: boolean;
  /** Records can be written and read as a client of the cluster would. */
  readonly records: boolean;
  /** A member can be held at its failpoints, and be let go. */
  readonly failpoints: boolean;
  /** A member can be made the leader. */
  readonly leader: boolean;
  /** A member can be taken out of its cluster; not where it says nothing. */
  readonly removal?: boolean;
  /** Members trust one another by certificates, and the rig can do something to these; not where it says nothing. */
  readonly trust?: boolean;
  /** A member asks to be refreshed when it learns that a peer is newer; not where it says nothing. */
  readonly asks?: boolean;
  /**
   * By whom a patch of the cluster is run, where something tells of patches and no version lists them; nothing where versions do, or
   * where nothing tells of any.
   */
  readonly patchBy?: PatchBy;
  /** What exits are for its supervisor to heal; null where nothing starts a member again. */
  readonly supervisor: Supervisor | null;
  /**
   * How long everybody must have been at rest until the rig believes it: an exit often comes soon after an opening. Zero where
   * a member tells what it is about to do.
   */
  readonly steadyMs: number;
}

/** What starts a member again that exits by itself. */
export interface Supervisor {
  readonly restart: 'on-failure' | 'always';
  readonly delayMs: number;
  /** After so many starts it gives up. */
  readonly most: number;
}

/** The row of node/upgrade's table that models a daemon, with its wake-ups and its policy. */
export interface Model {
  readonly strategy: StrategyName;
  /** What its one gate compares, where it has one gate and takes the column for granted; null for the strategy's own gates. */
  readonly compares: (typeof COMPARED)[number] | null;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
  /** When its local patches are run, and by whom: as usual, where it says nothing, as a plan did before there were any. */
  readonly patching?: { readonly when: PatchWhen; readonly by: PatchBy };
}

export interface Timer {
  /** How long one park lasts before the timer ends it. */
  readonly everyMs: number;
  /** How far from a whole number of timers a park may be that one ended. Of no matter where the cause is told. */
  readonly toleranceMs: number;
}

export interface PlannedDaemon {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Null where no row of the table models it. */
  readonly model: Model | null;
  /** Null where it is not known how long a member waits. */
  readonly timer: Timer | null;
  /** Whether members enter a cluster one by one, or all at once. */
  readonly forming: 'one-by-one' | 'together';
  /** What is particular to this daemon; only its own code reads it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Where a plan gets its daemon from. */
export interface DaemonSource {
  /** The versions that a scenario is about that names none. */
  readonly defaults: { readonly from: string; readonly to: string };
  /** @throws InputError where the scenario asks for what this daemon does not have */
  plan(scenario: Scenario): PlannedDaemon;
  /** The settings of a scenario of which `plan` makes this. */
  scenarioOf(planned: PlannedDaemon): Scenario;
}

/** The rules by which the pure machine plays this daemon. */
export function rulesOf({ strategy, compares, wakeups, ahead, patching = USUAL_PATCHING }: Model): Rules {
  return {
    strategy: compares === null ? STRATEGIES[strategy] : oneGate(compares),
    wakeups,
    ahead,
    patching: patchPolicy(patching.when, patching.by),
  };
}

/** Whether an event of its members is told, pushed or observed. */
export function tells({ capabilities }: PlannedDaemon, event: EventName): boolean {
  return capabilities.tells.includes(event);
}

/** Whether it can be known while a member waits when its timer is due. */
export function canAim(daemon: PlannedDaemon): boolean {
  return daemon.timer !== null && tells(daemon, 'parked');
}

/** Whether it can be worked out at every instant if a gate could pass: a model, and what every member has recorded. */
export function canReckonGates(daemon: PlannedDaemon): boolean {
  return daemon.model !== null && tells(daemon, 'recorded');
}
