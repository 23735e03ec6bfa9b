/** From a scenario and the versions there are to Plans: one, or one for every order. Pure. */
import { LONGEST_MS } from '../../node/duration.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import type { Scenario } from '../input/scenario.ts';
import { LONGEST_NAME } from '../input/values.ts';
import { type DaemonSource, type PlannedDaemon, rulesOf, tells } from './daemon.ts';
import { ALL_ORDERS_LIMIT, permutations, shuffled } from './order.ts';
import {
  type Crash,
  type Expectation,
  type Pace,
  PLAN_FORMAT,
  type Plan,
  type Refresh,
  type SeedRecord,
  type Step,
} from './plan.ts';
import { refusedRefresh, refuseIntroduction } from './refusals.ts';

/** What a plan is made from. */
export interface Sources {
  readonly scenario: Scenario;
  readonly versions: ReadonlyMap<string, Version>;
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
/** What a member is left to start and to come to its barrier, where nothing tells that it has. */
const BLIND_PACE: Pace = { pauseMs: 5000 };

/**
 * Make the plans of a scenario.
 * @throws InputError where the scenario contradicts itself or asks for what there is not
 */
export function compile(sources: Sources): Plan[] {
  const settings = withDefaults(sources);
  const members = Array.from({ length: settings.members }, (_, index) => `node${String(index + 1).padStart(2, '0')}`);
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
  const given = Object.entries(scenario).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...daemon.defaults, ...Object.fromEntries(given) } as Settings;
}

/** The 3 of node03. */
function numberOf(member: string): number {
  return Number(member.slice('node'.length));
}

interface Target {
  readonly member: string;
  readonly to: string;
  readonly crash?: Crash | undefined;
}

/** The members to refresh and to what, in the order of their numbers; several times where `refreshes` says so. */
function membersToRefresh({ to }: Settings, scenario: Scenario, members: readonly string[]): Target[] {
  const { refreshes } = scenario;
  if (scenario.seed !== undefined && scenario.order !== 'random') {
    throw new InputError('seed: it draws a random order: say order random, or drop it');
  }
  if (refreshes !== undefined && (scenario.order !== undefined || scenario.to !== undefined)) {
    throw new InputError(
      'refreshes: it already says which members go to what, and in which order: drop `to` and `order`',
    );
  }
  const targets =
    refreshes ??
    (typeof to === 'string'
      ? members.map((member) => ({ member, to }))
      : Object.entries(to).map(([member, version]) => ({ member, to: version })));
  if (targets.length === 0) throw new InputError('to: it names no member to refresh');
  for (const { member } of targets) {
    if (!members.includes(member))
      throw new InputError(`there is no member ${member}; there are ${members.join(', ')}`);
  }
  return refreshes !== undefined
    ? targets
    : members.flatMap((member) => targets.filter((target) => target.member === member));
}

interface Order {
  readonly targets: readonly Target[];
  readonly together: boolean;
  readonly seed: number | null;
}

function ordersOf({ order, seed: given }: Settings, freshSeed: number, targets: Target[]): Order[] {
  const one = (chosen: Target[], more: Partial<Order> = {}): Order[] => [
    { targets: chosen, together: false, seed: null, ...more },
  ];
  if (Array.isArray(order)) return one(numbered(order, targets));
  switch (order) {
    case 'forward':
      return one(targets);
    case 'reverse':
      return one(targets.toReversed());
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
      return permutations(targets).flatMap((chosen) => one(chosen));
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

function planOf(scenario: Settings, sources: Sources, members: readonly string[], order: Order): Plan {
  const refreshes = withFrom(order.targets, scenario.from);
  const names = [...new Set([scenario.from, ...order.targets.map((target) => target.to)])];
  const versions = Object.fromEntries(names.map((name) => [name, known(sources.versions, name)]));
  const to = typeof scenario.to === 'string' && scenario.refreshes === undefined ? scenario.to : refreshes.at(-1)!.to;
  const daemon = sources.daemon.plan(sources.scenario);
  if (daemon.model !== null) {
    refuseIntroduction(rulesOf(daemon.model).strategy, Object.values(versions), known(sources.versions, scenario.from));
  }
  const refused = refusedRefresh(daemon, refreshes);
  if (refused !== null) throw new InputError(refused);
  return {
    format: PLAN_FORMAT,
    name: scenario.name,
    about: scenario.about,
    members,
    from: scenario.from,
    to,
    order: refreshes.map((refresh) => refresh.member),
    seed: order.seed,
    versions,
    daemon,
    runtime: scenario.runtime,
    records: sources.records,
    holds: false,
    steps: [
      ...enteringSteps(daemon, members, scenario.from),
      ...rollSteps(refreshes, order.together, paceOf(scenario, daemon), sources.records.length),
    ],
    expect: expectationOf(scenario, members),
    settleLimitMs: Math.min(
      (daemon.timer?.everyMs ?? UNKNOWN_WAIT_MS) * 2 * members.length + SETTLE_SLACK_MS,
      LONGEST_MS,
    ),
  };
}

function known(versions: ReadonlyMap<string, Version>, name: string): Version {
  const version = versions.get(name);
  if (version !== undefined) return version;
  throw new InputError(`there is no version ${name}; there are ${[...versions.keys()].join(', ')}`);
}

function withFrom(targets: readonly Target[], from: string): Refresh[] {
  const now = new Map<string, string>();
  return targets.map(({ member, to, crash }) => {
    const refresh = { member, from: now.get(member) ?? from, to, ...(crash === undefined ? {} : { crash }) };
    now.set(member, to);
    return refresh;
  });
}

/** How the cluster comes to be that is rolled. */
function enteringSteps({ forming }: PlannedDaemon, members: readonly string[], version: string): Step[] {
  if (forming === 'together') return [{ do: 'form', members, version }];
  const [first, ...others] = members as [string, ...string[]];
  const bootstrap: Step = { do: 'bootstrap', member: first, version };
  return others.length === 0 ? [bootstrap] : [bootstrap, { do: 'join', members: others, version, through: first }];
}

/** A member of which nothing tells when it waits cannot be seen to settle: it would be waited for in vain. */
function paceOf({ pace }: Settings, daemon: PlannedDaemon): Pace {
  const isSeen = !daemon.capabilities.waits || tells(daemon, 'parked');
  if (pace === 'settled' && !isSeen)
    throw new InputError(
      `pace: settled: nothing tells when a member of ${daemon.name} waits for others: say a pause, such as 2s`,
    );
  return pace ?? (isSeen ? 'settled' : BLIND_PACE);
}

function rollSteps(refreshes: readonly Refresh[], together: boolean, pace: Pace, records: number): Step[] {
  return [
    ...(records === 0 ? [] : [{ do: 'load', records } as const]),
    ...(together
      ? [{ do: 'refresh', refreshes, pace: 'eager' } as const]
      : refreshes.map((refresh): Step => ({ do: 'refresh', refreshes: [refresh], pace }))),
    { do: 'settle' },
    { do: 'verify' },
  ];
}

function expectationOf(scenario: Scenario, members: readonly string[]): Expectation {
  const { open, woken = 'notice', safe = true, exits = {}, budgets = {}, broken = [] } = scenario.expect ?? {};
  // Who exits and is not said to be open afterwards stays away.
  const others = members.filter((member) => !(member in exits));
  const chosen = open === undefined ? others : open === 'all' ? members : open === 'none' ? [] : open;
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
