/** `npm run soak -- memory [ROLLS]`: many rolls in one process, which is to keep neither memory nor descriptors of them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { roll } from '../harness/cli/roll-plan.ts';
import { plainTable } from '../harness/report/table.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { planOf } from '../test/support/versions.ts';

const ROLLS = '200';
/** The first load and compile what all of them need; flat is what comes after. */
const FIRST_ROLLS = 20;
const EVERY = 20;
/** What may be kept of a roll: far less than its trace is, so that none can be kept; a heap is not told more exactly. */
const MOST_BYTES = 16 * 1024;

/** @returns whether both are flat */
export async function memory([rolls = ROLLS]: readonly string[]): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const runs = mkdtempSync(join(tmpdir(), 'rig-soak-'));
  const table = plainTable(['rolls', 'heap, KiB', 'resident, MiB', 'descriptors']);
  const seen: Array<{ done: number; heap: number; descriptors: number }> = [];
  try {
    for (let done = 1; done <= Number(rolls); done += 1) {
      const rolled = await roll(planOf({ members: 2, from: 'v1', to: 'v2' }), {
        runtime: processRuntime(),
        runs,
        signal: new AbortController().signal,
        isLatest: false,
      });
      if (rolled.verdict.outcome !== 'holds') throw new Error(`roll ${done}: ${rolled.verdict.sentence}`);
      rmSync(rolled.folder, { recursive: true });
      if (done % EVERY !== 0) continue;
      collect();
      const [heap, descriptors] = [process.memoryUsage().heapUsed, readdirSync('/proc/self/fd').length];
      seen.push({ done, heap, descriptors });
      table.push([done, Math.round(heap / 1024), Math.round(process.memoryUsage.rss() / 2 ** 20), descriptors]);
    }
  } finally {
    rmSync(runs, { recursive: true });
  }
  console.log(table.toString());
  const [first, last] = [seen.find(({ done }) => done >= FIRST_ROLLS), seen.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new Error(`${rolls} rolls are too few to see anything grow: name more than ${FIRST_ROLLS + EVERY}`);
  const bytesPerRoll = (last.heap - first.heap) / (last.done - first.done);
  console.log(`each roll keeps ${Math.round(bytesPerRoll)} bytes; aim: fewer than ${MOST_BYTES}, and no descriptor`);
  return bytesPerRoll < MOST_BYTES && last.descriptors <= first.descriptors;
}
