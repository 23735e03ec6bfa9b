/** How long the command takes to say what it can do, compiled as the package has it, against the start of bare Node. */
import { join } from 'node:path';
import { execa } from 'execa';
import { paths } from '../harness/host/paths.ts';
import { median, type Ratio, timeMs } from './figures.ts';

const RUNS = 15;

export async function helpRatio(): Promise<Ratio> {
  await execa(process.execPath, [join(paths.root, 'pack', 'main.ts')], { preferLocal: true, localDir: paths.root });
  const bareMs: number[] = [];
  const helpMs: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    bareMs.push(await timeMs(() => execa(process.execPath, ['--eval', '0'])));
    helpMs.push(await timeMs(() => execa(process.execPath, [join(paths.dist, 'main.js'), '--help'])));
  }
  return {
    what: 'the package: refresh-rig --help',
    measuredMs: median(helpMs),
    against: 'bare Node: process start → end',
    againstMs: median(bareMs),
    aim: 4,
    runs: RUNS,
  };
}
