/**
 * `refresh-rig lost-notice`: whether a notice that comes before a member has parked is lost to a daemon as it is shipped. Two rolls side
 * by side, through the same relays: in the first, one member is kept from the answer to its own commit until all others have opened.
 */
import { Command } from 'commander';
import { chooseDaemon } from '../daemon/choose.ts';
import { counterexample } from '../explore/counterexample.ts';
import { lostNotice } from '../explore/lost-notice.ts';
import { InputError } from '../input/errors.ts';
import { named } from '../input/named.ts';
import type { Scenario } from '../input/scenario.ts';
import { rollName } from '../input/values.ts';
import { carriedOver } from '../plan/carry.ts';
import type { Plan } from '../plan/plan.ts';
import { entrantsOf } from '../plan/sequence.ts';
import { rigEvents } from '../trace/trace.ts';
import { saveComparison } from './diff.ts';
import { durationIn, oneOf, savePlan, wholeNumberIn } from './flags.ts';
import { byItselfWords, stillWords } from './lost-words.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';
import { exitCodeOf, rollAll, tellsAnything } from './roll.ts';
import type { Rolled } from './roll-plan.ts';

export interface LostNoticeFlags {
  readonly daemon?: string;
  readonly from?: string;
  readonly to?: string;
  readonly members: string;
  readonly runtime: string;
  readonly wait?: string;
  readonly times: string;
  readonly byItself?: boolean;
  readonly save?: string;
  readonly json?: boolean;
}

/** Who leads the database after its leader was stopped is not for the rig to say; where it is another, the try is given up. */
const MOST_GIVEN_UP = 3;
const MOST_TIMES = 1000;
const RUNTIMES = ['process', 'container'] as const;
/** A question about three to seven members has some thousands. */
const MOST_STATES = 10_000_000;
const MOST_BYTES = 2 ** 31;
/** Of our own daemon: the strategy of the systems that lose notices. It has the rig's database go over links. */
const OURS = { strategy: 'pair', wakeups: 'lossy', ahead: 'exit', database: 'dqlite' } as const;
const OUR_VERSIONS = { from: 'v4', to: 'v5' };

export function lostNoticeCommand(): Command {
  return new Command('lost-notice')
    .option('--daemon <name>', 'the daemon to try: by name, or the file of its description')
    .option('--from <version>', 'the version before')
    .option('--to <version>', 'the version after')
    .option('--members <number>', 'how many members, from 3', '3')
    .option('--runtime <name>', RUNTIMES.join(', '), 'process')
    .option('--wait <duration>', 'how long one park of the rig’s own daemon lasts')
    .option('--times <number>', 'how many times to roll both sides', '1')
    .option('--by-itself', 'refresh all members at once and hold nothing, so many times: how often does it happen?')
    .option('--save <file>', 'write the path as a plan, for refresh-rig replay, and roll nothing')
    .option('--json', 'print all verdicts as JSON, and nothing else on stdout')
    .action(async (flags: LostNoticeFlags) => {
      const plan = pathOf(flags);
      if (flags.save !== undefined) {
        savePlan(plan, flags.save);
        return;
      }
      if (flags.byItself === true) {
        await byItself(plan, flags);
        return;
      }
      const sides = [
        { label: 'the answer to a commit held', plan: onSide(carriedOver(plan, true), 'held') },
        { label: 'nothing held', plan: onSide(carriedOver(plan, false), 'not-held') },
      ];
      const times = wholeNumberIn('times', flags.times, 1, MOST_TIMES);
      const rolled: Array<readonly Rolled[]> = [];
      for (let time = 0; time < times; time += 1) {
        const pair = await rollBoth(sides, flags.json === true);
        if (pair === null) break;
        rolled.push(pair);
      }
      const all = sides.map(({ label }, side) => ({ label, rolls: rolled.map((pair) => pair[side]!) }));
      if (flags.json)
        printJson(all.map(({ label, rolls }) => ({ label, verdicts: rolls.map(({ verdict }) => verdict) })));
      else console.log(`\n${all.map(({ label, rolls }) => stillWords(label, rolls)).join('\n')}`);
      const isAsExpected = rolled.length === times && rolled.flat().every(({ verdict }) => verdict.outcome === 'holds');
      process.exitCode = isAsExpected ? EXIT.holds : rolled.length < times ? EXIT.interrupted : EXIT.broken;
    });
}

/** All members are refreshed at once, and their cluster may be one that was formed earlier. */
async function byItself(path: Plan, flags: LostNoticeFlags): Promise<void> {
  const refreshes = path.steps.flatMap((step) => (step.do === 'refresh' ? step.refreshes : []));
  const begun = path.steps.filter((step) => entrantsOf(step).length > 0);
  const plan: Plan = {
    ...path,
    name: rollName(`lost-notice-${path.daemon.name}-by-itself`),
    holds: false,
    steps: [...begun, { do: 'refresh', refreshes, pace: 'eager' }, { do: 'settle' }, { do: 'verify' }],
    expect: { ...path.expect, wokenBy: 'either' },
  };
  const times = wholeNumberIn('times', flags.times, 1, MOST_TIMES);
  const session = await rollAll(
    Array.from({ length: times }, () => plan),
    flags.json === true,
  );
  const { rolled } = session;
  if (flags.json && tellsAnything(session)) printJson(rolled.map(({ verdict }) => verdict));
  else if (rolled.length > 0) console.log(`\n${byItselfWords(rolled)}`);
  process.exitCode = exitCodeOf(session);
}

/** Both sides, one after the other, and their page. Null where that was interrupted. @throws what kept one from being rolled */
async function rollBoth(
  sides: ReadonlyArray<{ readonly label: string; readonly plan: Plan }>,
  isQuiet: boolean,
): Promise<readonly Rolled[] | null> {
  const labels = sides.map(({ label }) => label);
  for (let tries = 1; ; tries += 1) {
    const { rolled, interrupted, fault } = await rollAll(
      sides.map(({ plan }) => plan),
      isQuiet,
      { labels, fresh: true },
    );
    if (fault !== null) throw fault;
    if (interrupted) return null;
    const isGivenUp = rigEvents(rolled[0]!.trace, 'finding').some(({ doubt }) => doubt !== null);
    if (!isGivenUp || tries === MOST_GIVEN_UP) {
      await saveComparison(
        rolled.map((one, index) => ({ label: labels[index]!, ...one })),
        isQuiet,
      );
      return rolled;
    }
    process.stderr.write(`this try is given up, and made again (${tries} of at most ${MOST_GIVEN_UP - 1})\n`);
  }
}

/** By the model of the daemon. @throws InputError where it has none, or loses nothing */
function pathOf(flags: LostNoticeFlags): Plan {
  const chosen = chooseDaemon(flags.daemon);
  const { source, versions, described, name } = chosen;
  const said = described === null ? ourSettings(flags) : {};
  const { model } = source.plan(said);
  if (model === null)
    throw new InputError(`${name} has no model: say in its description which row of the table models it (model: …)`);
  const defaults = described === null ? OUR_VERSIONS : source.defaults;
  const [from, to] = [flags.from ?? defaults.from, flags.to ?? defaults.to].map((wanted) => named(versions, wanted));
  const asked = {
    ...model,
    ...{ from: from!, to: to!, members: wholeNumberIn('members', flags.members, 3, 7), faults: {} },
    ...{ mostStates: MOST_STATES, mostBytes: MOST_BYTES, reduce: true },
  };
  const plan = counterexample(lostNotice(asked), source, versions, said);
  const runtime = oneOf('runtime', flags.runtime, RUNTIMES);
  return { ...plan, about: 'a notice that comes before a member has parked', runtime };
}

/** @throws InputError */
function ourSettings({ wait }: LostNoticeFlags): Scenario {
  return { ...OURS, ...(wait === undefined ? {} : { wait: durationIn('wait', wait) }) };
}

function onSide(plan: Plan, side: string): Plan {
  return { ...plan, name: rollName(`lost-notice-${plan.daemon.name}-${side}`) };
}
