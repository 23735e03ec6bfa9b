/** The explorer: how many states there are, how fast it goes through them, and how much memory they take. */

import { explore } from '../harness/explore/explore.ts';
import type { Versions } from '../harness/input/versions.ts';
import { plainTable } from '../harness/report/terminal.ts';
import { formatDuration } from '../node/duration.ts';
import { STRATEGY_NAMES, type StrategyName } from '../node/upgrade/strategy.ts';
import { hasSpin, spin } from '../test/support/spin.ts';

const FAULTS = { lose: 0, duplicate: 0, crash: 0 };
const BOUNDS = { mostStates: 50_000_000, mostBytes: 8 * 2 ** 30 };
/** A step that every strategy can take, and that raises everything. */
const [FROM, TO] = ['v4', 'v5'];

interface Searched {
  readonly states: number;
  readonly transitions: number;
  readonly tookMs: number;
  readonly bytes: number;
}

/** Prints tables: by strategy and size, and the speed against spin's. */
export async function exploreBench(versions: Versions): Promise<void> {
  const search = (strategy: StrategyName, members: number, reduce: boolean): Searched => {
    const [from, to] = [versions.get(FROM!)!.build.version, versions.get(TO!)!.build.version];
    const startNs = process.hrtime.bigint();
    const answer = explore({
      strategy,
      wakeups: 'latched',
      ahead: 'exit',
      from,
      to,
      members,
      faults: FAULTS,
      reduce,
      ...BOUNDS,
    });
    const tookMs = Number(process.hrtime.bigint() - startNs) / 1e6;
    if (!answer.exhaustive) throw new Error(`${strategy} with ${members} members gave up at a bound`);
    return { states: answer.states, transitions: answer.transitions, tookMs, bytes: answer.bytes };
  };
  const table = plainTable([
    'explore, latched, v4 → v5',
    'members',
    'search',
    'states',
    'transitions',
    'time',
    'memory',
  ]);
  const add = (strategy: StrategyName, members: number, reduce: boolean): Searched => {
    const found = search(strategy, members, reduce);
    const size = `${(found.bytes / 2 ** 20).toFixed(1)} MiB`;
    const how = reduce ? 'reduced' : 'full';
    table.push([strategy, members, how, found.states, found.transitions, formatDuration(found.tookMs), size]);
    return found;
  };
  for (const strategy of STRATEGY_NAMES) for (const members of [3, 4, 5]) add(strategy, members, true);
  for (const strategy of STRATEGY_NAMES) add(strategy, 3, false);
  const full = add('split', 4, false);
  console.log(table.toString());
  const rate = full.transitions / (full.tookMs / 1000);
  console.log(`the full search of split, 4 members: ${millions(rate)} transitions per second`);
  if (!(await hasSpin())) return console.log('no spin here: the speed was not compared');
  const [from, to] = [versions.get(FROM!)!.build.version, versions.get(TO!)!.build.version];
  const theirs = await spin({ strategy: 'split', wakeups: 'latched', from, to, members: 3 }, true);
  const theirRate = theirs.transitions / theirs.seconds;
  console.log(
    `spin, the same model with 3 members: ${millions(theirRate)} transitions per second; ratio ${(rate / theirRate).toFixed(2)} (aim > 0.5)`,
  );
}

function millions(rate: number): string {
  return `${(rate / 1e6).toFixed(2)} million`;
}
