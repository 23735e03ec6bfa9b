/**
 * A path of the explorer as a Plan: the same steps, each held and let go in turn, on real members; and after it, the steps that
 * follow from where it ends, until nothing moves but timers.
 */
import type { ExitReason } from '../../node/events.ts';
import type { Version } from '../../node/upgrade/version.ts';
import type { Scenario } from '../input/scenario.ts';
import { rollName } from '../input/values.ts';
import { compile } from '../plan/compile.ts';
import { type DaemonSource, rulesOf } from '../plan/daemon.ts';
import type { NoticeFault } from '../plan/fault.ts';
import { type Move, type Plan, refreshesOf, type Step } from '../plan/plan.ts';
import { entrantsOf } from '../plan/sequence.ts';
import { astrayIn } from './astray.ts';
import type { Answer } from './explore.ts';
import type { Flying } from './happening.ts';
import { type Exits, exitsIn, type Told } from './path.ts';
import { PROTOCOL } from './protocol.ts';
import { settle } from './settle.ts';
import { type Moved, refresh, type Standing, type World } from './world.ts';

/** A path that leads in circles is not followed any further. */
const MOST_MOVES = 1000;

/**
 * The plan that replays an answer's path, follows it to where nothing moves by itself, and then lets everybody go, so that one sees
 * what it takes to get out.
 * @param said of the daemon's settings, where it has some that a scenario says
 * @throws InputError where a notice arrives more than twice
 */
export function counterexample(
  answer: Answer,
  daemon: DaemonSource,
  versions: ReadonlyMap<string, Version>,
  said: Scenario = settingsOf(answer),
): Plan {
  const { strategy, wakeups, from, to, members, unsafe, misread } = answer;
  if (answer.path === null) throw new Error('nothing falls short, so there is nothing to replay');
  const scenario = {
    name: rollName(`${strategy}-${wakeups}-${from}-${to}`),
    about: 'a counterexample that the explorer found',
    ...{ ...said, from, to, members },
    expect: { safe: unsafe === 0 },
  };
  const [plan] = compile({ scenario, daemon, versions, records: [], freshSeed: 0 });
  if (plan === undefined) throw new Error('a scenario with a given order makes one plan');
  const { told, world, exits, isOnward } = followed(answer, versions);
  const entering = plan.steps.filter((step) => entrantsOf(step).length > 0);
  const steps: Step[] = [
    ...entering,
    ...stepsOf(told, new Map(plan.members.map((member) => [member, from])), astrayIn(told, [...world.members.keys()])),
    { do: 'release-all' },
    { do: 'settle' },
    { do: 'verify' },
  ];
  const newcomers = told.flatMap((one) => (one.is === 'joined' ? one.member : []));
  const named = [from, ...answer.by, to].map((name) => [name, versions.get(name)!] as const);
  const needsTimer = unsafe + misread === 0 && !isOnward && Object.keys(exits).length === 0;
  return {
    ...plan,
    members: [...plan.members, ...newcomers],
    versions: Object.fromEntries(named),
    order: refreshesOf({ steps }).map(({ member }) => member),
    holds: true,
    steps,
    expect: {
      ...plan.expect,
      wokenBy: needsTimer ? 'timer' : 'either',
      exits: exits as Readonly<Record<string, ExitReason>>,
      open: membersIn(world, (standing) => !isExiting(standing)),
    },
  };
}

/** Of our own daemon, which can be any that is asked about. */
function settingsOf({ strategy, wakeups, ahead, patching }: Answer): Scenario {
  return { strategy, wakeups, ahead, patch_when: patching.when, patch_by: patching.by };
}

interface Followed {
  readonly told: readonly Told[];
  readonly world: World;
  readonly exits: Exits;
  /** Whether members were refreshed beside those of the path. */
  readonly isOnward: boolean;
}

/** The path, and what follows. */
function followed(answer: Answer, versions: ReadonlyMap<string, Version>): Followed {
  const { strategy, compares, wakeups, ahead, patching } = answer;
  const model = { protocol: PROTOCOL, rules: rulesOf({ strategy, compares, wakeups, ahead, patching }) };
  const told = [...answer.path!];
  let { world, exits } = answer.end!;
  const moved = (next: Moved): void => {
    world = next.world;
    told.push(next.happening);
    exits = { ...exits, ...exitsIn(world) };
  };
  settle(model, world, moved, MOST_MOVES);
  // Whoever has not come to the last release by then would keep the others from it, or was left behind by an update that failed.
  const left = isOneStep(answer) ? [] : membersIn(world, ({ version }) => version.name !== answer.to);
  for (const member of left) moved(refresh(model, world, member, versions.get(answer.to)!));
  settle(model, world, moved, MOST_MOVES);
  return { told, world, exits, isOnward: left.length > 0 };
}

/** An operator refreshes each member once, and nothing else befalls any. */
function isOneStep({ by, refreshing, fail, crash, leave, join }: Answer): boolean {
  return by.length === 0 && refreshing === 'free' && fail + crash + leave + join === 0;
}

type Present = Exclude<Standing, { is: 'absent' }>;

function membersIn({ members }: World, fits: (standing: Present) => boolean): string[] {
  return [...members].flatMap(([member, standing]) => (standing.is !== 'absent' && fits(standing) ? [member] : []));
}

function isExiting(standing: Present): boolean {
  return standing.is === 'upgrading' && standing.state.phase === 'exiting';
}

/**
 * @param running what each member runs when the path begins
 * @param astray what goes wrong with notices, by the place in the path before which it begins
 */
function stepsOf(
  path: readonly Told[],
  running: Map<string, string>,
  astray: ReadonlyMap<number, readonly NoticeFault[]>,
): Step[] {
  const unsent = new Unsent();
  let faulty = 0;
  return path.flatMap((told, index) => {
    unsent.follow(told);
    if (told.is === 'lost' || told.is === 'duplicated') return [];
    const isNothing = told.is === 'arrived' && (told.isInVain || unsent.takes(told.notice));
    const faults = (astray.get(index) ?? []).map((fault): Step => {
      faulty += 1;
      return { do: 'fault', id: `f${faulty}`, fault };
    });
    return isNothing ? [] : [...faults, stepOf(told, running)];
  });
}

/**
 * The notices of the model to whoever has joined since their sender looked at the rows last. A real member does not know of it, and
 * sends it none; nor would it make anything of one, as it joined a release that all others had come to.
 */
class Unsent {
  readonly #lookedAt = new Map<string, number>();
  readonly #joinedAt = new Map<string, number>();
  readonly #notices: string[] = [];
  #now = 0;

  follow(told: Told): void {
    this.#now += 1;
    if (told.is === 'checked') this.#lookedAt.set(told.member, this.#now);
    if (told.is === 'joined') this.#joinedAt.set(told.member, this.#now);
    if (told.is !== 'notified') return;
    const { member: from, kind } = told;
    for (const [to, at] of this.#joinedAt)
      if (at > (this.#lookedAt.get(from) ?? 0)) this.#notices.push(nameOf({ from, to, kind }));
  }

  /** Whether a notice that arrives is one of them, which it is no more. */
  takes(notice: Flying): boolean {
    const place = this.#notices.indexOf(nameOf(notice));
    if (place >= 0) this.#notices.splice(place, 1);
    return place >= 0;
  }
}

function nameOf({ from, to, kind }: Flying): string {
  return `${kind} from ${from} to ${to}`;
}

/** @param running what each member runs; brought up to date here */
function stepOf(told: Exclude<Told, { is: 'lost' | 'duplicated' }>, running: Map<string, string>): Step {
  switch (told.is) {
    case 'refreshed':
    // Whoever crashes or fails to update is stopped, and started in the build that it is left with.
    case 'crashed':
    case 'failed': {
      const { member, version } = told;
      const refresh = { member, from: running.get(member)!, to: version.name };
      running.set(member, version.name);
      return { do: 'refresh', refreshes: [refresh], pace: 'held' };
    }
    case 'left':
      return { do: 'leave', member: told.member, by: told.by };
    case 'joined':
      running.set(told.member, told.version.name);
      return { do: 'join', members: [told.member], version: told.version.name, through: told.through };
    case 'checked':
    case 'parked':
    case 'notified':
    case 'opened':
    case 'began':
    case 'patched':
    case 'noted':
      return { do: 'release', member: told.member, move: moveOf(told) };
    case 'arrived':
      return { do: 'deliver', ...told.notice, disposition: told.disposition };
    case 'timer':
      throw new Error(`a path with '${told.is}' in it cannot be replayed`);
  }
}

type OwnStep = Told & { is: 'checked' | 'parked' | 'notified' | 'opened' | 'began' | 'patched' | 'noted' };

function moveOf(told: OwnStep): Move {
  switch (told.is) {
    case 'checked':
      return { step: 'check', outcome: told.outcome.is };
    case 'parked':
      return { step: 'park', wokenAtOnce: told.wokenAtOnce };
    case 'notified':
      return { step: 'notify', kind: told.kind };
    case 'opened':
      return { step: 'open' };
    case 'began':
      return { step: 'begin' };
    case 'patched':
      return { step: 'patch', outcome: typeof told.outcome === 'string' ? told.outcome : told.outcome.is };
    case 'noted':
      return { step: 'note' };
  }
}
