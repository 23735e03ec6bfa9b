import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { execa } from 'execa';
import { engineClient } from '../harness/host/engine.ts';
import { LABELS } from '../harness/host/labels.ts';
import { paths } from '../harness/host/paths.ts';
import type { Verdict } from '../harness/judge/judge.ts';
import type { RuntimeName } from '../harness/plan/plan.ts';
import { requireRuntime } from './support/rig.ts';

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');

describe('the command refresh-rig', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const rig = (...args: string[]) =>
    execa(process.execPath, [MAIN, ...args], { cwd: folder, reject: false, env: { NO_COLOR: '1' } });

  it('exits with 0 and leaves a run where the verdict holds, which can be judged again', async () => {
    const rolled = await rig('roll', '--from', 'v2', '--to', 'v3', '--runtime', 'process', '--json');
    expect(rolled.exitCode, rolled.stderr).to.equal(0);
    const verdict = JSON.parse(rolled.stdout) as Verdict;
    expect(verdict.outcome).to.equal('holds');
    const latest = join(folder, 'runs', 'latest');
    const files = [
      'node01.log',
      'node02.log',
      'node03.log',
      'plan.json',
      'report.html',
      'report.txt',
      'trace.ndjson',
      'verdict.json',
    ];
    expect(readdirSync(latest).sort()).to.deep.equal(files);
    const again = await rig('judge', '--json');
    expect(again.exitCode).to.equal(0);
    expect(JSON.parse(again.stdout)).to.deep.equal(verdict);
    expect(JSON.parse(readFileSync(join(latest, 'verdict.json'), 'utf8'))).to.deep.equal(verdict);
  });

  it('exits with 1 where the verdict does not hold', async () => {
    const rolled = await rig('roll', '--no-split-notification', '--wait', '1s', '--runtime', 'process');
    expect(rolled.exitCode).to.equal(1);
    expect(rolled.stdout)
      .to.contain('The verdict does not hold.')
      .and.to.contain('That is a cycle: node01 → node03 → node01.');
  });

  it('exits with 2, in one clear error and with nothing left behind, where the input is bad', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'from: v1\nstrategy: hope\n');
    for (const [args, complaint] of [
      [['roll', 'bad.yaml'], 'error: bad.yaml:2: strategy: must be one of'],
      [['roll', '--to', 'v9'], 'error: there is no version v9'],
      [['roll', '--frm', 'v1'], "unknown option '--frm'"],
      [['diff', '--toggle', 'luck'], '--toggle luck: give split-notification'],
      [['judge', 'nowhere'], 'nowhere: there is no such run'],
      [['versions', 'v1'], 'versions v1: give a second version'],
      [['dance'], "unknown command 'dance'"],
    ] as const) {
      const { exitCode, stderr, stdout } = await rig(...args);
      expect(exitCode, stderr).to.equal(2);
      expect(stderr).to.contain(complaint);
      expect(stdout).to.equal('');
    }
    expect(existsSync(join(folder, 'runs'))).to.equal(false);
  });

  it('exits with 3 where the environment fails', async () => {
    const env = { DOCKER_HOST: 'tcp://127.0.0.1:9', TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' };
    const args = [MAIN, 'roll', '--runtime', 'container'];
    const { exitCode, stderr } = await execa(process.execPath, args, { cwd: folder, env, reject: false });
    expect(exitCode, stderr).to.equal(3);
    expect(stderr).to.contain('no Docker engine answers');
  });

  it('prints a plan with the gates that each step will meet, and runs nothing', async () => {
    const { stdout } = await rig('plan', '--strategy', 'combined');
    expect(stdout).to.contain('5. refresh node03 v1 → v2');
    expect(stdout).to.contain('node03 passes the schema gate and applies the schema (internal 2, external 1)');
    expect(stdout).to.contain('the timer of node01 wakes it at the schema gate');
    expect(existsSync(join(folder, 'runs'))).to.equal(false);
  });

  it('compares two rolls and holds if the second does', async () => {
    const { exitCode, stdout } = await rig('diff', '--wait', '1s', '--runtime', 'process', '--json');
    const [off, on] = JSON.parse(stdout) as Array<{ label: string; verdict: Verdict }>;
    expect([off!.verdict.outcome, on!.verdict.outcome]).to.deep.equal(['broken', 'holds']);
    expect([off!.label, on!.label]).to.deep.equal(['split notification off', 'split notification on']);
    expect(exitCode).to.equal(0);
  });

  it('stops and cleans up when nobody reads its output any more', async () => {
    const args = [MAIN, 'roll', '--no-split-notification', '--wait', '600s', '--runtime', 'process'];
    const child = execa(process.execPath, args, { cwd: folder, reject: false, buffer: false });
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('join')) break;
    child.stdout.destroy();
    expect((await child).exitCode).to.equal(130);
    expect(await leftovers('process')).to.deep.equal([]);
  });

  for (const runtime of ['process', 'container'] as const) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      it(`leaves nothing behind in a ${runtime} after ${signal}, at the latest after the next clean-up`, async function () {
        await requireRuntime(this, runtime);
        const args = ['roll', '--no-split-notification', '--wait', '600s', '--runtime', runtime];
        const child = execa(process.execPath, [MAIN, ...args], { cwd: folder, reject: false, buffer: false });
        await untilParked(child.stdout);
        child.kill(signal);
        const { exitCode } = await child;
        if (signal === 'SIGKILL') await rig('doctor', '--clean');
        else expect(exitCode).to.equal(130);
        expect(await leftovers(runtime)).to.deep.equal([]);
      });
    }
  }
});

/** Resolves when all members are parked. */
async function untilParked(stdout: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: stdout })) {
    if (line.includes('node03 waits at the API gate')) return;
  }
  throw new Error('the roll ended before its members were parked');
}

async function leftovers(runtime: RuntimeName): Promise<string[]> {
  return runtime === 'process' ? processLeftovers() : containerLeftovers();
}

async function processLeftovers(): Promise<string[]> {
  // A tethered member notices by itself that its rig is gone; give it the time to go.
  for (let tries = 0; tries < 100; tries += 1) {
    const found = [...memberProcesses(), ...readdirSync(tmpdir()).filter((name) => name.startsWith('refresh-rig-'))];
    if (found.length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [...memberProcesses(), ...readdirSync(tmpdir()).filter((name) => name.startsWith('refresh-rig-'))];
}

function memberProcesses(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('member.cjs');
    } catch {
      return false;
    }
  });
}

async function containerLeftovers(): Promise<string[]> {
  const { dockerode } = (await engineClient()).container;
  const filters = { label: [LABELS.owner] };
  const containers = await dockerode.listContainers({ all: true, filters });
  const networks = await dockerode.listNetworks({ filters });
  const { Volumes: volumes } = await dockerode.listVolumes({ filters });
  return [
    ...containers.map(({ Id }) => Id),
    ...networks.map(({ Name }) => Name),
    ...(volumes ?? []).map(({ Name }) => Name),
  ];
}
