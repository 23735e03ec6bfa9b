/** Rolls that are ended at random instants in every way that a rig can be ended, side by side; then, what they have left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askEngine } from '../harness/host/engine.ts';
import { paths } from '../harness/host/paths.ts';
import type { RuntimeName } from '../harness/plan/plan.ts';
import { randomFrom } from '../node/random.ts';
import { leftoversOf, RigCommand, runRig } from '../test/support/command.ts';

/** How a rig is ended. Who asks twice does not want to wait. */
const WAYS = ['SIGINT', 'SIGINT twice', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL', 'a closed pipe'] as const;
export type Way = (typeof WAYS)[number];

/** From before a rig listens to signals until after its members wait. */
const LONGEST_LIFE_MS = 12_000;
const BETWEEN_TWO_MS = 300;
/** An end takes seconds; what takes this long does not end. */
const END_LIMIT_MS = 90_000;

export interface KillOptions {
  readonly count: number;
  /** Draws who is ended how, and when: the same seed draws the same. */
  readonly seed: number;
  readonly runtimes: readonly RuntimeName[];
  /** How many rigs at once. */
  readonly jobs: number;
  /** Hears what becomes of each. */
  readonly say: (line: string) => void;
}

/** What came of them. */
export interface Killed {
  /** Whatever is not as it should be, as sentences: with none, nothing was left behind. */
  readonly troubles: readonly string[];
  /** How many things only a next start could remove, and it said so. */
  readonly removed: number;
  /** How often each way was drawn. */
  readonly ways: ReadonlyMap<Way, number>;
}

/** One rig that is to be ended. */
interface Case {
  readonly way: Way;
  readonly daemon: 'ours' | 'double';
  readonly runtime: RuntimeName;
  readonly afterMs: number;
}

export async function killRolls({ count, seed, runtimes, jobs, say }: KillOptions): Promise<Killed> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-kills-'));
  const double = describeDouble(folder);
  const cases = casesOf(count, seed, runtimes);
  const waiting = [...cases];
  const troubles: string[] = [];
  const ended: number[] = [];
  const killed: number[] = [];
  let removed = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { pid, trouble, leftovers } = await endOne(next, folder, double);
      removed += leftovers;
      (next.way === 'SIGKILL' ? killed : ended).push(pid);
      say(`${wordsOf(next)}: ${trouble ?? 'ended'}`);
      if (trouble !== null) troubles.push(`${wordsOf(next)}: ${trouble}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  for (const left of await leftoversOf(ended)) troubles.push(`left by a rig that was not killed: ${left}`);
  const { stdout } = await runRig(folder, ['doctor', '--clean']);
  removed += removals(stdout);
  for (const left of await leftoversOf([...ended, ...killed])) troubles.push(`left after the next start: ${left}`);
  rmSync(folder, { recursive: true });
  const ways = new Map(WAYS.map((way) => [way, cases.filter((one) => one.way === way).length]));
  return { troubles, removed, ways };
}

/** The ways one after the other, so that a few cases have them all; the rest is drawn. */
function casesOf(count: number, seed: number, runtimes: readonly RuntimeName[]): Case[] {
  const draw = randomFrom(seed);
  return Array.from({ length: count }, (_, index): Case => {
    // The double has no image of its own.
    const runtime = runtimes[Math.floor(draw() * runtimes.length)]!;
    const daemon = runtime === 'process' && draw() < 0.5 ? 'double' : 'ours';
    return { way: WAYS[index % WAYS.length]!, runtime, daemon, afterMs: Math.round(draw() * LONGEST_LIFE_MS) };
  });
}

/** A rig that has been ended. */
interface End {
  readonly pid: number;
  /** What is not as it should be. */
  readonly trouble: string | null;
  /** How much it has removed of rigs that were ended before it. */
  readonly leftovers: number;
}

async function endOne(one: Case, folder: string, double: string): Promise<End> {
  const standing = ['--runtime', one.runtime];
  // That nobody reads any more is noticed when something is told.
  const ours = ['--no-split-notification', '--wait', one.way === 'a closed pipe' ? '5s' : '600s'];
  const rig = new RigCommand(folder, ['roll', ...standing, ...(one.daemon === 'ours' ? ours : ['--daemon', double])]);
  await sleep(one.afterMs);
  if (one.way === 'a closed pipe') rig.closePipe();
  else rig.signal(one.way === 'SIGINT twice' ? 'SIGINT' : one.way);
  if (one.way === 'SIGINT twice') {
    await sleep(BETWEEN_TWO_MS);
    rig.signal('SIGINT');
  }
  const ended = await Promise.race([rig.ended(), sleep(END_LIMIT_MS, null, { ref: false })]);
  if (ended === null) {
    rig.signal('SIGKILL');
    return { pid: rig.pid, trouble: `did not end within ${END_LIMIT_MS / 1000} s`, leftovers: 0 };
  }
  // By itself before it was to be ended, by us, or by the system where it did not listen yet.
  const isAsTold = ended.code === null || [0, 1, 130].includes(ended.code);
  const trouble = isAsTold ? null : `exited with ${ended.code}: ${ended.stderr}`;
  return { pid: rig.pid, trouble, leftovers: removals(ended.stdout) };
}

/** How many things a command has removed that an earlier rig has left. */
function removals(stdout: string): number {
  return stdout.split('\n').filter((line) => /^removed /.test(line)).length;
}

function wordsOf({ way, daemon, runtime, afterMs }: Case): string {
  return `${daemon} in a ${runtime}, ended by ${way} after ${afterMs} ms`;
}

/** With a timer that no roll here sits out. @returns its file */
function describeDouble(folder: string): string {
  const support = join(paths.root, 'test', 'support');
  const text = readFileSync(join(support, 'double.yaml'), 'utf8')
    .replaceAll('./double.mjs', join(support, 'double.mjs'))
    .replace("DOUBLE_TIMER: '2000'", "DOUBLE_TIMER: '600000'")
    .replace(/^timer: .*$/m, 'timer: { every: 600s, tolerance: 150ms }')
    .replace(/^about: .*$/m, `about: for a soak of ${process.pid}`);
  const file = join(folder, 'double.yaml');
  writeFileSync(file, text);
  return file;
}

const COUNT = '100';
const JOBS = 3;

/** `npm run soak -- kills [ROLLS] [SEED]`. @returns whether nothing was left behind */
export async function kills([
  count = COUNT,
  seedText = String(Date.now() % 2 ** 31),
]: readonly string[]): Promise<boolean> {
  const [rolls, seed] = [Number(count), Number(seedText)];
  console.log(`seed ${seed}: the same again with npm run soak -- kills ${rolls} ${seed}`);
  const runtimes: RuntimeName[] = (await askEngine()).answers ? ['process', 'container'] : ['process'];
  const { troubles, removed, ways } = await killRolls({ count: rolls, seed, runtimes, jobs: JOBS, say: console.log });
  const each = [...ways].map(([way, times]) => `${way} ${times}`).join(', ');
  console.log(`\n${rolls} rolls on ${runtimes.join(' and ')}: ${each}`);
  console.log(`what only the next start could remove, and said so: ${removed}`);
  console.log(troubles.length === 0 ? 'nothing is left behind' : troubles.join('\n'));
  return troubles.length === 0;
}
