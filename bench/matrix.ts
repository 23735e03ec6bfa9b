/**
 * The default matrix, several rolls at once, against the sum of its rolls one after another; and with how many at once
 * it is the fastest.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cellRoller } from '../harness/cli/roll-cell.ts';
import { chooseDaemon } from '../harness/daemon/choose.ts';
import { ourDaemon } from '../harness/daemon/ours/daemon.ts';
import type { Versions } from '../harness/input/versions.ts';
import { cellsOf, isPossible, type PossibleCell } from '../harness/matrix/cells.ts';
import { bearableJobs, rollMatrix } from '../harness/matrix/roll-matrix.ts';
import { specFrom } from '../harness/matrix/spec.ts';
import { plainTable } from '../harness/report/table.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { formatDuration } from '../node/duration.ts';
import { timeMs } from './figures.ts';
import { withRunsFolder } from './start.ts';

const OURS = chooseDaemon(undefined);
const MEMBERS = 3;
const AIM_MS = 45_000;
/** Of a sample that rolls every pair once, each pair in another order than the one before. */
const SAMPLED_JOBS = [1, 2, 3, 4, 6];

/** Prints a table: the sample at several numbers of jobs, then the whole matrix. */
export async function matrixBench(versions: Versions): Promise<void> {
  const all = cellsOf(specFrom(OURS), OURS).filter(isPossible);
  const orders = new Set(all.map(({ order }) => order)).size;
  // Cells come pair by pair, each in all orders.
  const sample = all.filter((_, index) => index % orders === Math.floor(index / orders) % orders);
  const table = plainTable(['rolls', 'at once', 'took', 'rolls per minute', 'against one after another']);
  let oneAfterAnotherMs = Number.NaN;
  const measure = async (cells: readonly PossibleCell[], jobs: number): Promise<number> => {
    const tookMs = await timeMs(() => rollAll(cells, jobs, versions));
    if (jobs === 1) oneAfterAnotherMs = tookMs / cells.length;
    const perMinute = ((cells.length / tookMs) * 60_000).toFixed(0);
    const ratio = (tookMs / (oneAfterAnotherMs * cells.length)).toFixed(2);
    table.push([cells.length, jobs, formatDuration(tookMs), perMinute, ratio]);
    return tookMs;
  };
  for (const jobs of SAMPLED_JOBS) await measure(sample, jobs);
  const wholeMs = await measure(all, bearableJobs(MEMBERS));
  console.log(table.toString());
  console.log(
    `the whole default matrix took ${formatDuration(wholeMs)} on ${availableParallelism()} processors; aim: ` +
      `${formatDuration(AIM_MS)} on two. One after another: reckoned from a sample of ${sample.length} of its ${all.length} rolls.`,
  );
}

async function rollAll(cells: readonly PossibleCell[], jobs: number, versions: Versions): Promise<void> {
  await withRunsFolder(async (folder) => {
    const broken: string[] = [];
    const runtime = processRuntime();
    const names = new Set(cells.flatMap(({ plan }) => Object.keys(plan.versions)));
    await runtime.prepare([...(await ourDaemon(versions).build([...names])).values()], {
      say: () => undefined,
      signal: new AbortController().signal,
    });
    await rollMatrix(
      cells.map((cell) => ({ cell, repeat: 1 })),
      {
        rollOne: cellRoller({
          again: new Map(),
          runtime,
          folder,
          rolls: join(folder, 'rolls'),
          alone: jobs === 1,
          hurry: new AbortController().signal,
        }),
        jobs,
        failFast: false,
        signal: new AbortController().signal,
        watcher: {
          began: () => undefined,
          ended: ({ cell }, attempt) => {
            if (attempt?.outcome !== 'judged' || attempt.verdict !== 'holds') broken.push(cell.id);
          },
        },
      },
    );
    if (broken.length > 0) throw new Error(`what is measured must hold, and did not: ${broken.join(', ')}`);
  });
}
