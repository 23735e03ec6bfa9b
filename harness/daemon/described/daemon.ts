/** A daemon that a description tells the rig how to start, join, observe and stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../../node/clock.ts';
import type { Artifact, ImageSource } from '../../build/artifact.ts';
import type { DescribedVersion, Description, PatternEvent, Run } from '../../input/description.ts';
import { InputError } from '../../input/errors.ts';
import type { PlannedDaemon } from '../../plan/daemon.ts';
import { rulesOf } from '../../plan/daemon.ts';
import { versionOf } from '../../plan/plan.ts';
import {
  type Command,
  type Daemon,
  Finding,
  type Launch,
  type Peer,
  type Reach,
  RequestError,
  type Unmatched,
} from '../contract.ts';
import { archiveOf } from './archive.ts';
import { ask, isLike, patternOf } from './asking.ts';
import { attend } from './attendance.ts';
import { describedClient } from './client.ts';
import { formationOf } from './formation.ts';
import { NotedPatches } from './noted-patches.ts';
import { nameOf } from './patterns.ts';
import { Rows } from './rows.ts';
import type { DescribedSettings } from './settings.ts';
import type { Tally } from './tally.ts';
import { fill, fillAll, type Values, valuesOf } from './template.ts';

/** How long a daemon may take until it can be told to bootstrap or join: it may refuse the first tries. */
const REACHABLE_LIMIT_MS = 30_000;
const AGAIN_MS = 100;

export function describedDaemon(settings: DescribedSettings, tally: Tally): Daemon {
  const { description, folder } = settings;
  const { name, stop, form } = description;
  const needsFolders =
    description.log !== undefined ||
    description.form?.keep !== false ||
    JSON.stringify(description).includes('"socket"');
  /** Of this roll, what all members have recorded, and what each has noted. */
  const rows = new Rows();
  const notes = new NotedPatches();
  /** Those that have been started, and are yet to be made members by a step of the description. */
  const entering = new WeakSet<Launch>();
  return {
    name,
    port: description.port,
    needsFolders,
    places: (names) => {
      const versions = names.map((version) => description.versions[version]);
      const isImaged = versions.every((version) => version?.image !== undefined || version?.debian !== undefined);
      const isProgram = versions.every((version) => version?.program !== undefined);
      const isRoot = versions.every((version) => version?.debian !== undefined);
      return [
        ...(isImaged ? ['container' as const] : []),
        ...(isProgram ? ['process' as const] : []),
        ...(isRoot ? ['namespaces' as const] : []),
      ];
    },
    joinsAtOnce: false,
    keeps: form?.keep === false ? null : (_plan, { version }) => formationOf(settings, version),
    archive: archiveOf(settings),
    stopping: {
      signal: stop.signal,
      command:
        stop.run === undefined
          ? null
          : (launch, reach) =>
              fillAll(stop.run ?? [], valuesOf(launch, folder, 'member'), reach.program, launch.seat.member),
      graceMs: stop.grace,
      killsParked: stop.parked === 'kill',
      killsTogether: stop.together === 'kill',
    },
    formingLimitMs: form?.within ?? 60_000,
    startLimitMs: description.start.within,
    build: async (names) => new Map(names.map((version) => [version, artifactOf(settings, version)])),
    failing: null,
    command: (_plan, launch) => commandOf(description, folder, launch),
    attend: (plan, launch, told) => {
      const { model, timer } = plan.daemon;
      const gates = model === null ? [] : rulesOf(model).strategy.gates;
      const about = {
        member: launch.seat.member,
        action: launch.action,
        version: versionOf(plan, launch.version),
        gate: gates.length === 1 ? gates[0]! : ('barrier' as const),
        waitMs: timer?.everyMs ?? null,
        isKeptBack: plan.steps.some(
          (step) => step.do === 'withhold' && step.isHeld && step.member === launch.seat.member,
        ),
      };
      if (stepOf(description, launch) !== undefined) entering.add(launch);
      const isEntering = (): boolean => entering.has(launch);
      return attend({ description, folder, about, launch, rows, notes, tally, told, isEntering });
    },
    enter: async (launch, reach, signal) => {
      await enter(description, folder, launch, reach, tally, signal);
      entering.delete(launch);
    },
    isFormed: formedBy(description, folder, tally),
    client: (launch, reach) => describedClient({ description, folder, launch, reach, rows }),
    unmatched: () => unmatchedBy(description, tally),
    doubt: (of) => doubtOf(description, tally, of),
  };
}

function artifactOf({ description, file }: DescribedSettings, version: string): Artifact {
  const { versions, name, rights } = description;
  const described = versions[version];
  if (described === undefined)
    throw new InputError(`${name} has no version ${version}; there are ${Object.keys(versions).join(', ')}`);
  return {
    version,
    layers: [],
    program: { process: described.program ?? null, container: described.command ?? [] },
    image: imageOf(described, file ?? null),
    rights,
    env: { process: {}, container: {} },
  };
}

function imageOf({ image, debian }: DescribedVersion, file: string | null): ImageSource {
  if (debian !== undefined) return { of: 'debian', debian, file };
  return image === undefined ? { of: 'nothing' } : { of: 'engine', name: image, file };
}

function commandOf({ start, versions }: Description, folder: string, launch: Launch): Command {
  const values = valuesOf(launch, folder, 'member');
  const { member } = launch.seat;
  const env = { ...start.env, ...(versions[launch.version] as DescribedVersion).env };
  return {
    args: fillAll(start.args, values, [], member),
    env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, fill(text, values, member)])),
  };
}

/** What makes a member of a process that has been started; undefined where nothing has to. */
function stepOf({ form }: Description, { action }: Launch): Run | undefined {
  if (form?.how === 'together') return undefined;
  return action === 'bootstrap' ? form?.bootstrap : action === 'join' ? form?.join : undefined;
}

/** Bootstrap or join, by the commands of the description. A member that is started again has no need to. */
async function enter(
  { form }: Description,
  folder: string,
  launch: Launch,
  reach: Reach,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  if (form === undefined) return;
  const { action, through } = launch;
  if (action === 'bootstrap' && form.bootstrap !== undefined)
    await carryOut('bootstrap', form.bootstrap, folder, launch, reach, {}, tally, signal);
  if (action !== 'join' || through === null) return;
  const token =
    form.token === undefined ? {} : { token: await askToken(form.token, folder, launch, through, tally, signal) };
  if (form.join !== undefined) await carryOut('join', form.join, folder, launch, reach, token, tally, signal);
}

/** A token, asked of the live member that lets the newcomer in: the command runs where that member does. */
async function askToken(
  token: NonNullable<NonNullable<Description['form']>['token']>,
  folder: string,
  launch: Launch,
  through: Peer,
  tally: Tally,
  signal: AbortSignal,
): Promise<string> {
  const printed = await carryOut('token', token, folder, launch, through.reach, {}, tally, signal);
  const last = printed.trim().split('\n').at(-1)?.trim() ?? '';
  if (token.match === undefined) {
    if (last !== '') return last;
    throw new Finding(through.seat.member, `${through.seat.member} printed no token for ${launch.seat.member}`);
  }
  const matcher = patternOf(token.match).matcher(printed);
  const found = matcher.find() && 'token' in patternOf(token.match).namedGroups() ? matcher.group('token') : null;
  if (found) return found;
  throw new Finding(
    through.seat.member,
    `form: token: match: /${token.match}/ finds no group "token" in what ${through.seat.member} printed: ${printed.slice(0, 200)}`,
  );
}

/**
 * Carry a step out, again and again until it succeeds: a daemon that has just been started may not answer yet.
 * @throws Finding with what it printed last
 */
async function carryOut(
  step: string,
  { run, stdin, timeout }: Run,
  folder: string,
  launch: Launch,
  reach: Reach,
  more: Values,
  tally: Tally,
  signal: AbortSignal,
): Promise<string> {
  const { member } = launch.seat;
  const values = { ...valuesOf(launch, folder, 'member'), ...more };
  const command = fillAll(run, values, reach.program, member);
  const input = stdin === undefined ? '' : fill(stdin, values, member);
  const limitMs = Math.max(REACHABLE_LIMIT_MS, timeout);
  const limit = AbortSignal.timeout(limitMs);
  for (;;) {
    const ran = await reach.run(command, { stdin: input, timeoutMs: timeout, signal });
    if (ran.code === 0) {
      const last = ran.stdout.trim().split('\n').at(-1) ?? '';
      // A token is a secret, and an example is printed.
      tally.matched(`step ${step}`, member, nowNs(), step === 'token' ? `${last.length} characters` : last);
      return ran.stdout;
    }
    const how = ran.code === null ? (ran.because ?? '') : `it exited with ${ran.code}`;
    const printed = `${ran.stderr}\n${ran.stdout}`.trim().slice(-300);
    const trouble = `form: ${step}: ${command.join(' ')}: ${how}${printed === '' ? '' : `: ${printed}`}`;
    tally.failed(`step ${step}`, member, nowNs(), trouble);
    if (limit.aborted) {
      const what = step === 'token' ? 'be given a token' : step;
      throw new Finding(member, `${member} could not ${what}: ${trouble}`, limitMs);
    }
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

/** By the first probe that knows what a formed cluster answers; null where none does. */
function formedBy({ probes, form }: Description, folder: string, tally: Tally): Daemon['isFormed'] {
  const probe = probes.find(({ formed }) => formed !== undefined);
  if (probe === undefined || form?.how !== 'together') return null;
  return async (launch, reach) => {
    try {
      const answered = await ask({ asked: probe, launch, reach, folder, signal: AbortSignal.timeout(probe.timeout) });
      const isFormed = isLike(probe.formed!, answered);
      if (isFormed) tally.matched(`probe ${probe.name}: formed`, launch.seat.member, nowNs(), answered.text);
      return isFormed;
    } catch (error) {
      if (error instanceof RequestError || (error as Error).name === 'TimeoutError') return false;
      throw error;
    }
  };
}

function unmatchedBy({ patterns }: Description, tally: Tally): Unmatched[] {
  return patterns
    .filter((pattern) => (tally.get(nameOf(pattern))?.times ?? 0) === 0)
    .map(({ event, match }) => ({ tellsOf: event, pattern: match }));
}

/**
 * A pattern that has never matched may be a wrong one. Where rows are read, they tell whether a member came to its gate, and so whether it
 * had to wait; that it has opened they do not tell.
 */
function doubtOf(description: Description, tally: Tally, of: readonly PatternEvent[]): string | null {
  const readsRows = description.probes.some(({ rows }) => rows !== undefined);
  const words = unmatchedBy(description, tally)
    .filter(({ tellsOf }) => of.includes(tellsOf) && (tellsOf === 'open' || !readsRows))
    .map(({ tellsOf, pattern }) => `no line has matched the pattern of ${tellsOf} (/${pattern}/)`);
  return words.length === 0 ? null : `it may have all the same: ${words.join(', and ')}`;
}

/** Whether a plan is of a described daemon. */
export function isDescribed({ settings }: PlannedDaemon): boolean {
  return 'description' in settings;
}
