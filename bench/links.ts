/**
 * What an idle relay costs that stands in a link: the time of a stream of bytes through it against one without, and how late the peers
 * of the last member open, against the same roll on loopback.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Linked } from '../harness/plan/plan.ts';
import { PrivateNetwork } from '../harness/runtime/namespaces/private-network.ts';
import { lackOfLinks } from '../harness/runtime/namespaces/tools.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import type { Runtime } from '../harness/runtime/runtime.ts';
import { planOf } from '../test/support/versions.ts';
import { median, type Ratio } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
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
  const latencies = { one: [] as number[], all: [] as number[], bare: [] as number[] };
  for (let run = 0; run < ROLLS; run += 1) {
    latencies.bare.push(await unblockMs(processRuntime()));
    latencies.one.push(await unblockMs(withRelays(processRuntime(), inOneLink)));
    latencies.all.push(await unblockMs(withRelays(processRuntime(), () => true)));
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
    ...(['one', 'all'] as const).map((which) => ({
      what: `links: unblock latency with idle relays in ${which === 'one' ? 'one link' : 'all links'}, the slower of two`,
      measuredMs: median(latencies[which]),
      against: 'on loopback, without',
      againstMs: median(latencies.bare),
      aim: which === 'one' ? 1.1 : Number.NaN,
      runs: ROLLS,
    })),
  ];
}

async function streamMs(isRelayed: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  const network = await PrivateNetwork.make({
    run: `bench-${process.pid}`,
    members: ['node01', 'node02'],
    port: PORT,
    folder,
    linked: isRelayed ? () => true : null,
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

/** As where a plan has a fault of one link. */
const inOneLink: Linked = (one, other) => [one, other].sort().join() === 'node01,node02';

function withRelays(runtime: Runtime, linked: Linked): Runtime {
  return { ...runtime, open: (options) => runtime.open({ ...options, linked }) };
}

async function unblockMs(runtime: Runtime): Promise<number> {
  const { verdict } = await withRunsFolder((runs) =>
    rollThatHolds(planOf({ from: 'v1', to: 'v2' }), { runtime, runs, signal: new AbortController().signal }),
  );
  return Math.max(...verdict.members.slice(0, -1).map((member) => member.unblockLatencyMs ?? 0));
}
