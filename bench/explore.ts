/**
 * The explorer: how many states there are, how fast it goes through them, and how much memory they take; and its speed
 * beside that of spin, on the same model of as many members.
 */

import { explore } from '../harness/explore/explore.ts';
import type { Versions } from '../harness/input/versions.ts';
import { plainTable } from '../harness/report/table.ts';
import { formatDuration } from '../node/duration.ts';
import { STRATEGY_NAMES, type StrategyName } from '../node/upgrade/strategy.ts';
import { hasSpin, spin } from '../test/support/spin.ts';
import { median } from './figures.ts';

const BOUNDS = { mostStates: 50_000_000, mostBytes: 8 * 2 ** 30 };
/** A step that every strategy can take, and that raises everything. */
const [FROM, TO] = ['v4', 'v5'];
/** With four members spin, which does not take members for interchangeable, needs two minutes and 4 GB. */
const COMPARED_MEMBERS = 3;
const ROUNDS = 5;
/** Three members take us a few milliseconds, so they are asked again and again for this long. */
const LEAST_MS = 200;

interface Searched {
  readonly states: number;
  readonly transitions: number;
  readonly tookMs: number;
  readonly bytes: number;
}

interface Size {
  readonly members: number;
  readonly reduce: boolean;
  readonly crash?: number;
}

/** Prints a table, by strategy and size, and the speed against spin's. */
export async function exploreBench(versions: Versions): Promise<void> {
  const table = plainTable([
    'explore, latched, v4 → v5',
    'members',
    'crashes',
    'search',
    'states',
    'transitions',
    'time',
    'memory',
  ]);
  const add = (strategy: StrategyName, size: Size): Searched => {
    const found = search(versions, strategy, size);
    const { states, transitions, tookMs, bytes } = found;
    const { members, crash = 0, reduce } = size;
    const memory = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    const how = reduce ? 'reduced' : 'full';
    table.push([strategy, members, crash, how, states, transitions, formatDuration(tookMs), memory]);
    return found;
  };
  for (const strategy of STRATEGY_NAMES) for (const members of [3, 4, 5]) add(strategy, { members, reduce: true });
  const seven = add('split', { members: 7, reduce: true });
  add('split', { members: 4, reduce: true, crash: 1 });
  for (const strategy of STRATEGY_NAMES) add(strategy, { members: 3, reduce: false });
  const four = add('split', { members: 4, reduce: false });
  console.log(table.toString());
  console.log(`the reduced search of split, 7 members: ${formatDuration(seven.tookMs)} (aim < 1 s)`);
  console.log(`the full search of split, 4 members: ${inMillions(four.transitions / four.tookMs)}`);
  if (await hasSpin()) await compare(versions, 'split');
  else console.log('no spin here: the speed was not compared');
}

function search(versions: Versions, strategy: StrategyName, { members, reduce, crash = 0 }: Size): Searched {
  const [from, to] = stepIn(versions);
  const faults = { lose: 0, duplicate: 0, crash };
  const startNs = process.hrtime.bigint();
  const asked = { strategy, wakeups: 'latched', ahead: 'exit', from, to, members, faults, reduce, ...BOUNDS } as const;
  const { states, transitions, bytes, exhaustive } = explore(asked);
  const tookMs = Number(process.hrtime.bigint() - startNs) / 1e6;
  if (!exhaustive) throw new Error(`${strategy} with ${members} members gave up at a bound`);
  return { states, transitions, tookMs, bytes };
}

/** Whole questions of ours and of spin's by turns: neither compiling its searcher nor ours is counted. */
async function compare(versions: Versions, strategy: StrategyName): Promise<void> {
  const [from, to] = stepIn(versions);
  const members = COMPARED_MEMBERS;
  let transitions = { ours: 0, theirs: 0 };
  const tookMs: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const ours = searchRepeatedly(versions, strategy, members);
    const theirs = await spin({ strategy, wakeups: 'latched', from, to, members }, true);
    transitions = { ours: ours.transitions, theirs: theirs.transitions };
    tookMs.ours.push(ours.tookMs);
    tookMs.theirs.push(1000 * theirs.seconds);
  }
  const [oursMs, theirsMs] = [median(tookMs.ours), median(tookMs.theirs)];
  const [ours, theirs] = [transitions.ours / oursMs, transitions.theirs / theirsMs];
  const model = `${strategy}, ${members} members, full, median of ${ROUNDS}`;
  console.log(`${model}: the explorer ${inMillions(ours)}, ${formatDuration(oursMs)} for all ${transitions.ours}`);
  console.log(`${model}: spin ${inMillions(theirs)}, ${formatDuration(theirsMs)} for all ${transitions.theirs}`);
  console.log(`the explorer's speed against spin's: ${(ours / theirs).toFixed(2)} (aim > 1)`);
}

/** The mean of as many searches as fit, each from nothing: tables and all. */
function searchRepeatedly(versions: Versions, strategy: StrategyName, members: number): Searched {
  let [tookMs, times] = [0, 0];
  for (;;) {
    const found = search(versions, strategy, { members, reduce: false });
    tookMs += found.tookMs;
    times += 1;
    if (tookMs >= LEAST_MS) return { ...found, tookMs: tookMs / times };
  }
}

function stepIn(versions: Versions) {
  return [versions.get(FROM!)!.build.version, versions.get(TO!)!.build.version] as const;
}

function inMillions(perMs: number): string {
  return `${(perMs / 1e3).toFixed(2)} million transitions per second`;
}
