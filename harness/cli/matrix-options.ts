/** The flags that describe a matrix: a matrix file, and what overrides it. */
import type { Command } from 'commander';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { type Chosen, chooseDaemon } from '../daemon/choose.ts';
import { InputError, inNameOf, refusing } from '../input/errors.ts';
import { DATABASES, PACE_WORDS } from '../input/scenario.ts';
import { inPlaceOf, readYaml } from '../input/yaml.ts';
import type { RolledDaemon } from '../matrix/pairs.ts';
import { DaemonKey, type MatrixFile, type MatrixSpec, matrixFile, specFrom } from '../matrix/spec.ts';
import { numberIn } from './flags.ts';
import { besideFile } from './options.ts';

interface Flag {
  readonly key: keyof MatrixFile;
  readonly read: (text: string) => unknown;
}

/** Flags as commander hands them over: the key of a matrix file that each sets, and how its text is read. */
const FLAGS = {
  daemon: { key: 'daemon', read: asGiven },
  pairs: { key: 'pairs', read: listIn },
  order: { key: 'orders', read: asGiven },
  strategy: { key: 'strategies', read: listIn },
  wakeups: { key: 'wakeups', read: listIn },
  database: { key: 'databases', read: listIn },
  pace: { key: 'paces', read: listIn },
  members: { key: 'members', read: (text) => listIn(text).map(numberIn) },
  runtime: { key: 'runtime', read: asGiven },
  wait: { key: 'wait', read: asGiven },
  insecure: { key: 'insecure', read: asGiven },
  aim: { key: 'aim', read: asGiven },
  seed: { key: 'seed', read: numberIn },
  repeat: { key: 'repeat', read: numberIn },
  include: { key: 'include', read: asGiven },
  exclude: { key: 'exclude', read: asGiven },
} as const satisfies Record<string, Flag>;
type FlagName = keyof typeof FLAGS;
export const SPEC_FLAGS = Object.keys(FLAGS) as FlagName[];

/** A flag that may be given several times comes as a list. */
export type SpecFlags = Partial<Record<FlagName, string | string[] | true>>;

/** Add the flags that describe a matrix to a command. */
export function withSpecFlags(command: Command): Command {
  const more = (value: string, before: string[] = []): string[] => [...before, value];
  return command
    .argument('[file]', 'a matrix file (YAML), such as fixtures/matrix.yaml, which says what there is')
    .option('--daemon <name>', 'what is rolled: a daemon by name, or the file of its description (default: our own)')
    .option('--pairs <pairs>', 'forward (all of versions/ but forks), or pairs such as v1-v2,v4-v5 (default: forward)')
    .option('--order <order>', 'as roll has it; may be given several times (default: all)', more)
    .option('--strategy <names>', `of ${STRATEGY_NAMES.join(', ')} (default: split)`)
    .option('--wakeups <kinds>', `of ${WAKEUPS.join(', ')} (default: latched)`)
    .option('--database <engines>', `of ${DATABASES.join(', ')} (default: sqlite)`)
    .option('--pace <paces>', `of ${PACE_WORDS.join(', ')} (default: settled)`)
    .option('--members <numbers>', 'how many members, such as 3,5 (default: 3)')
    .option('--runtime <name>', 'auto, process, container (default: process)')
    .option('--wait <duration>', 'how long one park lasts before the timer ends it (default: 30s)')
    .option('--insecure', 'members speak plain HTTP, as roll has it')
    .option('--aim <lead>', 'as roll has it')
    .option('--seed <number>', 'what draws an order that is random (default: 1)')
    .option('--repeat <number>', 'how often each cell is rolled (default: 1)')
    .option('--include <pattern>', 'only cells such as pair=v1-v2,order=123; may be given several times', more)
    .option('--exclude <pattern>', 'no cells such as these; may be given several times', more);
}

/**
 * The spec that a matrix file and flags make; flags override the file.
 * @throws InputError naming file, line and key, or the flag
 */
export function specOf(file: string | undefined, flags: SpecFlags, rolled: RolledDaemon): MatrixSpec {
  const schema = matrixFile(rolled);
  const read = file === undefined ? {} : readYaml(file, 'matrix', schema);
  return { ...specFrom(rolled, read, specFromFlags(flags, schema)), daemon: rolled.name };
}

/** The daemon that a matrix is about, by a flag or by its file. @throws InputError */
export function daemonOf(file: string | undefined, flags: SpecFlags): Chosen {
  const said = typeof flags.daemon === 'string' ? flags.daemon : undefined;
  if (said !== undefined || file === undefined) return chooseDaemon(said);
  const named = readYaml(file, 'matrix', DaemonKey).daemon;
  return inNameOf(file, () => chooseDaemon(besideFile(named, file)));
}

/**
 * Do what looks further at what a matrix is to have: whatever is refused is refused in the name of the flag that said it, or of the file.
 * @throws InputError
 */
export function inPlaceOfSpec<Of>(file: string | undefined, flags: SpecFlags, read: () => Of): Of {
  return inPlaceOf(file, () => refusing(read, (error) => ofFlag(error, flags) ?? error));
}

function ofFlag({ message }: InputError, flags: SpecFlags): InputError | null {
  const [all, key] = /^([a-z]+): /.exec(message) ?? [];
  const name = SPEC_FLAGS.find((flag) => (FLAGS[flag].key === key || flag === key) && flags[flag] !== undefined);
  if (all === undefined || name === undefined) return null;
  const rest = message.slice(all.length);
  const values = [flags[name]].flat().map(String);
  const said = values.some((value) => rest.startsWith(value)) ? '' : `${values.join(' ')}: `;
  return new InputError(`--${name} ${said}${rest}`, { isPlaced: true });
}

function specFromFlags(flags: SpecFlags, schema: ReturnType<typeof matrixFile>): MatrixFile {
  const given = SPEC_FLAGS.flatMap((name) => {
    const value = flags[name];
    if (value === undefined) return [];
    const { key, read }: Flag = FLAGS[name];
    if (value === true) return [[key, true]];
    return [[key, Array.isArray(value) ? value.map(read) : read(value)]];
  });
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = SPEC_FLAGS.find((flag) => FLAGS[flag].key === issue.path[0])!;
    const value = flags[name];
    if (value === true) return `--${name}: ${issue.message}`;
    return `--${name} ${Array.isArray(value) ? value[Number(issue.path[1])] : value}: ${issue.message}`;
  });
  throw new InputError(faults.join('\n'));
}

function listIn(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function asGiven(text: string): string {
  return text;
}
