/**
 * `npm run bench`: what the rig costs and how fast it is, as ratios within one run; `npm run bench -- PART...` some of it.
 * Judges nothing: read the numbers.
 */
import { findDqlite } from '../harness/host/libraries.ts';
import { paths } from '../harness/host/paths.ts';
import { readVersions } from '../harness/input/versions.ts';
import { plainTable } from '../harness/report/table.ts';
import { formatDuration } from '../node/duration.ts';
import { containerRatio } from './containers.ts';
import { crowdRatio } from './crowd.ts';
import { measureTransactions, transactionRatios } from './database.ts';
import { exploreBench } from './explore.ts';
import { median, type Ratio } from './figures.ts';
import { helpRatio } from './help.ts';
import { linkRatios } from './links.ts';
import { matrixBench } from './matrix.ts';
import { realRatio } from './real.ts';
import { reportBench } from './report.ts';
import { sizeBench } from './size.ts';
import { startRatio } from './start.ts';
import { tlsRatios } from './tls.ts';
import { unblockRatios } from './unblock.ts';

/** What can be measured by itself, in the order in which all is. */
const PARTS = {
  help: helpBench,
  ratios: ratioBench,
  links: linksBench,
  tls: tlsBench,
  report: reportBench,
  size: sizeBench,
  matrix: matrixBench,
  explore: exploreBench,
} as const;
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(NAMES as string[]).includes(name));
if (unknown.length > 0) {
  console.error(
    `no part of the bench is called ${unknown.join(' or ')}: name any of ${NAMES.join(', ')}, or none for all`,
  );
  process.exit(2);
}
const versions = readVersions(paths.versions);
for (const name of NAMES.filter((part) => asked.length === 0 || asked.includes(part))) {
  await PARTS[name](versions);
  console.log();
}

async function helpBench(): Promise<void> {
  const table = ratioTable();
  table.push(rowOf(await helpRatio()));
  console.log(table.toString());
}

async function linksBench(): Promise<void> {
  const ratios = await linkRatios();
  if (typeof ratios === 'string') {
    console.log(`links were not measured: ${ratios}`);
    return;
  }
  const table = ratioTable();
  for (const ratio of ratios) table.push(rowOf(ratio));
  console.log(table.toString());
}

async function tlsBench(): Promise<void> {
  const hasDqlite = (await findDqlite()) !== null;
  const table = ratioTable();
  for (const ratio of await tlsRatios(hasDqlite)) table.push(rowOf(ratio));
  console.log(table.toString());
  if (!hasDqlite) console.log('libdqlite is not installed: dqlite was not measured over TLS');
}

/** Everything about rolls that is one figure against another. Prints a table. */
async function ratioBench(): Promise<void> {
  const start = await startRatio(versions);
  const transactions = await measureTransactions(versions);
  const unblock = await unblockRatios('sqlite', median(transactions.sqlite));
  const unblockDqlite =
    transactions.dqlite === null ? null : await unblockRatios('dqlite', median(transactions.dqlite.gates));
  const crowd = await crowdRatio();
  const containers = await containerRatio(versions);
  const real = await realRatio();
  const table = ratioTable();
  const ratios = [
    start,
    ...transactionRatios(transactions),
    ...unblock.ratios,
    ...(unblockDqlite?.ratios ?? []),
    crowd,
    ...(containers === null ? [] : [containers]),
    ...(real === null ? [] : [real]),
  ];
  for (const ratio of ratios) table.push(rowOf(ratio));
  console.log(table.toString());
  if (containers === null) console.log('no Docker engine answers: containers were not measured');
  if (real === null) console.log('real daemons were not measured: see refresh-rig doctor');
  if (unblockDqlite === null) console.log('libdqlite is not installed: dqlite was not measured');
  for (const [database, measured] of [
    ['sqlite', unblock],
    ['dqlite', unblockDqlite],
  ] as const) {
    const mebibytes = measured?.memoryBytes.map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
    if (mebibytes)
      console.log(`resident memory of each member on ${database} at the end of a roll: ${mebibytes.join(', ')}`);
  }
}

function ratioTable(): ReturnType<typeof plainTable> {
  return plainTable(['what', 'median', 'against', 'median', 'ratio', 'aim', 'runs']);
}

function rowOf({ what, measuredMs, against, againstMs, aim, runs }: Ratio): string[] {
  const ratio = (measuredMs / againstMs).toFixed(2);
  const aimed = Number.isNaN(aim) ? '–' : `< ${aim}`;
  return [what, formatDuration(measuredMs), against, formatDuration(againstMs), ratio, aimed, String(runs)];
}
