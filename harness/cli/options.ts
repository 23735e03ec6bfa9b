/** The flags that describe a roll: a scenario file, and what overrides it. */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN } from '../../node/upgrade/patch.ts';
import { STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { chooseDaemon } from '../daemon/choose.ts';
import { paths } from '../host/paths.ts';
import { InputError, refusing } from '../input/errors.ts';
import { DATABASES, RecordsFile, Scenario } from '../input/scenario.ts';
import { rollName } from '../input/values.ts';
import { inPlace, inPlaceOf, readYaml } from '../input/yaml.ts';
import { compile } from '../plan/compile.ts';
import type { Plan, SeedRecord } from '../plan/plan.ts';
import { numberIn } from './flags.ts';

/** Flags as commander hands them over, and the keys of a scenario that they set. */
export const FLAG_KEYS = {
  daemon: 'daemon',
  from: 'from',
  to: 'to',
  members: 'members',
  order: 'order',
  seed: 'seed',
  strategy: 'strategy',
  wakeups: 'wakeups',
  ahead: 'ahead',
  patchWhen: 'patch_when',
  patchBy: 'patch_by',
  wait: 'wait',
  pace: 'pace',
  aim: 'aim',
  runtime: 'runtime',
  database: 'database',
  networkLatency: 'network_latency',
} as const satisfies Record<string, keyof Scenario>;
type FlagName = keyof typeof FLAG_KEYS;
const FLAG_NAMES = Object.keys(FLAG_KEYS) as FlagName[];

/** Those that have no value, and the keys that they set. */
const SWITCH_KEYS = { handover: 'handover', insecure: 'insecure', splitNotification: 'strategy' } as const;
const SWITCHES = Object.keys(SWITCH_KEYS) as Array<keyof typeof SWITCH_KEYS>;

export type RollFlags = Partial<Record<FlagName, string>> & {
  splitNotification?: boolean;
  handover?: boolean;
  insecure?: boolean;
};

/** Add the flags that describe a roll to a command. */
export function withRollFlags(command: Command, roll: 'described' | 'drawn' = 'described'): Command {
  if (roll === 'described')
    command.argument('[scenario]', 'a scenario file (YAML), such as fixtures/reported-deadlock.yaml');
  return command
    .option('--daemon <name>', 'what is rolled: a daemon by name, or the file of its description (default: our own)')
    .option('--from <version>', 'the version that all members start with (default: the first, v1 of ours)')
    .option('--to <version>', 'the version that they are refreshed to (default: the last, v2 of ours)')
    .option('--members <number>', 'how many members (default: 3)')
    .option('--order <order>', 'forward, reverse, random, all, together, or numbers such as 3,1,2 (default: forward)')
    .option('--seed <number>', 'what draws the order, where it is random')
    .option('--strategy <name>', `${STRATEGY_NAMES.join(', ')} (default: split)`)
    .option('--split-notification', 'the same as --strategy split')
    .option('--no-split-notification', 'the same as --strategy combined')
    .option('--wakeups <kind>', `${WAKEUPS.join(', ')} (default: latched)`)
    .option(
      '--ahead <policy>',
      `what a member does that finds a peer ahead: ${AHEAD_POLICIES.join(', ')} (default: exit)`,
    )
    .option('--patch-when <time>', `when local patches are run: ${PATCH_WHEN.join(', ')} (default: after-open)`)
    .option('--patch-by <whom>', `and by whom: ${PATCH_BY.join(', ')} (default: each)`)
    .option('--wait <duration>', 'how long one park lasts before the timer ends it (default: 30s)')
    .option(
      '--pace <pace>',
      'settled, eager, together, auto, a pause such as 500ms, or both, as settled+500ms (default: settled, or 5s where nothing tells when a member waits)',
    )
    .option(
      '--aim <lead>',
      'start the last refresh so long before the timer of a member that waits is due, such as 500ms: what it takes to open',
    )
    .option('--runtime <name>', 'auto, process, container (default: auto)')
    .option('--database <engine>', `${DATABASES.join(', ')} (default: sqlite)`)
    .option('--handover', 'a leader of dqlite that is refreshed hands the leadership over first (the default)')
    .option('--no-handover', 'it does not, and the others have to elect a leader')
    .option('--network-latency <duration>', 'what dqlite times its elections by (default: its own, 3 s to 6 s)')
    .option(
      '--insecure',
      'members speak plain HTTP, and ask nobody who they are: for whoever wants to read their traffic',
    );
}

/**
 * The plans that a scenario and flags make; flags override the scenario.
 * @throws InputError naming file, line and key, or the flag
 */
export function plansFrom(named: string | undefined, flags: RollFlags): Plan[] {
  const file = findShipped(named);
  const scenario = file === undefined ? {} : readYaml(file, 'scenario', Scenario);
  const given = scenarioFromFlags(flags);
  const overridesTargets = given.to !== undefined || given.order !== undefined;
  const { refreshes, ...others } = scenario;
  const merged: Scenario = { ...(overridesTargets || refreshes === undefined ? others : scenario), ...given };
  const name = merged.name ?? (file === undefined ? undefined : rollName(basename(file).replace(/\.ya?ml$/, '')));
  const records = scenario.records === undefined || file === undefined ? [] : recordsOf(file, scenario.records);
  return inPlaceOf(file, () => {
    const chosen = chooseDaemon(given.daemon ?? besideFile(scenario.daemon, file));
    const compiled = () =>
      compile({
        scenario: name === undefined ? merged : { ...merged, name },
        daemon: chosen.source,
        versions: chosen.versions,
        given: chosen.given,
        records,
        freshSeed: randomInt(2 ** 31),
      });
    // What a flag says is in no line of the file, whatever else that holds.
    return refusing(compiled, (error) => inPlaceOfFlag(error, flags) ?? error);
  });
}

/** The error by the flag that gave the key it is about; null where none did. */
function inPlaceOfFlag({ message }: InputError, flags: RollFlags): InputError | null {
  const key = /^([a-z_]+): /.exec(message)?.[1];
  const name = FLAG_NAMES.find((flag) => FLAG_KEYS[flag] === key && flags[flag] !== undefined);
  const toggle = SWITCHES.find((flag) => SWITCH_KEYS[flag] === key && flags[flag] !== undefined);
  const word =
    name !== undefined ? wordOf(name, flags) : toggle === undefined ? null : switchWord(toggle, flags[toggle] === true);
  return word === null ? null : new InputError(`${word}${message.slice(key!.length)}`, { isPlaced: true });
}

/** A flag as it was given. */
function wordOf(name: FlagName, flags: RollFlags): string {
  return `--${flagWords(name)} ${flags[name]}`;
}

/** `--no-handover`: a flag that has no value, as it turns something on or off. */
export function switchWord(name: string, isOn: boolean): string {
  return `--${isOn ? '' : 'no-'}${flagWords(name)}`;
}

/** `split-notification`, which commander calls `splitNotification`. */
export function flagWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Where a file is: what documents call `fixtures/NAME` comes with the rig, wherever that is installed. */
export function findShipped(file: string | undefined): string | undefined {
  const [, shipped] = /^fixtures\/(.+)$/.exec(file ?? '') ?? [];
  if (file === undefined || shipped === undefined || existsSync(file)) return file;
  const ours = join(paths.fixtures, shipped);
  return existsSync(ours) ? ours : file;
}

/** The file of a description that a scenario or a matrix names is found from where that lies. */
export function besideFile(daemon: string | undefined, file: string | undefined): string | undefined {
  const isPath = daemon !== undefined && /[/\\]|\.ya?ml$/.test(daemon);
  return isPath && file !== undefined && !isAbsolute(daemon) ? join(dirname(file), daemon) : daemon;
}

/** The folder in which runs are left: below where the user is. */
export function runsFolder(): string {
  return resolve('runs');
}

export function scenarioFromFlags(flags: RollFlags): Scenario {
  const { splitNotification, handover, insecure } = flags;
  if (splitNotification !== undefined && flags.strategy !== undefined) {
    throw new InputError(
      `${switchWord('splitNotification', splitNotification)}: it is short for a strategy: drop it, or --strategy`,
    );
  }
  const numbers = ['members', 'seed'];
  const raw = Object.fromEntries(
    FLAG_NAMES.flatMap((name) => {
      const text = flags[name];
      return text === undefined ? [] : [[FLAG_KEYS[name], numbers.includes(name) ? numberIn(text) : text]];
    }),
  );
  const toggled = splitNotification === undefined ? {} : { strategy: splitNotification ? 'split' : 'combined' };
  const said = { ...(handover === undefined ? {} : { handover }), ...(insecure === undefined ? {} : { insecure }) };
  const parsed = Scenario.safeParse({ ...raw, ...toggled, ...said });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const flag = FLAG_NAMES.find((name) => FLAG_KEYS[name] === issue.path[0])!;
    return `${wordOf(flag, flags)}: ${issue.message}`;
  });
  throw new InputError(faults.join('\n'));
}

/** The records that a scenario names, from where it lies. @throws InputError in the name of both files */
function recordsOf(scenario: string, records: string): SeedRecord[] {
  return refusing(
    () => readRecords(join(dirname(scenario), records)),
    ({ message }) => inPlace(scenario, new InputError(`records: ${message}`)),
  );
}

function readRecords(file: string): SeedRecord[] {
  return Object.entries(readYaml(file, 'file of records', RecordsFile)).map(([key, value]) => ({ key, value }));
}
