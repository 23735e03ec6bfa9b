/** `npm run bench`: what the rig costs and how fast it is, as ratios within one run. Judges nothing: read the numbers. */
import { paths } from '../harness/build/paths.ts';
import { readVersions } from '../harness/build/versions.ts';
import { plainTable } from '../harness/report/terminal.ts';
import { formatDuration } from '../node/duration.ts';
import { containerRatio } from './containers.ts';
import { exploreBench } from './explore.ts';
import type { Ratio } from './figures.ts';
import { matrixBench } from './matrix.ts';
import { startRatio } from './start.ts';
import { unblockRatios } from './unblock.ts';

const versions = readVersions(paths.versions);
const start = await startRatio(versions);
const unblock = await unblockRatios(versions);
const containers = await containerRatio(versions);

const table = plainTable(['what', 'median', 'against', 'median', 'ratio', 'aim', 'runs']);
for (const ratio of [start, ...unblock.ratios, ...(containers === null ? [] : [containers])]) table.push(rowOf(ratio));
console.log(table.toString());
if (containers === null) console.log('no Docker engine answers: containers were not measured');
const mebibytes = unblock.memoryBytes.map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
console.log(`resident memory of each member at the end of a roll: ${mebibytes.join(', ')}`);

console.log();
await matrixBench(versions);

console.log();
await exploreBench(versions);

function rowOf({ what, measuredMs, against, againstMs, aim, runs }: Ratio): string[] {
  const ratio = (measuredMs / againstMs).toFixed(2);
  const aimed = Number.isNaN(aim) ? '–' : `< ${aim}`;
  return [what, formatDuration(measuredMs), against, formatDuration(againstMs), ratio, aimed, String(runs)];
}
