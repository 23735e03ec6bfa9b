/**
 * A sequential roll of three members of unpatched Incus, against the start, stop and wait calls that it cannot avoid: the same
 * cluster is copied and started, each member is stopped, started in the other version and waited for, and all until they serve.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { PROGRAM } from '../harness/build/root-filesystem.ts';
import { plansFrom } from '../harness/cli/options.ts';
import { daemonOfPlan } from '../harness/cli/roll-plan.ts';
import type { Daemon, Seat } from '../harness/daemon/contract.ts';
import { findProgram } from '../harness/host/programs.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { namespaceRuntime } from '../harness/runtime/namespaces/namespaces.ts';
import { lackOfNamespaces } from '../harness/runtime/namespaces/tools.ts';
import type { RunningMember, Runtime, Site } from '../harness/runtime/runtime.ts';
import { median, type Ratio, timeMs } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
import { withRunsFolder } from './start.ts';

const RUNS = 5;
const AGAIN_MS = 500;
const SETTLED = /Wait for other cluster nodes to upgrade|Initialized global database/;

/** Null where members cannot have namespaces of their own, or what Debian packages cannot be had. */
export async function realRatio(): Promise<Ratio | null> {
  if ((await lackOfNamespaces()) !== null || findProgram(PROGRAM) === null) return null;
  const [plan] = plansFrom(undefined, { daemon: 'incus', runtime: 'process' });
  const runtime = namespaceRuntime();
  const daemon = daemonOfPlan(plan!);
  const clusters = mkdtempSync(join(tmpdir(), 'rig-bench-'));
  const handMs: number[] = [];
  const rollMs: number[] = [];
  try {
    await withRunsFolder(async (runs) => {
      const rolled = () =>
        rollThatHolds(plan!, { runtime, daemon, runs, clusters, signal: new AbortController().signal });
      // The first forms the cluster that all others use.
      await rolled();
      for (let run = 0; run < RUNS; run += 1) {
        handMs.push(await timeMs(() => byHand(plan!, daemon, runtime, formedIn(clusters))));
        rollMs.push(await timeMs(rolled));
      }
    });
  } finally {
    rmSync(clusters, { recursive: true });
  }
  return {
    what: 'a sequential roll of 3 members of Incus in namespaces',
    measuredMs: median(rollMs),
    against: 'the same starts, stops and waits by hand',
    againstMs: median(handMs),
    aim: 1.3,
    runs: RUNS,
  };
}

/** The folder of the cluster that is kept there. */
function formedIn(clusters: string): string {
  const found = readdirSync(clusters, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('/formed'));
  if (found === undefined) throw new Error('no cluster has been kept');
  return join(clusters, found);
}

async function byHand(plan: Plan, daemon: Daemon, runtime: Runtime, formed: string): Promise<void> {
  const { members } = plan;
  const where = { run: `bench-${process.pid}`, members, port: daemon.port, needsFolders: true, addresses: null };
  const site = await runtime.open(where);
  const hand = new Hand(plan, daemon, site, await daemon.build(Object.keys(plan.versions)));
  try {
    await Promise.all(
      members.map((member) => execa('cp', ['-a', `${join(formed, member)}/.`, site.seat(member).ours!.stateFolder])),
    );
    await Promise.all(members.map((member) => hand.start(member, plan.from)));
    await Promise.all(members.map((member) => hand.serves(member)));
    for (const member of plan.order) {
      await hand.stop(member);
      await hand.start(member, plan.to);
    }
    await Promise.all(members.map((member) => hand.serves(member)));
    await Promise.all(members.map((member) => hand.kill(member)));
  } finally {
    await site.close();
  }
}

class Hand {
  readonly #plan: Plan;
  readonly #daemon: Daemon;
  readonly #site: Site;
  readonly #artifacts: Awaited<ReturnType<Daemon['build']>>;
  readonly #running = new Map<string, RunningMember>();

  constructor(plan: Plan, daemon: Daemon, site: Site, artifacts: Awaited<ReturnType<Daemon['build']>>) {
    this.#plan = plan;
    this.#daemon = daemon;
    this.#site = site;
    this.#artifacts = artifacts;
  }

  /** Resolves when it waits or opens. One that goes by itself is started again, as its supervisor would. */
  async start(member: string, version: string): Promise<void> {
    const seat = this.#site.seat(member);
    const launch = { action: 'start', seat, version, seats: [seat], through: null, failpoints: [] } as const;
    const { promise, resolve } = Promise.withResolvers<void>();
    const command = await this.#daemon.command(this.#plan, launch);
    const running = await this.#site.start(seat, this.#artifacts.get(version)!, command, (_, line) => {
      if (SETTLED.test(line)) resolve();
    });
    this.#running.set(member, running);
    void running.exited.then(async () => {
      resolve();
      if (this.#running.get(member) !== running) return;
      await sleep(AGAIN_MS);
      await this.start(member, version);
    });
    await promise;
  }

  async serves(member: string): Promise<void> {
    while (!(await isReady(this.#site.seat(member)))) await sleep(20);
  }

  async stop(member: string): Promise<void> {
    await this.#let(member)?.stop('SIGTERM', 20_000);
  }

  async kill(member: string): Promise<void> {
    await this.#let(member)?.kill();
  }

  #let(member: string): RunningMember | undefined {
    const running = this.#running.get(member);
    this.#running.delete(member);
    return running;
  }
}

function isReady({ ours }: Seat): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: join(ours!.stateFolder, 'unix.socket'), path: '/internal/ready' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.setTimeout(2000, () => asked.destroy(new Error('too late'))).end();
  });
}
