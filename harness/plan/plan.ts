/**
 * A Plan: everything that a roll will do and must lead to, as a plain JSON document. It can be printed without being
 * run, saved, and run again.
 */
import type { ExitReason } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Outcome } from '../../node/upgrade/gate.ts';
import type { Disposition } from '../../node/upgrade/machine.ts';
import type { PatchOutcome } from '../../node/upgrade/patch.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Version } from '../../node/upgrade/version.ts';
import type { Pause } from '../input/scenario.ts';
import type { PlannedDaemon } from './daemon.ts';
import { type Fault, isDiskFault, leavesAway, lurks, needsLinks } from './fault.ts';

/** 1 held the settings of our own daemon itself. */
export const PLAN_FORMAT = 2;

/**
 * When the next refresh starts. `settled`: once the member before has parked, opened or exited. `eager`: at once.
 * `held`: once it is held before its first gate. Or a pause.
 */
export type Pace = 'settled' | 'eager' | 'held' | Pause;

/** A step of one member's upgrade machine, before which a plan can hold it, and what the explorer says comes of it. */
export type Move =
  | { readonly step: 'check'; readonly outcome: Outcome['is'] }
  | { readonly step: 'park'; readonly wokenAtOnce: boolean }
  | { readonly step: 'notify'; readonly kind: NoticeKind }
  | { readonly step: 'open' }
  /** Into the middle of a patch's transaction. */
  | { readonly step: 'begin' }
  /** Through a patch, from before it or from the middle of it. */
  | { readonly step: 'patch'; readonly outcome: PatchOutcome | 'patch-failed' }
  | { readonly step: 'note' };

export type RuntimeName = 'process' | 'container';

/** One thing that the conductor does. */
export type Step =
  | { readonly do: 'bootstrap'; readonly member: string; readonly version: string }
  /** Several members at once: joining is not what a roll is about. */
  | { readonly do: 'join'; readonly members: readonly string[]; readonly version: string; readonly through: string }
  /** All members start at once, each told of all, and form a cluster by themselves. */
  | { readonly do: 'form'; readonly members: readonly string[]; readonly version: string }
  /** Put the scenario's records in, through the first member. */
  | { readonly do: 'load'; readonly records: number }
  /** Stop a member, swap its build, start it; several at once where the plan refreshes together. */
  | { readonly do: 'refresh'; readonly refreshes: readonly Refresh[]; readonly pace: Pace }
  /** Stop a member, which stays away until it is refreshed. */
  | { readonly do: 'stop'; readonly member: string }
  /** Stop a member where it runs, and have another take it out of the cluster for good. */
  | { readonly do: 'leave'; readonly member: string; readonly by: string }
  /** Play the update program: refresh each of these members when it asks, until all run their release. */
  | {
      readonly do: 'update';
      readonly refreshes: readonly Refresh[];
      /** How long the program is at it before it stops a member. */
      readonly takesMs: number;
      /** How often a member comes back in the build that it had. */
      readonly fails: Readonly<Record<string, number>>;
      /** For so long a member may not ask, and then it is a finding. */
      readonly limitMs: number;
      /** Why no member can learn that a peer is newer, so that none is expected to ask; nothing where one can. */
      readonly unheard?: string | undefined;
    }
  /** Let a held member take its next step, and no more. Only in a plan that holds members. */
  | { readonly do: 'release'; readonly member: string; readonly move: Move }
  /** Let the oldest held notice of a kind from one member to another arrive. Only in a plan that holds members. */
  | {
      readonly do: 'deliver';
      readonly from: string;
      readonly to: string;
      readonly kind: NoticeKind;
      readonly disposition: Disposition;
    }
  /** Hold nobody any more. */
  | { readonly do: 'release-all' }
  /** Something goes wrong, until it is undone, or once. */
  | { readonly do: 'fault'; readonly id: string; readonly fault: Fault }
  | { readonly do: 'undo'; readonly id: string }
  /**
   * Let what one member answers another through, one answer after the other, until that has recorded what it runs, and keep the
   * answer by which it would learn so. Where nothing `isHeld`, all goes through, and is only looked at.
   */
  | { readonly do: 'withhold'; readonly member: string; readonly from: string; readonly isHeld: boolean }
  /** Let a member have what was kept from it. */
  | { readonly do: 'let-through'; readonly member: string }
  /** Wait until a member was seen to have come so far. `settled`: open or gone, its notices sent, and at rest. */
  | { readonly do: 'await'; readonly member: string; readonly until: Milestone }
  /** Wait until every member is open, or has exited. */
  | { readonly do: 'settle' }
  /** Read all records back through every open member. */
  | { readonly do: 'verify' };

export const MILESTONES = ['recorded', 'parked', 'settled'] as const;
export type Milestone = (typeof MILESTONES)[number];

export interface Refresh {
  readonly member: string;
  readonly from: string;
  readonly to: string;
  /** Started only when the timer of a member that waits is about to fire. */
  readonly aim?: Aim;
  /** Killed (SIGKILL) the first time, and then started again. */
  readonly crash?: Crash;
}

/** So that a member opens just when another's timer is due: its start comes so long before that. */
export interface Aim {
  readonly leadMs: number;
}

export interface Crash {
  /** Where the member is held, and killed. */
  readonly at: Failpoint;
  /** Whether it is made the leader of its database first. */
  readonly leading: boolean;
}

/** What drew a figure's line. All in milliseconds. */
export interface Budgets {
  readonly timeToOpenMs?: number | undefined;
  readonly unblockLatencyMs?: number | undefined;
  readonly stallMs?: number | undefined;
  readonly downtimeMs?: number | undefined;
}

/** What the roll must lead to, for its verdict to hold. */
export interface Expectation {
  /** The members that must be open at the end; all others must not be. */
  readonly open: readonly string[];
  /** `notice`: no member is woken by a timer. `timer`: at least one has to be, as the reported deadlock expects. */
  readonly wokenBy: 'notice' | 'timer' | 'either';
  /** False: some member has to open while another does not run its version, as a known flaw makes it. */
  readonly safe: boolean;
  /** Why members must have exited by themselves. */
  readonly exits: Readonly<Record<string, ExitReason>>;
  /** The checks that must be broken, as a known flaw makes them; none where it says nothing. */
  readonly broken?: readonly string[];
  readonly budgets: Budgets;
}

/** A record that is put in before the roll. */
export interface SeedRecord {
  readonly key: string;
  readonly value: string;
}

/** What an archive gave for a version that is made of its packages: it moves on. */
export interface Given {
  readonly suite: string;
  /** The versions of the packages that were asked for, by name. */
  readonly packages: Readonly<Record<string, string>>;
  /** Whether what the version counts was read off a member of it; else it is what its description says. */
  readonly isRead: boolean;
}

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly name: string;
  readonly about: string;
  readonly members: readonly string[];
  /** The version that all members start with. */
  readonly from: string;
  /** The version that the roll is about: what most members are refreshed to. */
  readonly to: string;
  /** The members in the order of their refreshes, for people. */
  readonly order: readonly string[];
  /** The seed that drew the order, where one did. */
  readonly seed: number | null;
  /** Every version that the plan mentions, as it was when the plan was made. */
  readonly versions: Readonly<Record<string, Version>>;
  /** By version, of those that come from an archive and have been made; none where it is left out. */
  readonly given?: Readonly<Record<string, Given>> | undefined;
  readonly daemon: PlannedDaemon;
  readonly runtime: RuntimeName | 'auto';
  readonly records: readonly SeedRecord[];
  /** Whether members are held before every step of their upgrade, as the replay of a counterexample needs. */
  readonly holds: boolean;
  readonly steps: readonly Step[];
  readonly expect: Expectation;
  /** No settling may take longer; then the conductor gives up, and says what each member waits for. */
  readonly settleLimitMs: number;
}

/** The version of the plan with this name. */
export function versionOf(plan: Plan, name: string): Version {
  const version = plan.versions[name];
  if (version === undefined) throw new Error(`plan ${plan.name} does not hold version ${name}`);
  return version;
}

/**
 * Who is not there at the end of a plan: it has left, or was stopped and not refreshed since, or a fault has left it so.
 * @param idle the faults that never came about, by their ids
 */
export function awayAtEnd(
  { steps }: Pick<Plan, 'steps'>,
  idle: { has(id: string): boolean } = new Set<string>(),
): ReadonlySet<string> {
  const away = new Set<string>();
  /** Who will not outlast its next life. */
  const doomed = new Set<string>();
  for (const step of steps) {
    if (step.do === 'stop' || step.do === 'leave') away.add(step.member);
    else if ('refreshes' in step)
      for (const { member } of step.refreshes)
        if (doomed.delete(member)) away.add(member);
        else away.delete(member);
    else if (step.do === 'fault' && leavesAway(step.fault) && !idle.has(step.id))
      (lurks(step.fault) ? doomed : away).add(step.fault.member);
  }
  return new Set([...away, ...doomed]);
}

/** The faults of a plan by their ids. */
export function faultsOf({ steps }: Pick<Plan, 'steps'>): ReadonlyMap<string, Fault> {
  return new Map(steps.flatMap((step) => (step.do === 'fault' ? [[step.id, step.fault]] : [])));
}

/** The refreshes of a plan, in order. */
export function refreshesOf({ steps }: Pick<Plan, 'steps'>): Refresh[] {
  return steps.flatMap((step) => (step.do === 'refresh' || step.do === 'update' ? step.refreshes : []));
}

/** Whether something is done to the link between two members, whichever of them is named first. */
export type Linked = (one: string, other: string) => boolean;

/** The links that something is done to; null where nothing is done to any. */
export function linkedBy({ steps, daemon }: Plan): Linked | null {
  // Who answers whom is known only once it is known who leads.
  if (steps.some((step) => step.do === 'withhold')) return () => true;
  const named = steps.flatMap((step) =>
    step.do === 'fault' && needsLinks(step.fault, daemon) && 'from' in step.fault ? [step.fault] : [],
  );
  if (named.length === 0) return null;
  return (one, other) => named.some(({ from, to }) => (from === one && to === other) || (from === other && to === one));
}

/** Whether the disk of a member is spoilt. */
export function spoilsDisks(plan: Plan): boolean {
  return [...faultsOf(plan).values()].some(isDiskFault);
}

/** Whether a plan counts on its first member's being the leader of the database when the roll begins. */
export function needsFirstToLead({ steps }: Plan): boolean {
  return steps.some((step) => step.do === 'withhold');
}
