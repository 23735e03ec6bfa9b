/**
 * What a roll costs the rig as it grows: the curve over the number of members, with the exponent of each figure's growth. A
 * roll is held against its own starts and stops of bare Node, one after the other, and its notices by bare node:http.
 */
import { execa } from 'execa';
import { type Rolled, roll } from '../harness/cli/roll-plan.ts';
import { plainTable } from '../harness/report/table.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { type RigEvent, rigEvents } from '../harness/trace/trace.ts';
import { formatDuration } from '../node/duration.ts';
import { planOf } from '../test/support/versions.ts';
import { BareProcesses } from './bare-notices.ts';
import { eventCostUs } from './event-cost.ts';
import { median, timeMs } from './figures.ts';
import { judgingBench } from './judging.ts';
import { withRunsFolder } from './start.ts';

/** How often a roll of each size is carried out. The largest is to hold every time. */
const ROLLS: ReadonlyArray<readonly [members: number, rolls: number]> = [
  [3, 5],
  [10, 3],
  [25, 2],
  [50, 10],
];
/** Each member is started in either version, and stopped as often. */
const STARTS_PER_MEMBER = 2;

interface Measured {
  readonly rollMs: number;
  /** Processor time of the rig alone, from the first event to the last, in milliseconds. */
  readonly rigMs: number;
  readonly eventUs: number;
  readonly lagMs: number;
  readonly rolled: Rolled;
}

/** Prints the curve, and what a large trace costs to judge. */
export async function sizeBench(): Promise<void> {
  const head = [
    'members',
    'rolls that hold',
    'events',
    'roll',
    'bare',
    'ratio',
    'rig, of it',
    'an event',
    'longest lag',
  ];
  const table = plainTable(head);
  const curves = { events: [] as number[], roll: [] as number[], rig: [] as number[], event: [] as number[] };
  for (const [members, rolls] of ROLLS) {
    const measured: Measured[] = [];
    for (let run = 0; run < rolls; run += 1) measured.push(await measure(members));
    const bareMs = await bareRollMs(members);
    const of = (figure: (one: Measured) => number): number => median(measured.map(figure));
    const [events, rollMs, rigMs, eventUs] = [
      of(({ rolled }) => rolled.trace.length),
      of((one) => one.rollMs),
      of((one) => one.rigMs),
      of((one) => one.eventUs),
    ];
    const holding = measured.filter(({ rolled }) => rolled.verdict.outcome === 'holds').length;
    table.push([
      members,
      `${holding} of ${rolls}`,
      events,
      formatDuration(rollMs),
      formatDuration(bareMs),
      (rollMs / bareMs).toFixed(2),
      formatDuration(rigMs),
      `${eventUs.toFixed(0)} us`,
      formatDuration(Math.max(...measured.map(({ lagMs }) => lagMs))),
    ]);
    for (const [name, value] of Object.entries({ events, roll: rollMs, rig: rigMs, event: eventUs }))
      curves[name as keyof typeof curves].push(value);
  }
  const sizes = ROLLS.map(([members]) => members);
  const exponent = (values: readonly number[]): string => exponentOf(sizes, values).toFixed(2);
  const { events, roll: took, rig, event } = curves;
  table.push(['grows as', '', exponent(events), exponent(took), '', '', exponent(rig), exponent(event), '']);
  console.log(table.toString());
  console.log(
    'grows as: the exponent of the number of members. aims: an event below 50 us at every size, the ratio of the largest ' +
      'below 2, and every one of its rolls holds.',
  );
  await judgingBench();
}

async function measure(members: number): Promise<Measured> {
  const plan = planOf({ from: 'v1', to: 'v2', members });
  return withRunsFolder(async (runs) => {
    let before = process.cpuUsage();
    let used = before;
    const rolled = await roll(plan, {
      runtime: processRuntime(),
      runs,
      signal: new AbortController().signal,
      observer: (event) => {
        if (!('rig' in event)) return;
        if (event.rig === 'began') before = process.cpuUsage();
        if (event.rig === 'ended') used = process.cpuUsage(before);
      },
    });
    const { trace } = rolled;
    return {
      rollMs: (trace.at(-1)!.atNs - trace[0]!.atNs) / 1e6,
      rigMs: (used.user + used.system) / 1000,
      eventUs: await eventCostUs(rolled, runs),
      lagMs: rigEvents(trace, 'lag').reduce((most, { forMs }: RigEvent & { rig: 'lag' }) => Math.max(most, forMs), 0),
      rolled,
    };
  });
}

/** Its starts and stops, one after the other; and its n (n - 1) notices, by processes that send all at once. */
async function bareRollMs(members: number): Promise<number> {
  const startsMs = await timeMs(async () => {
    for (let start = 0; start < members * STARTS_PER_MEMBER; start += 1) await startAndStop();
  });
  const bare = await BareProcesses.of(members);
  try {
    return startsMs + (await bare.sendAll(members - 1));
  } finally {
    await bare.close();
  }
}

/** Bare Node, until it has said a word, and then until it is gone. */
async function startAndStop(): Promise<void> {
  const program = "process.stdout.write('here'); setInterval(() => undefined, 60_000);";
  const child = execa(process.execPath, ['--eval', program], { buffer: false, reject: false });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGTERM');
  await child;
}

/** By least squares of the logarithms. */
function exponentOf(sizes: readonly number[], values: readonly number[]): number {
  const points = sizes.map((size, index) => [Math.log(size), Math.log(values[index]!)] as const);
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  return mean((point) => (point[0] - x) * (point[1] - y)) / mean((point) => (point[0] - x) ** 2);
}
