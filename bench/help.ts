/** How long the command takes to say what it can do, compiled as the package has it, against the start of bare Node. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { paths } from '../harness/host/paths.ts';
import { median, type Ratio, timeMs } from './figures.ts';

const RUNS = 15;

export async function helpRatio(): Promise<Ratio> {
  await execa(process.execPath, [join(paths.root, 'pack', 'main.ts')], { preferLocal: true, localDir: paths.root });
  // Where there are no sources: in the checkout the command would run those.
  const folder = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(paths.root, part), join(folder, part), { recursive: true });
  symlinkSync(join(paths.root, 'node_modules'), join(folder, 'node_modules'));
  const command = join(folder, 'bin', 'refresh-rig.cjs');
  const bareMs: number[] = [];
  const helpMs: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      bareMs.push(await timeMs(() => execa(process.execPath, ['--eval', '0'])));
      helpMs.push(await timeMs(() => execa(process.execPath, [command, '--help'])));
    }
  } finally {
    rmSync(folder, { recursive: true });
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
