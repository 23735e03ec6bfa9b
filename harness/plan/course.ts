/** What is done to the members of a cluster that is there: the steps of a roll between its forming and its end. Pure. */
import { isNewer, samePatches, type Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import type { Scenario } from '../input/scenario.ts';
import { canAim, type PlannedDaemon, rulesOf, tells } from './daemon.ts';
import type { Pace, Refresh, Step } from './plan.ts';
import { type Release, releasesOf, type Target } from './targets.ts';

export interface Course {
  readonly steps: readonly Step[];
  /** In order, with the version that each member runs before. */
  readonly refreshes: readonly Refresh[];
  /** Who joins on the way, and who is not there in the end. */
  readonly newcomers: readonly string[];
  readonly away: readonly string[];
}

type Settings = Scenario & { readonly from: string };
type Turn = NonNullable<Scenario['refreshes']>[number];

/** What a member is left to start and to come to its barrier, where nothing tells that it has. */
const BLIND_PACE: Pace = { pauseMs: 5000 };
/** A member that has learnt of a newer peer, has waited, and has been put off by a program that failed, has asked by then. */
const ASKED_LIMIT_MS = 60_000;
const UPDATE_TAKES_MS = 100;

/** What a course is made from. */
export interface Roll {
  readonly settings: Settings;
  readonly daemon: PlannedDaemon;
  readonly versions: ReadonlyMap<string, Version>;
  /** Those of the cluster when it begins. */
  readonly members: readonly string[];
  /** Of the last release, in the order of the roll. */
  readonly targets: readonly Target[];
  /** Whether the order is that all are refreshed at once. */
  readonly together: boolean;
}

/** @throws InputError where the scenario asks for what cannot be done */
export function courseOf(roll: Roll): Course {
  const { settings, daemon } = roll;
  const course = plainCourse(roll);
  return settings.aim === undefined ? course : aimed(course, daemon, settings.aim);
}

/** The last refresh is the one that makes the others' gates passable. @throws InputError where there is nothing to aim at */
function aimed(course: Course, daemon: PlannedDaemon, leadMs: number): Course {
  if (!canAim(daemon))
    throw new InputError(
      `aim: it is not known when a timer of ${daemon.name} is due: its description must say its timer and when it waits`,
    );
  const place = course.steps.findLastIndex((step) => 'refreshes' in step);
  const last = course.steps[place];
  if (course.refreshes.length < 2 || last?.do !== 'refresh' || last.refreshes.length > 1)
    throw new InputError(
      'aim: the last refresh is aimed at the timer of a member that was refreshed before it: refresh two or more, one after the other',
    );
  const refresh = { ...last.refreshes[0]!, aim: { leadMs } };
  return {
    ...course,
    steps: course.steps.with(place, { ...last, refreshes: [refresh] }),
    refreshes: [...course.refreshes.slice(0, -1), refresh],
  };
}

function plainCourse(roll: Roll): Course {
  const { settings, daemon, members, targets, together } = roll;
  if (settings.refreshes !== undefined) return new Turns(settings, daemon, members).course(settings.refreshes);
  if (settings.pace === 'auto' && together)
    throw new InputError('pace: auto: one member is refreshed first: give another order');
  const releases = releasesOf(settings, settings.from, targets);
  const running = new Map(members.map((member) => [member, settings.from]));
  const steps = releases.flatMap((release) => stepsOfRelease(roll, release, running));
  const refreshes = steps.flatMap((step) => ('refreshes' in step ? step.refreshes : []));
  // The roll ends with a settling of its own.
  return { steps: steps.slice(0, -1), refreshes, newcomers: [], away: [] };
}

function stepsOfRelease(roll: Roll, { targets, settles }: Release, running: Map<string, string>): Step[] {
  const { settings, daemon, together } = roll;
  const refreshes = targets.map((target) => refreshOf(target, running));
  const settle: readonly Step[] = settles ? [{ do: 'settle' }] : [];
  if (together || settings.pace === 'together') return [{ do: 'refresh', refreshes, pace: 'eager' }, ...settle];
  const pace = paceOf(settings, daemon);
  if (settings.pace !== 'auto')
    return [...refreshes.map((refresh): Step => ({ do: 'refresh', refreshes: [refresh], pace })), ...settle];
  const [first, ...others] = refreshes as [Refresh, ...Refresh[]];
  const operator: Step = { do: 'refresh', refreshes: [first], pace: 'eager' };
  return [operator, ...(others.length === 0 ? [] : [updateStep(roll, others, first.to)]), ...settle];
}

function updateStep({ settings, daemon, versions }: Roll, refreshes: readonly Refresh[], newer: string): Step {
  if (daemon.capabilities.asks !== true)
    throw new InputError(
      `pace: auto: a member of ${daemon.name} does not ask the rig to be refreshed: say another pace`,
    );
  const { fails = {}, within, takes = UPDATE_TAKES_MS } = settings.updates ?? {};
  const stranger = Object.keys(fails).find((member) => !refreshes.some((refresh) => refresh.member === member));
  if (stranger !== undefined) throw new InputError(`updates: fails: ${stranger} does not ask to be refreshed`);
  const everyMs = daemon.timer?.everyMs ?? 0;
  const tries = 1 + Math.max(0, ...Object.values(fails));
  const patience = tries * ((within ?? everyMs) + everyMs);
  const step = { do: 'update', refreshes, takesMs: takes, fails } as const;
  const unheard = whyUnheard(daemon, versions, newer, refreshes);
  if (unheard === null) return { ...step, limitMs: patience + ASKED_LIMIT_MS };
  // Nobody is waited for longer than it takes to see that it does not ask.
  return { ...step, limitMs: patience, unheard };
}

/** Why no member can learn from another's row that it is newer; null where one can. */
function whyUnheard(
  { model }: PlannedDaemon,
  versions: ReadonlyMap<string, Version>,
  newer: string,
  refreshes: readonly Refresh[],
): string | null {
  const to = versions.get(newer);
  if (to === undefined || model === null) return null;
  const { waitsForAll } = rulesOf(model).patching;
  const row = waitsForAll ? to : { ...to, patches: [] };
  const isHeard = refreshes.some(({ from }) => versions.get(from) === undefined || isNewer(row, versions.get(from)!));
  if (isHeard) return null;
  const way =
    samePatches(to, { patches: [] }) || waitsForAll
      ? ''
      : ' (with patch_when all-open, members say which patches they have)';
  return `nothing in the row of a member says that it runs ${newer}, which raises neither schema nor API${way}`;
}

function refreshOf({ member, to, crash }: Target, running: Map<string, string>): Refresh {
  const from = running.get(member);
  if (from === undefined) throw new InputError(`refreshes: ${member} is not in the cluster by then`);
  running.set(member, to);
  return { member, from, to, ...(crash === undefined ? {} : { crash }) };
}

/** A member of which nothing tells when it waits cannot be seen to settle: it would be waited for in vain. */
function paceOf({ pace }: Settings, daemon: PlannedDaemon): Pace {
  const isSeen = !daemon.capabilities.waits || tells(daemon, 'parked');
  if ((pace === 'settled' || (typeof pace === 'object' && pace.settled)) && !isSeen)
    throw new InputError(
      `pace: settled: nothing tells when a member of ${daemon.name} waits for others: say a pause, such as 2s`,
    );
  if (pace === undefined || pace === 'together' || pace === 'auto') return isSeen ? 'settled' : BLIND_PACE;
  return pace;
}

/** A scenario that says turn by turn what is done to which member. */
class Turns {
  readonly #daemon: PlannedDaemon;
  readonly #pace: Pace;
  readonly #running: Map<string, string>;
  readonly #stopped = new Set<string>();
  readonly #left: string[] = [];
  readonly #newcomers: string[] = [];

  constructor(settings: Settings, daemon: PlannedDaemon, members: readonly string[]) {
    this.#daemon = daemon;
    const word = settings.pace;
    if (word === 'auto' || word === 'together')
      throw new InputError(`pace: ${word}: refreshes: it says itself who is refreshed when: drop one of them`);
    this.#pace = paceOf(settings, daemon);
    this.#running = new Map(members.map((member) => [member, settings.from]));
  }

  course(turns: readonly Turn[]): Course {
    const steps = turns.map((turn) => this.#step(turn));
    const refreshes = steps.flatMap((step) => (step.do === 'refresh' ? step.refreshes : []));
    return { steps, refreshes, newcomers: this.#newcomers, away: [...this.#left, ...this.#stopped] };
  }

  #step({ member, to, crash, join, through, leave, by, stop }: Turn): Step {
    if (join !== undefined) return this.#join(join, through);
    if (leave !== undefined) return this.#leave(leave, by);
    if (stop !== undefined) {
      this.#require(stop);
      this.#stopped.add(stop);
      return { do: 'stop', member: stop };
    }
    this.#stopped.delete(member!);
    return {
      do: 'refresh',
      refreshes: [refreshOf({ member: member!, to: to!, crash }, this.#running)],
      pace: this.#pace,
    };
  }

  #join(member: string, through: string | undefined): Step {
    const peer = through ?? this.#present()[0]!;
    this.#require(peer);
    if (this.#running.has(member) || this.#left.includes(member))
      throw new InputError(`refreshes: join: ${member} has been in the cluster before: give another name`);
    const version = this.#running.get(peer)!;
    this.#running.set(member, version);
    this.#newcomers.push(member);
    return { do: 'join', members: [member], version, through: peer };
  }

  #leave(member: string, by: string | undefined): Step {
    if (this.#daemon.capabilities.removal !== true)
      throw new InputError(`refreshes: leave: the rig cannot have a member of ${this.#daemon.name} taken out: drop it`);
    if (!this.#running.has(member)) throw new InputError(`refreshes: leave: there is no member ${member} by then`);
    this.#running.delete(member);
    this.#stopped.delete(member);
    this.#left.push(member);
    const taker = by ?? this.#present()[0];
    if (taker === undefined) throw new InputError(`refreshes: leave: nobody is left to take ${member} out`);
    this.#require(taker);
    return { do: 'leave', member, by: taker };
  }

  #present(): string[] {
    return [...this.#running.keys()].filter((member) => !this.#stopped.has(member));
  }

  #require(member: string): void {
    if (!this.#present().includes(member)) throw new InputError(`refreshes: ${member} is not there by then`);
  }
}
