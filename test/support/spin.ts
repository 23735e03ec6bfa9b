/** Running Debian's spin on the model in test/spin. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { paths } from '../../harness/host/paths.ts';
import type { Wakeups } from '../../node/upgrade/machine.ts';
import type { StrategyName } from '../../node/upgrade/strategy.ts';
import { COLUMN_SINCE, type Version } from '../../node/upgrade/version.ts';

/** What makes the model a strategy. */
const DEFINES: Readonly<Record<StrategyName, readonly string[]>> = {
  combined: [],
  split: ['SPLIT'],
  seed: ['SEED'],
  preemptive: ['PREEMPTIVE'],
  upstream: ['SEED', 'PREEMPTIVE'],
  pair: ['PAIR'],
};

export interface SpinQuestion {
  readonly strategy: StrategyName;
  readonly wakeups: Wakeups;
  readonly from: Version;
  readonly to: Version;
  readonly members: number;
  /** What befalls the members beside that they are refreshed; a new one is one of them. */
  readonly beside?: 'AUTO' | 'LEAVE' | 'JOIN';
}

export interface SpinAnswer {
  /** Whether spin found an end state in which somebody waits. */
  readonly stuck: boolean;
  readonly states: number;
  readonly transitions: number;
  /** Of the search alone, as spin measures it. */
  readonly seconds: number;
}

export async function hasSpin(): Promise<boolean> {
  const [spin, compiler] = await Promise.all([
    execa('spin', ['-V'], { reject: false }),
    execa('gcc', ['--version'], { reject: false }),
  ]);
  return !spin.failed && !compiler.failed;
}

/**
 * Search the whole model, counting every bad end state and stopping at none.
 * @param optimise whether the searcher is compiled to be fast, or fast to compile
 */
export async function spin(question: SpinQuestion, optimise = false): Promise<SpinAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-spin-'));
  try {
    const defines = definesOf(question).map((define) => `-D${define}`);
    const within = { cwd: folder };
    await execa('spin', ['-a', ...defines, join(paths.root, 'test', 'spin', 'upgrade.pml')], within);
    // No partial-order reduction, as our full search has none; both merge nothing but equal states.
    await execa(
      'gcc',
      [optimise ? '-O2' : '-O0', '-w', '-DSAFETY', '-DNOREDUCE', '-DMEMLIM=4096', '-o', 'pan', 'pan.c'],
      within,
    );
    const { stdout } = await execa('./pan', ['-m1000000', '-c0', '-w20'], within);
    return {
      stuck: numberIn(stdout, /errors: (\d+)/) > 0,
      states: numberIn(stdout, /([\d.e+]+) states, stored/),
      transitions: numberIn(stdout, /([\d.e+]+) transitions/),
      seconds: numberIn(stdout, /elapsed time ([\d.]+) seconds/),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function definesOf({ strategy, wakeups, from, to, members, beside }: SpinQuestion): string[] {
  const raisesSchema = to.internal > from.internal || to.external > from.external;
  return [
    `N=${members}`,
    ...DEFINES[strategy],
    ...(beside === undefined ? [] : [beside]),
    ...(wakeups === 'latched' ? ['LATCHED'] : []),
    ...(raisesSchema ? ['SCHEMA'] : []),
    ...(to.extensions.length > from.extensions.length ? ['API'] : []),
    ...(from.internal >= COLUMN_SINCE ? ['COLUMN'] : []),
  ];
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`spin did not say ${pattern}:\n${output}`);
  return Number(found);
}
