/**
 * Draws rolls: a pair of versions, a size, an order, a pace and faults, from one seed. What is drawn is a scenario, as a person could
 * have written it; the generators are those of fast-check, and so is the shrinking of what fails.
 */
import type { Arbitrary } from 'fast-check';
import { patchesOf, type Version } from '../../node/upgrade/version.ts';
import type { Where } from '../fault/kind.ts';
import { kindOf } from '../fault/kinds.ts';
import { InputError } from '../input/errors.ts';
import type { FaultEntry } from '../input/fault-list.ts';
import type { Scenario } from '../input/scenario.ts';
import { compile } from '../plan/compile.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import { memberName } from '../plan/member-names.ts';
import { faultsOf, type Plan } from '../plan/plan.ts';
import { stepKind } from '../plan/step-kind.ts';
import { type FastCheck, faultEntries } from './entries.ts';

/** What plans are drawn for. */
export interface Subject {
  readonly daemon: DaemonSource;
  readonly versions: ReadonlyMap<string, Version>;
  readonly runtime: Where['runtime'];
  /** What every plan has, such as the database. */
  readonly fixed: Scenario;
  readonly most: { readonly members: number; readonly faults: number };
}

/** A scenario that can be rolled, and its plan. */
export interface Drawn {
  readonly scenario: Scenario;
  readonly plan: Plan;
}

/** Loaded where something is drawn, and nowhere else: it takes its time. */
export function loadFastCheck(): Promise<FastCheck> {
  return import('fast-check');
}

/** The same seed draws the same plan, of the same subject and at the same commit. */
export async function draw(subject: Subject, seed: number): Promise<Drawn> {
  const fc = await loadFastCheck();
  const [scenario] = fc.sample(scenarios(fc, subject), { seed, numRuns: 1 });
  return drawnOf(subject, scenario!);
}

export function drawnOf(subject: Subject, scenario: Scenario): Drawn {
  return { scenario, plan: planOf(subject, scenario) };
}

function planOf({ daemon, versions }: Subject, scenario: Scenario): Plan {
  const [plan] = compile({ scenario, daemon, versions, records: [], freshSeed: 1 });
  return plan!;
}

/** Scenarios that can be compiled, and whose faults are possible. */
export function scenarios(fc: FastCheck, subject: Subject): Arbitrary<Scenario> {
  const pairs = pairsOf(subject);
  if (pairs.length === 0) throw new InputError('chaos: there are no two versions of which one raises the other');
  return fc
    .record({
      pair: fc.constantFrom(...pairs),
      members: fc.integer({ min: 2, max: subject.most.members }),
      turn: fc.integer({ min: 0, max: 719 }),
      pace: paces(fc),
      settings: settings(fc, subject),
    })
    .chain(({ pair: [from, to], members, turn, pace, settings: ours }) =>
      fc
        .array(faultEntries(fc, orderOf(members, turn).map(memberName)), {
          minLength: 1,
          maxLength: subject.most.faults,
          size: 'max',
        })
        .map((drawn): Scenario => {
          const order = orderOf(members, turn);
          const plain: Scenario = {
            name: 'chaos',
            from,
            to,
            members,
            order,
            ...(pace === null ? {} : { pace }),
            ...ours,
            ...subject.fixed,
          };
          return withPossible(subject, plain, drawn);
        }),
    )
    .filter((scenario) => isPossible(subject, scenario));
}

/** As many of the faults, in order, as can be done beside those before them. */
function withPossible(subject: Subject, plain: Scenario, drawn: readonly FaultEntry[]): Scenario {
  let scenario = plain;
  for (const fault of drawn) {
    const faults = [...(scenario.faults ?? []), fault];
    // Nobody opens where one never comes to record what it was to run.
    const expect = faults.some(leavesDead) ? { expect: { open: 'none' as const } } : {};
    const next: Scenario = { ...plain, faults, ...expect };
    if (isPossible(subject, next)) scenario = next;
  }
  return scenario;
}

function leavesDead({ fault, times, again }: FaultEntry): boolean {
  return (fault === 'fail-refresh' && times === undefined) || (fault === 'kill' && again === false);
}

function isPossible(subject: Subject, scenario: Scenario): boolean {
  let plan: Plan;
  try {
    plan = planOf(subject, scenario);
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
  const where = { daemon: plan.daemon, runtime: subject.runtime };
  if (isUndermined(scenario.faults ?? [])) return false;
  return [...faultsOf(plan).values()].every((fault) => kindOf(fault).lacks(fault, where) === null);
}

/** Whether one is to take another out, and something else is done to it, so that it may not be there for that. */
function isUndermined(faults: readonly FaultEntry[]): boolean {
  const takers = faults.flatMap(({ through }) => through ?? []);
  return faults.some(({ fault, member }) => fault !== 'remove' && member !== undefined && takers.includes(member));
}

/** Every two versions of which the second is later, and no fork of the first. */
function pairsOf({ versions, daemon }: Subject): Array<readonly [string, string]> {
  const { capabilities } = daemon.plan({});
  // What a patch that is interrupted leaves behind is its own affair.
  const all = [...versions.values()].filter((version) => patchesOf(version).length === 0);
  return all.flatMap((from) =>
    all.flatMap((to) => {
      const kind = stepKind(from, to, capabilities.failpoints ? undefined : 0);
      return ['introduces', 'both', 'schema', 'api'].includes(kind) ? [[from.name, to.name] as const] : [];
    }),
  );
}

function paces(fc: FastCheck): Arbitrary<Scenario['pace'] | null> {
  const pauses = fc.integer({ min: 1, max: 12 }).map((tenths) => ({ pauseMs: tenths * 100 }));
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constant('eager' as const), pauses);
}

/** Of our own daemon: what never stalls by itself, in any interleaving (docs/exploration.md). */
function settings(fc: FastCheck, { daemon }: Subject): Arbitrary<Scenario> {
  if (daemon.plan({}).capabilities.failpoints === false) return fc.constant({});
  return fc.record({
    strategy: fc.constantFrom('split' as const, 'split' as const, 'pair' as const),
    ahead: fc.constantFrom('exit' as const, 'wait' as const),
    wait: fc.constant(WAIT_MS),
  });
}

/** Long enough for a member to start on a busy machine, and short enough to be sat out. */
const WAIT_MS = 5000;

/** One of the orders, by its number: the first is forward. */
function orderOf(members: number, turn: number): number[] {
  const left = Array.from({ length: members }, (_, index) => index + 1);
  const order: number[] = [];
  let rest = turn;
  while (left.length > 0) {
    order.push(...left.splice(rest % left.length, 1));
    rest = Math.floor(rest / (left.length + 1));
  }
  return order;
}
