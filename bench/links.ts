/**
 * What an idle relay costs that stands in a link: the time of a stream of bytes through it against one without, and how late the peers
 * of the last member open, against the same roll on loopback.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { roll } from '../harness/cli/roll-plan.ts';
import { PrivateNetwork } from '../harness/runtime/namespaces/private-network.ts';
import { lackOfLinks } from '../harness/runtime/namespaces/tools.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import type { Runtime } from '../harness/runtime/runtime.ts';
import { planOf } from '../test/support/versions.ts';
import { median, type Ratio } from './figures.ts';
import { withRunsFolder } from './start.ts';

const MEBIBYTES = 512;
const STREAMS = 5;
const ROLLS = 9;
const PORT = 7000;

/** Takes in a stream to its end, and then says so. */
const SINK = `require('node:net').createServer({ allowHalfOpen: true }, (s) => s.resume().once('end', () => s.end('done')))
  .listen(${PORT}, process.argv[1], () => console.log('listens'));`;
/** Sends so many mebibytes, waits for the answer, and prints how many milliseconds that took. */
const SOURCE = `const s = require('node:net').connect(${PORT}, process.argv[1], async () => {
  const chunk = Buffer.alloc(2 ** 20), began = performance.now();
  s.once('data', () => { console.log(performance.now() - began); s.destroy(); });
  for (let sent = 0; sent < ${MEBIBYTES}; sent += 1) if (!s.write(chunk)) await require('node:events').once(s, 'drain');
  s.end();
});`;

/** @returns the ratios, or why there are none */
export async function linkRatios(): Promise<readonly Ratio[] | string> {
  const lack = lackOfLinks();
  if (lack !== null) return lack;
  const streams = { relayed: [] as number[], bare: [] as number[] };
  for (let run = 0; run < STREAMS; run += 1) {
    streams.bare.push(await streamMs(false));
    streams.relayed.push(await streamMs(true));
  }
  const latencies = { relayed: [] as number[], bare: [] as number[] };
  for (let run = 0; run < ROLLS; run += 1) {
    latencies.bare.push(await unblockMs(processRuntime()));
    latencies.relayed.push(await unblockMs(linked(processRuntime())));
  }
  return [
    {
      what: `links: ${MEBIBYTES} MiB through an idle relay`,
      measuredMs: median(streams.relayed),
      against: 'without one',
      againstMs: median(streams.bare),
      aim: Number.NaN,
      runs: STREAMS,
    },
    {
      what: 'links: unblock latency with idle relays, the slower of two',
      measuredMs: median(latencies.relayed),
      against: 'on loopback, without',
      againstMs: median(latencies.bare),
      aim: 1.1,
      runs: ROLLS,
    },
  ];
}

async function streamMs(isRelayed: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  const network = await PrivateNetwork.make({
    run: `bench-${process.pid}`,
    members: ['node01', 'node02'],
    port: PORT,
    folder,
    linked: isRelayed,
    env: { PATH: process.env.PATH ?? '' },
    lost: (error) => {
      throw error;
    },
  });
  const [host = ''] = network.addressOf('node02').split(':');
  const within = (member: string, program: string): [string, string[]] => {
    const [file = '', ...args] = network.within(member);
    return [file, [...args, process.execPath, '--eval', program, host]];
  };
  const sink = execa(...within('node02', SINK), { buffer: false, reject: false });
  try {
    await once(sink.stdout, 'data');
    const { stdout } = await execa(...within('node01', SOURCE));
    return Number(stdout);
  } finally {
    sink.kill('SIGKILL');
    await sink;
    await network.close();
    rmSync(folder, { recursive: true });
  }
}

function linked(runtime: Runtime): Runtime {
  return { ...runtime, open: (options) => runtime.open({ ...options, linked: true }) };
}

async function unblockMs(runtime: Runtime): Promise<number> {
  const { verdict } = await withRunsFolder((runs) =>
    roll(planOf({ from: 'v1', to: 'v2' }), { runtime, runs, signal: new AbortController().signal }),
  );
  return Math.max(...verdict.members.slice(0, -1).map((member) => member.unblockLatencyMs ?? 0));
}
