/** The command that does again what a plan says: in flags where they can say it, since those work on another machine too. */
import { basename, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sourceOf } from '../daemon/choose.ts';
import { invocation } from '../host/invocation.ts';
import { InputError } from '../input/errors.ts';
import { type Pause, pauseText, type Scenario } from '../input/scenario.ts';
import { compile } from '../plan/compile.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import { type Plan, refreshesOf } from '../plan/plan.ts';
import { FLAG_KEYS, flagWords, switchWord } from './options.ts';

/** What is rolled, and how a command line says so. */
export interface Sayable {
  readonly source: DaemonSource;
  /** The value of --daemon; undefined where it is left out, null where nothing can be said. */
  readonly said: string | undefined | null;
}

/** `npm run rig -- roll --from v1 --to v2`, or the replay of the plan in the folder of its run. */
export function againLine(plan: Plan, folder: string, rolled: Sayable = sourceOf(plan)): string {
  return `${invocation()} ${rollLine(plan, rolled) ?? `replay ${quoted(`${runPath(folder)}/plan.json`)}`}`;
}

/** As whoever rolled it would say it, and without the path of a machine. */
function runPath(folder: string): string {
  const path = folder.split(sep);
  return path.includes('runs') ? path.slice(path.lastIndexOf('runs')).join('/') : `runs/${basename(folder)}`;
}

/** `roll --from v1 --to v2 --order 3,1,2`; null where flags do not say all that the plan does. */
export function rollLine(plan: Plan, { source, said }: Sayable): string | null {
  if (said === null) return null;
  const whole = scenarioOf(plan, source);
  if (!makes(whole, plan, source)) return null;
  // What is so by default is left out, whatever the defaults are.
  const needed = (Object.keys(whole) as Array<keyof Scenario>).reduce((kept, key) => {
    const { [key]: dropped, ...rest } = kept;
    return ALWAYS.includes(key) || !makes(rest, plan, source) ? kept : rest;
  }, whole);
  const flags = Object.entries(needed).flatMap(([key, value]) => flagFor(key as keyof Scenario, value));
  return ['roll', ...(said === undefined ? [] : [`--daemon ${quoted(said)}`]), ...flags].join(' ');
}

/** What a person wants to see of a roll, even where it is so by default. */
const ALWAYS: ReadonlyArray<keyof Scenario> = ['from', 'to', 'order'];

function scenarioOf(plan: Plan, source: DaemonSource): Scenario {
  const { from, to, members, order, runtime, steps, daemon } = plan;
  const refresh = steps.find((step) => step.do === 'refresh');
  const isTogether = (refresh?.refreshes.length ?? 0) > 1;
  return {
    from,
    to,
    order: isTogether ? 'together' : order.map((member) => members.indexOf(member) + 1),
    members: members.length,
    ...(refresh === undefined || refresh.pace === 'held' || isTogether ? {} : { pace: refresh.pace }),
    runtime,
    ...aimOf(plan),
    ...source.scenarioOf(daemon),
  };
}

function aimOf(plan: Plan): Pick<Scenario, 'aim'> {
  const aim = refreshesOf(plan).at(-1)?.aim;
  return aim === undefined ? {} : { aim: aim.leadMs };
}

function makes(scenario: Scenario, plan: Plan, daemon: DaemonSource): boolean {
  const { name, about, seed } = plan;
  const versions = new Map(Object.entries(plan.versions));
  try {
    const given = new Map(Object.entries(plan.given ?? {}));
    const [made] = compile({ scenario, daemon, versions, records: [], freshSeed: 0, given });
    return isDeepStrictEqual({ ...made, name, about, seed }, plan);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return false;
  }
}

function flagFor(key: keyof Scenario, value: unknown): string[] {
  const [flag] = Object.entries(FLAG_KEYS).find(([, known]) => known === key) ?? [key];
  if (typeof value === 'boolean') return [switchWord(flag, value)];
  return value === null || value === undefined ? [] : [`--${flagWords(flag)} ${quoted(textOf(key, value))}`];
}

function textOf(key: keyof Scenario, value: unknown): string {
  if (key === 'wait' || key === 'network_latency' || key === 'aim') return durationText(value as number);
  if (key === 'pace' && typeof value === 'object') {
    const pause = value as Pause;
    return pauseText(pause, durationText(pause.pauseMs));
  }
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** The shortest text that is read as so many milliseconds. */
function durationText(durationMs: number): string {
  return durationMs % 1000 === 0 ? `${durationMs / 1000}s` : `${durationMs}ms`;
}

/** As a shell reads it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
