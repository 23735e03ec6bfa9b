/** From a scenario and the versions there are to Plans: one, or one for every order. Pure. */

import { LONGEST_MS } from '../../node/duration.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import { named } from '../input/named.ts';
import type { Scenario } from '../input/scenario.ts';
import { LONGEST_NAME } from '../input/values.ts';
import { type Course, courseOf } from './course.ts';
import { type DaemonSource, type PlannedDaemon, rulesOf } from './daemon.ts';
import { contradictionIn } from './fault-sequence.ts';
import { entryOf, withFaults } from './fault-steps.ts';
import { memberNames, numberOf } from './member-names.ts';
import { ALL_ORDERS_LIMIT, permutations, shuffled } from './order.ts';
import { awayAtEnd, type Expectation, type Given, PLAN_FORMAT, type Plan, type SeedRecord, type Step } from './plan.ts';
import { refusedRefresh, refuseIntroduction } from './refusals.ts';
import { refuseContradictions, type Target } from './targets.ts';

/** What a plan is made from. */
export interface Sources {
  readonly scenario: Scenario;
  readonly versions: ReadonlyMap<string, Version>;
  /** What an archive gave for them, as far as that is known; nothing where it is left out. */
  readonly given?: ReadonlyMap<string, Given>;
  readonly daemon: DaemonSource;
  readonly records: readonly SeedRecord[];
  /** Used where the order is random and the scenario gives no seed. */
  readonly freshSeed: number;
}

const DEFAULTS = {
  name: 'roll',
  about: '',
  members: 3,
  order: 'forward',
  runtime: 'auto',
} as const;

/** A scenario in which nothing that has a default is missing. */
type Settings = Scenario & { readonly [Key in keyof typeof DEFAULTS | 'from' | 'to']: NonNullable<Scenario[Key]> };

/** What a member may need beside its parks: starting, on a slow machine. */
const SETTLE_SLACK_MS = 60_000;
/** Where it is not known how long a member waits. */
const UNKNOWN_WAIT_MS = 60_000;
/**
 * Make the plans of a scenario.
 * @throws InputError where the scenario contradicts itself or asks for what there is not
 */
export function compile(sources: Sources): Plan[] {
  const settings = withDefaults(sources);
  const members = memberNames(settings.members);
  const orders = ordersOf(settings, sources.freshSeed, membersToRefresh(settings, sources.scenario, members));
  return orders.map((order) => {
    const plan = planOf(settings, sources, members, order);
    const numbers = plan.order.map(numberOf).join('');
    return orders.length === 1
      ? plan
      : { ...plan, name: `${plan.name.slice(0, LONGEST_NAME - numbers.length - 1)}-${numbers}` };
  });
}

function withDefaults({ scenario, daemon }: Sources): Settings {
  refuseContradictions(scenario);
  const given = Object.entries(scenario).filter(([, value]) => value !== undefined);
  const { versions } = scenario;
  const ends = versions === undefined ? {} : { from: versions[0], to: versions.at(-1) };
  return { ...DEFAULTS, ...daemon.defaults, ...ends, ...Object.fromEntries(given) } as Settings;
}

/** The members to refresh and to what, in the order of their numbers; several times where `refreshes` says so. */
function membersToRefresh({ to }: Settings, { refreshes }: Scenario, members: readonly string[]): Target[] {
  if (refreshes !== undefined)
    return refreshes.flatMap(({ member, to: version, crash }) =>
      member === undefined ? [] : [{ member: known(members, member), to: version!, crash }],
    );
  const targets =
    typeof to === 'string'
      ? members.map((member) => ({ member, to }))
      : Object.entries(to).map(([member, version]) => ({ member: known(members, member), to: version }));
  if (targets.length === 0) throw new InputError('to: it names no member to refresh');
  return members.flatMap((member) => targets.filter((target) => target.member === member));
}

function known(members: readonly string[], member: string): string {
  if (members.includes(member)) return member;
  throw new InputError(`there is no member ${member}; there are ${members.join(', ')}`);
}

interface Order {
  readonly targets: readonly Target[];
  readonly together: boolean;
  readonly seed: number | null;
}

function ordersOf({ order, pace, seed: given }: Settings, freshSeed: number, targets: Target[]): Order[] {
  const one = (chosen: Target[], more: Partial<Order> = {}): Order[] => [
    { targets: chosen, together: false, seed: null, ...more },
  ];
  // What is drawn where members ask by themselves is how long each waits.
  const auto = pace === 'auto' ? { seed: given ?? freshSeed } : {};
  if (Array.isArray(order)) return one(numbered(order, targets), auto);
  switch (order) {
    case 'forward':
      return one(targets, auto);
    case 'reverse':
      return one(targets.toReversed(), auto);
    case 'together':
      return one(targets, { together: true });
    case 'random': {
      const seed = given ?? freshSeed;
      return one(shuffled(targets, seed), { seed });
    }
    case 'all':
      if (targets.length > ALL_ORDERS_LIMIT) {
        throw new InputError(
          `order: all orders of ${targets.length} members are too many; the limit is ${ALL_ORDERS_LIMIT}: try random`,
        );
      }
      return permutations(targets).flatMap((chosen) => one(chosen, auto));
  }
}

function numbered(numbers: readonly number[], targets: readonly Target[]): Target[] {
  const wanted = targets.map((target) => numberOf(target.member));
  const sorted = [...numbers].sort((one, other) => one - other);
  if (sorted.length !== wanted.length || sorted.some((number, index) => number !== wanted[index])) {
    throw new InputError(
      `order: ${numbers.join(',')} must name each member to refresh once: ${wanted.join(',')} in some order`,
    );
  }
  return numbers.map((number) => targets[wanted.indexOf(number)]!);
}

function planOf(scenario: Settings, sources: Sources, initial: readonly string[], order: Order): Plan {
  const daemon = sources.daemon.plan({ ...sources.scenario, ...(order.seed === null ? {} : { seed: order.seed }) });
  const course = courseOf({
    ...{ settings: scenario, daemon, versions: sources.versions },
    ...{ members: initial, targets: order.targets, together: order.together },
  });
  const { refreshes, newcomers } = course;
  const members = [...initial, ...newcomers];
  const names = [...new Set([scenario.from, ...refreshes.map((refresh) => refresh.to)])];
  const saidBy = (name: string): string => (name === scenario.from ? 'from: ' : name === scenario.to ? 'to: ' : '');
  const versions = Object.fromEntries(names.map((name) => [name, named(sources.versions, name, saidBy(name))]));
  const to = typeof scenario.to === 'string' && scenario.refreshes === undefined ? scenario.to : lastVersion(course);
  if (daemon.model !== null) {
    const from = named(sources.versions, scenario.from);
    refuseIntroduction(rulesOf(daemon.model).strategy, Object.values(versions), from);
  }
  const refused = refusedRefresh(daemon, refreshes);
  if (refused !== null) throw new InputError(refused);
  const { records } = sources;
  const entering = enteringSteps(daemon, initial, scenario.from);
  const rolling = withFaults(course.steps, scenario.faults ?? [], members);
  const steps = [...entering, ...rolling];
  const contradiction = contradictionIn({ daemon, steps, versions });
  if (contradiction !== null)
    throw new InputError(`${entryOf(contradiction.id) ?? 'faults'}: ${contradiction.message}`);
  return {
    format: PLAN_FORMAT,
    name: scenario.name,
    about: scenario.about,
    members,
    from: scenario.from,
    to: to ?? scenario.from,
    order: refreshes.map((refresh) => refresh.member),
    seed: order.seed,
    versions,
    ...givenOf(names, sources.given),
    daemon,
    runtime: scenario.runtime,
    records,
    holds: false,
    steps: [
      ...entering,
      ...(records.length === 0 ? [] : [{ do: 'load', records: records.length } as const]),
      ...rolling,
      { do: 'settle' },
      { do: 'verify' },
    ],
    expect: expectationOf(scenario, members, awayAtEnd({ steps: rolling })),
    settleLimitMs: Math.min(
      (daemon.timer?.everyMs ?? UNKNOWN_WAIT_MS) * 2 * members.length + SETTLE_SLACK_MS,
      LONGEST_MS,
    ),
  };
}

function lastVersion({ refreshes }: Course): string | undefined {
  return refreshes.at(-1)?.to;
}

function givenOf(names: readonly string[], given: Sources['given']): Pick<Plan, 'given'> {
  const found = names.flatMap((name) => {
    const one = given?.get(name);
    return one === undefined ? [] : [[name, one] as const];
  });
  return found.length === 0 ? {} : { given: Object.fromEntries(found) };
}

/** How the cluster comes to be that is rolled. */
function enteringSteps({ forming }: PlannedDaemon, members: readonly string[], version: string): Step[] {
  if (forming === 'together') return [{ do: 'form', members, version }];
  const [first, ...others] = members as [string, ...string[]];
  const bootstrap: Step = { do: 'bootstrap', member: first, version };
  return others.length === 0 ? [bootstrap] : [bootstrap, { do: 'join', members: others, version, through: first }];
}

/** @param away who has left in the end, or was stopped and has not come back */
function expectationOf(scenario: Scenario, members: readonly string[], away: ReadonlySet<string>): Expectation {
  const { open, woken = 'notice', safe = true, exits = {}, budgets = {}, broken = [] } = scenario.expect ?? {};
  // Who exits and is not said to be open afterwards stays away.
  const others = members.filter((member) => !(member in exits) && !away.has(member));
  const chosen =
    open === undefined
      ? others
      : open === 'all'
        ? members.filter((member) => !away.has(member))
        : open === 'none'
          ? []
          : open;
  for (const member of [...chosen, ...Object.keys(exits)]) {
    if (!members.includes(member))
      throw new InputError(`expect: there is no member ${member}; there are ${members.join(', ')}`);
  }
  return {
    open: chosen,
    wokenBy: woken,
    safe,
    exits,
    ...(broken.length === 0 ? {} : { broken }),
    budgets: {
      timeToOpenMs: budgets.time_to_open,
      unblockLatencyMs: budgets.unblock_latency,
      stallMs: budgets.stall,
      downtimeMs: budgets.downtime,
    },
  };
}
