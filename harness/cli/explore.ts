/** `refresh-rig explore`: every interleaving of an upgrade, and the shortest way into a stall. */
import { Command } from 'commander';
import { AHEAD_POLICIES, type AheadPolicy } from '../../node/upgrade/gate.ts';
import { WAKEUPS, type Wakeups } from '../../node/upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN, USUAL_PATCHING } from '../../node/upgrade/patch.ts';
import { cannotTake, STRATEGIES, STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { type Chosen, chooseDaemon } from '../daemon/choose.ts';
import { counterexample } from '../explore/counterexample.ts';
import { type Answer, type Asked, explore, isFine } from '../explore/explore.ts';
import { MOST_VERSIONS, patchesIn, REFRESHING } from '../explore/question.ts';
import { MOST_CHANGES } from '../explore/states.ts';
import { InputError } from '../input/errors.ts';
import { named } from '../input/named.ts';
import { exploration } from '../report/exploration.ts';
import { roomOf } from '../report/screen.ts';
import { oneOf, savePlan, wholeNumberIn } from './flags.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';

interface ExploreFlags {
  readonly daemon?: string;
  readonly strategy?: string;
  readonly wakeups?: string;
  readonly ahead?: string;
  readonly patchWhen?: string;
  readonly patchBy?: string;
  readonly versions?: string;
  readonly refreshing: string;
  readonly leave: string;
  readonly join: string;
  readonly fail: string;
  readonly from?: string;
  readonly to?: string;
  readonly members: string;
  readonly lose: string;
  readonly duplicate: string;
  readonly crash: string;
  readonly mostStates: string;
  readonly mostMemory: string;
  readonly reduce?: boolean;
  readonly save?: string;
  readonly paths?: boolean;
  readonly json?: boolean;
}

/** One step of each kind, where --from and --to do not name one. */
const STEPS = [
  ['v1', 'v2'],
  ['v4', 'v5'],
  ['v3', 'v4'],
  ['v2', 'v3'],
] as const;

/** The packing holds more members, but no machine the states of their interleavings. */
const MOST_MEMBERS = 8;
const MOST_FAULTS = 15;
const MOST_STATES = 100_000_000;
const MOST_MEBIBYTES = 8192;
/** Up to here the search orders everything, so that the path it shows is a shortest one. */
const FULL_UP_TO = 3;

export function exploreCommand(): Command {
  return new Command('explore')
    .option('--strategy <name>', `one of ${STRATEGY_NAMES.join(', ')} (default: all)`)
    .option('--wakeups <kind>', `one of ${WAKEUPS.join(', ')} (default: both)`)
    .option('--ahead <policy>', `one of ${AHEAD_POLICIES.join(', ')} (default: exit)`)
    .option('--from <version>', 'the version before (default: a step of every kind)')
    .option('--to <version>', 'the version after')
    .option('--versions <versions>', 'instead of these: a chain of releases, such as v4,v5,v6')
    .option(
      '--patch-when <time>',
      `when patches are run: ${PATCH_WHEN.join(', ')} (default: each, where there are patches)`,
    )
    .option('--patch-by <whom>', `and by whom: ${PATCH_BY.join(', ')} (default: each, where there are patches)`)
    .option('--members <number>', 'how many members', '3')
    .option(
      '--refreshing <how>',
      `${REFRESHING.join(', ')}: by an operator, or by themselves once they learn of it`,
      'free',
    )
    .option('--leave <number>', 'how many members may leave for good', '0')
    .option('--join <number>', 'how many new members may join', '0')
    .option('--fail <number>', 'how often a member may come back in the build that it had', '0')
    .option('--lose <number>', 'how many notices may be lost on their way', '0')
    .option('--duplicate <number>', 'how many notices may be duplicated', '0')
    .option(
      '--crash <number>',
      'how many times a refreshed member may crash and start again, on its version or the one before',
      '0',
    )
    .option('--most-states <number>', 'where a search gives up', String(MOST_STATES))
    .option('--most-memory <mebibytes>', 'and at how much memory', String(MOST_MEBIBYTES))
    .option('--reduce', `leave unordered what cannot matter (default: from ${FULL_UP_TO + 1} members on)`)
    .option('--no-reduce', 'order everything')
    .option('--save <file>', 'write the first counterexample as a plan, for refresh-rig replay')
    .option(
      '--paths',
      'print everything: a row for every question, and the shortest way into each state that falls short',
    )
    .option('--json', 'print an array of rows as JSON')
    .option('--daemon <name>', 'the daemon whose model is asked about: by name, or the file of its description')
    .action((flags: ExploreFlags) => {
      const chosen = chooseDaemon(flags.daemon);
      const answers = questionsFrom(flags, chosen).map((asked) => explore(asked));
      if (flags.save !== undefined) save(answers, chosen, flags.save);
      if (flags.json) printJson(answers.map(rowOf));
      else console.log(exploration(answers, { screen: roomOf(process.stdout), paths: flags.paths === true }));
      process.exitCode = answers.every(isFine) ? EXIT.holds : EXIT.broken;
    });
}

/** @throws InputError where there is nothing to save, or it cannot be replayed, or not be written */
function save(answers: readonly Answer[], { source, versions, described }: Chosen, file: string): void {
  const short = answers.find((answer) => answer.path !== null);
  if (short === undefined) throw new InputError(`--save ${file}: nothing falls short, so there is no counterexample`);
  // What a described daemon is like, no scenario says.
  savePlan(counterexample(short, source, versions, ...(described === null ? [] : [{}])), file);
}

/** The path as data is for `--save`; a row is what a script compares. */
function rowOf({ path, end: _end, ...row }: Answer): object {
  return { ...row, pathLength: path?.length ?? null };
}

/** @throws InputError naming the flag */
function questionsFrom(flags: ExploreFlags, chosen: Chosen): Asked[] {
  if (chosen.described !== null) return questionsOfModel(flags, chosen);
  const { versions } = chosen;
  const strategies =
    flags.strategy === undefined ? STRATEGY_NAMES : [oneOf('strategy', flags.strategy, STRATEGY_NAMES)];
  const wakeups = flags.wakeups === undefined ? WAKEUPS : [oneOf('wakeups', flags.wakeups, WAKEUPS)];
  const ahead: AheadPolicy = oneOf('ahead', flags.ahead ?? 'exit', AHEAD_POLICIES);
  const shared = { ...boundsFrom(flags), ahead, compares: null };
  const chains = chainsFrom(flags, versions);
  const questions = strategies.flatMap((strategy) =>
    wakeups.flatMap((wakeup) =>
      chains.flatMap((chain) =>
        patchingsOf(flags, chain).map((patching): Asked => {
          const [from, to] = [chain[0]!, chain.at(-1)!];
          return { ...shared, strategy, wakeups: wakeup as Wakeups, patching, from, by: chain.slice(1, -1), to };
        }),
      ),
    ),
  );
  const possible = questions.filter(canTake);
  if (possible.length > 0) return possible;
  throw new InputError(
    `--strategy ${flags.strategy}: it takes the column api_extensions for granted, and this step introduces it`,
  );
}

/** What is asked of the model that a description names: its strategy, its wake-ups and its policy are said there. */
function questionsOfModel(flags: ExploreFlags, { name, source, versions }: Chosen): Asked[] {
  const said = (['strategy', 'wakeups', 'ahead'] as const).find((flag) => flags[flag] !== undefined);
  if (said !== undefined) throw new InputError(`--${said}: what ${name} does is said in its description: drop it`);
  const { model } = source.plan({});
  if (model === null)
    throw new InputError(`${name} has no model: say in its description which row of the table models it (model: …)`);
  const [from, to] = [flags.from ?? source.defaults.from, flags.to ?? source.defaults.to].map((version) =>
    named(versions, version),
  ) as [Version, Version];
  return [{ ...boundsFrom(flags), ...model, from, to }];
}

function boundsFrom(flags: ExploreFlags) {
  const members = wholeNumberIn('members', flags.members, 1, MOST_MEMBERS);
  return {
    members,
    faults: {
      lose: wholeNumberIn('lose', flags.lose, 0, MOST_FAULTS),
      duplicate: wholeNumberIn('duplicate', flags.duplicate, 0, MOST_FAULTS),
      crash: wholeNumberIn('crash', flags.crash, 0, MOST_FAULTS),
      fail: wholeNumberIn('fail', flags.fail, 0, MOST_FAULTS),
    },
    refreshing: oneOf('refreshing', flags.refreshing, REFRESHING),
    leave: wholeNumberIn('leave', flags.leave, 0, MOST_CHANGES),
    join: wholeNumberIn('join', flags.join, 0, MOST_CHANGES),
    mostStates: wholeNumberIn('most-states', flags.mostStates, 1, 2 ** 31),
    mostBytes: wholeNumberIn('most-memory', flags.mostMemory, 1, 2 ** 20) * 2 ** 20,
    reduce: flags.reduce ?? members > FULL_UP_TO,
  };
}

function chainsFrom(flags: ExploreFlags, versions: ReadonlyMap<string, Version>): Array<readonly Version[]> {
  const find = (name: string): Version => named(versions, name);
  if (flags.versions !== undefined) {
    if (flags.from !== undefined || flags.to !== undefined)
      throw new InputError('--versions: it names all releases: drop --from and --to');
    const chain = flags.versions.split(',').map((name) => find(name.trim()));
    if (chain.length < 2 || chain.length > MOST_VERSIONS || new Set(chain).size < chain.length)
      throw new InputError(`--versions ${flags.versions}: must be 2 to ${MOST_VERSIONS} different versions, in order`);
    return [chain];
  }
  if (flags.from === undefined && flags.to === undefined) return STEPS.map(([from, to]) => [find(from), find(to)]);
  if (flags.from === undefined || flags.to === undefined)
    throw new InputError('--from and --to go together: give both, or neither');
  return [[find(flags.from), find(flags.to)]];
}

/** Every policy of patches, as far as the flags leave it open; the usual one where there is nothing to be patched. */
function patchingsOf(flags: ExploreFlags, chain: readonly Version[]): Array<NonNullable<Asked['patching']>> {
  const whens = flags.patchWhen === undefined ? PATCH_WHEN : [oneOf('patch-when', flags.patchWhen, PATCH_WHEN)];
  const bys = flags.patchBy === undefined ? PATCH_BY : [oneOf('patch-by', flags.patchBy, PATCH_BY)];
  if (patchesIn(chain).length === 0) return [USUAL_PATCHING];
  return whens.flatMap((when) => bys.map((by) => ({ when, by })));
}

function canTake({ strategy, from, by = [], to }: Asked): boolean {
  return [...by, to].every((version) => cannotTake(STRATEGIES[strategy], from, version) === null);
}
