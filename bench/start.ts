/** A member's start, from the spawning of its process to its word that it listens, against the start of bare Node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ourDaemon } from '../harness/daemon/ours/daemon.ts';
import type { Versions } from '../harness/input/versions.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import type { Action, EventName } from '../node/events.ts';
import { planOf } from '../test/support/versions.ts';
import { median, type Ratio, timeMs } from './figures.ts';

const RUNS = 15;

export async function startRatio(versions: Versions): Promise<Ratio> {
  const plan = planOf({ members: 1, from: 'v5', to: 'v6' });
  const kind = ourDaemon(versions);
  const artifact = (await kind.build(['v5'])).get('v5')!;
  const site = await processRuntime().open({
    run: 'bench',
    members: ['node01'],
    port: kind.port,
    needsFolders: false,
    addresses: null,
  });
  const seat = site.seat('node01');
  const untilSaid = async (action: Action, event: EventName): Promise<number> => {
    let member: Awaited<ReturnType<typeof site.start>> | undefined;
    const launch = { action, seat, version: 'v5', seats: [seat], through: null, failpoints: [] };
    const command = await kind.command(plan, launch);
    const tookMs = await timeMs(
      () =>
        new Promise<void>((resolve) => {
          const attendance = kind.attend(plan, launch, {
            event: (told) => (told.event === event ? resolve() : undefined),
            remark: () => undefined,
            missed: () => undefined,
            contradiction: () => undefined,
          });
          void site.start(seat, artifact, command, attendance.line).then((started) => {
            member = started;
          });
        }),
    );
    await member?.stop('SIGTERM', 2000);
    return tookMs;
  };
  const bareMs: number[] = [];
  const memberMs: number[] = [];
  try {
    await untilSaid('bootstrap', 'open');
    for (let run = 0; run < RUNS; run += 1) {
      bareMs.push(await timeMs(() => execa(process.execPath, ['--eval', '0'])));
      memberMs.push(await untilSaid('start', 'listening'));
    }
  } finally {
    await site.close();
  }
  return {
    what: 'member: process start → listening',
    measuredMs: median(memberMs),
    against: 'bare Node: process start → end',
    againstMs: median(bareMs),
    aim: 2,
    runs: RUNS,
  };
}

/** A folder for runs that nobody wants to keep. */
export async function withRunsFolder<Result>(work: (runs: string) => Promise<Result>): Promise<Result> {
  const runs = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  try {
    return await work(runs);
  } finally {
    rmSync(runs, { recursive: true });
  }
}
