/** The rig survives its machine: a full disk, an engine that hangs, a port that is taken, a place that is lost. */
import { execFileSync, fork } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { type Rolled, type RollOptions, roll } from '../harness/cli/roll-plan.ts';
import { HeldPort } from '../harness/host/ports.ts';
import { EnvironmentError } from '../harness/input/errors.ts';
import type { Scenario } from '../harness/input/scenario.ts';
import type { Verdict } from '../harness/judge/judge.ts';
import { markedProcesses, markOf } from '../harness/runtime/leftovers.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { pointTo, readRun } from '../harness/store/run-folder.ts';
import { isRigEvent, type Observer, rigEvents } from '../harness/trace/trace.ts';
import { RigCommand, runRig } from './support/command.ts';
import { EngineProxy } from './support/engine-proxy.ts';
import { requireRuntime } from './support/rig.ts';
import { planOf } from './support/versions.ts';

const ROLL = ['roll', '--from', 'v2', '--to', 'v3', '--runtime', 'process', '--json'];
/** A roll that never ends by itself. */
const STANDING = ['roll', '--no-split-notification', '--wait', '600s', '--runtime'];
const PARKED = 'node03 waits at the API gate';

let folder: string;
const mounts: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
});
afterEach(() => {
  for (const mount of mounts.splice(0)) execFileSync('umount', [mount]);
  rmSync(folder, { recursive: true });
});

/** Skips the test where this user may not mount. */
function mount(test: Mocha.Context, at: string, options: string): void {
  mkdirSync(at, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at], { stdio: 'ignore' });
  } catch {
    test.skip();
  }
  mounts.push(at);
}

/** Roll within the test, on processes. */
async function rollHere(scenario: Scenario, observer: Observer, more: Partial<RollOptions> = {}): Promise<Rolled> {
  const signal = new AbortController().signal;
  const runs = join(folder, 'runs');
  return roll(planOf(scenario), { runtime: processRuntime(), runs, signal, observer, ...more });
}

describe('a folder of runs that cannot take what a roll leaves', function () {
  this.timeout(120_000);

  for (const [when, size] of [
    ['in the middle', '40k'],
    ['at the end', '256k'],
  ] as const) {
    it(`fills up ${when}: the verdict is told, and one sentence says what is missing`, async function () {
      mount(this, join(folder, 'runs'), `size=${size}`);
      const { code, stdout, stderr } = await runRig(folder, ROLL);
      expect((JSON.parse(stdout) as Verdict).outcome, stderr).to.equal('holds');
      expect(errorsOf(stderr)).to.have.length(1);
      expect(errorsOf(stderr)[0]).to.match(/is not whole: ENOSPC/);
      expect(code).to.equal(3);
      const run = join(folder, 'runs', 'latest');
      // What was written can be read.
      if (when === 'at the end') expect(readRun(run).trace.at(-1)).to.include({ rig: 'ended' });
    });
  }

  for (const [what, spoil] of [
    ['a file', () => writeFileSync(join(folder, 'runs'), '')],
    ['a link that points nowhere', () => symlinkSync(join(folder, 'nowhere'), join(folder, 'runs'))],
    ['read-only', (test: Mocha.Context) => mount(test, join(folder, 'runs'), 'ro')],
  ] as const) {
    it(`is ${what}: exit 3, and one sentence that says so`, async function () {
      spoil(this);
      const { code, stdout, stderr } = await runRig(folder, ROLL);
      expect([code, stdout]).to.deep.equal([3, '']);
      expect(errorsOf(stderr)).to.have.length(1);
      expect(errorsOf(stderr)[0]).to.match(/cannot make a folder for what the roll leaves: \w+/);
    });
  }

  it("has somebody's file where `latest` is: it stays, and the verdict is told", async () => {
    mkdirSync(join(folder, 'runs'));
    writeFileSync(join(folder, 'runs', 'latest'), 'precious');
    const { code, stdout, stderr } = await runRig(folder, ROLL);
    expect((JSON.parse(stdout) as Verdict).outcome).to.equal('holds');
    expect(readFileSync(join(folder, 'runs', 'latest'), 'utf8')).to.equal('precious');
    expect(errorsOf(stderr)[0]).to.contain('latest is no link of ours');
    expect(code).to.equal(3);
  });

  it('says so where the folder of temporary files is not there', async () => {
    const { code, stderr } = await runRig(folder, ROLL, { TMPDIR: join(folder, 'nowhere') });
    expect(code).to.equal(3);
    expect(errorsOf(stderr)[0]).to.contain('set TMPDIR to one that is there');
  });

  it('has a `latest` at every moment, whatever rigs make it point elsewhere', async () => {
    for (const name of ['one', 'other']) mkdirSync(join(folder, name));
    pointTo(join(folder, 'one'), 'latest');
    const mover = fork(join(import.meta.dirname, 'support', 'move-latest.ts'), [folder]);
    let ended = false;
    mover.once('exit', () => {
      ended = true;
    });
    let looks = 0;
    for (; !ended; await setImmediate()) {
      expect(lstatSync(join(folder, 'latest')).isSymbolicLink()).to.equal(true);
      looks += 1;
    }
    expect(mover.exitCode).to.equal(0);
    expect(looks).to.be.greaterThan(10);
    expect(readdirSync(folder).sort()).to.deep.equal(['latest', 'one', 'other']);
  });
});

describe('an engine that goes in the middle of a roll', function () {
  this.timeout(180_000);
  beforeEach(async function () {
    await requireRuntime(this, 'container');
    if (!existsSync('/var/run/docker.sock')) this.skip();
  });

  for (const how of ['close', 'freeze'] as const) {
    it(`(${how}) is noticed within a bound, and what was collected is judged as far as it goes`, async () => {
      const proxy = new EngineProxy(join(folder, 'docker.sock'));
      await proxy.open();
      const rig = new RigCommand(folder, [...STANDING, 'container'], { DOCKER_HOST: `unix://${proxy.path}` });
      try {
        await rig.prints(PARKED);
        proxy[how]();
        const { code, stdout, stderr } = await rig.ended();
        expect(code, stderr).to.equal(3);
        expect(errorsOf(stderr)).to.have.length(1);
        expect(errorsOf(stderr)[0]).to.match(/the Docker engine is gone \(.*\): start it again/);
        expect(stdout)
          .to.contain('The verdict is unknown.')
          .and.to.contain('each of 3 schema updates was applied once');
      } finally {
        proxy.close();
        const next = await runRig(folder, ['doctor', '--clean']);
        expect(next.stdout).to.match(/removed container/);
      }
    });
  }
});

describe('a place that members lose in the middle of a roll', function () {
  this.timeout(90_000);

  it('is a fault of the environment where another program takes a port', async () => {
    let thief: Server | null = null;
    let port = 0;
    const rolled = await rollHere({ from: 'v2', to: 'v3' }, (event) => {
      if (!isRigEvent(event) && event.event === 'listening' && event.member === 'node02')
        port = Number(event.address.split(':').at(-1));
      if (isRigEvent(event) && event.rig === 'gone' && event.member === 'node02')
        thief ??= createServer().listen(port, '127.0.0.1');
    });
    thief!.close();
    expect(rolled.fault).to.be.instanceOf(EnvironmentError);
    expect(rolled.fault!.message).to.match(/another program listens at 127\.0\.0\.1:\d+, where node02 was to/);
    expect(rolled.verdict.outcome).to.equal('unknown');
  });

  for (const [what, spoil] of [
    ['removed', (site: string) => rmSync(site, { recursive: true })],
    [
      'spoilt',
      (site: string) => {
        for (const file of ['cluster.db', 'cluster.db-wal'])
          writeFileSync(join(site, 'shared', file), 'no database '.repeat(1000));
      },
    ],
  ] as const) {
    it(`comes to an end where its folder is ${what}`, async () => {
      let isDone = false;
      const rolled = await rollHere({ from: 'v3', to: 'v4', wait: 500 }, (event) => {
        if (isDone || isRigEvent(event) || event.event !== 'parked') return;
        isDone = true;
        spoil(siteOfThisTest());
      });
      expect(rolled.verdict.outcome).not.to.equal('holds');
      expect(rolled.verdict.sentence).to.match(/^None of|^\d of|^All/);
      expect(rigEvents(rolled.trace, 'ended')).to.have.length(1);
    });
  }

  it('is over as soon as nothing is to be expected where a member dies before the others are refreshed', async () => {
    const rolled = await rollHere({ from: 'v3', to: 'v4', wait: 300 }, (event) => {
      if (!isRigEvent(event) && event.event === 'started' && event.member === 'node01' && event.action === 'start')
        process.kill(event.pid, 'SIGKILL');
    });
    expect(rigEvents(rolled.trace, 'unsettled')[0]!.members).to.have.keys('node02', 'node03');
    // And not when the limit of 240 s has passed, which this test does not have.
    expect(rolled.verdict.sentence).to.contain('node01 exited');
  });
});

/** The folder of the members of the roll that this process has under way. */
function siteOfThisTest(): string {
  const { run } = markedProcesses().find(({ owner }) => owner.split('/')[1] === String(process.pid))!;
  return join(tmpdir(), readdirSync(tmpdir()).find((name) => name.startsWith(`refresh-rig-${run}-`))!);
}

describe('a member as a process', function () {
  this.timeout(30_000);
  const sites: Array<{ close(): Promise<void> }> = [];
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });

  /** A shell script as a member. */
  async function start(script: string) {
    const run = `test-${process.pid}`;
    const site = await processRuntime().open({
      run,
      members: ['node01'],
      port: 1,
      needsFolders: false,
      addresses: null,
    });
    sites.push(site);
    const lines: string[] = [];
    const program = { process: ['/bin/sh', '-c', script], container: [] };
    const artifact = {
      version: 'v1',
      layers: [],
      program,
      image: { of: 'nothing' as const },
      rights: [],
      env: { process: {}, container: {} },
    };
    const member = await site.start(site.seat('node01'), artifact, { args: [], env: {} }, (_, line) =>
      lines.push(line),
    );
    const says = async (line: string): Promise<void> => {
      while (!lines.includes(line)) await setImmediate();
    };
    return { run, site, member, lines, says };
  }

  it('is gone when it is, whoever of its children holds its output open, and so are they', async () => {
    const { run, site, member, says } = await start('sleep 600 & setsid sleep 601 & echo ready; wait');
    await says('ready');
    expect((await member.stop('SIGTERM', 20_000)).killed).to.equal(false);
    await site.close();
    expect(markedProcesses().filter((found) => found.run === run)).to.deep.equal([]);
  });

  it('is not ended by a rig beside this one, whatever that calls its roll', async () => {
    const { run, site } = await start('echo ready');
    const [mark] = Object.keys(markOf(run, 'node01'));
    const other = execa('sleep', ['600'], { env: { [mark!]: `${run} node01 another-host/1/unknown` }, reject: false });
    await site.close();
    other.kill('SIGTERM');
    expect((await other).signal, 'it was there to be told to stop').to.equal('SIGTERM');
  });

  it('has the whole of its grace to stop', async () => {
    const { site, member, says } = await start("trap 'sleep 6; exit 0' TERM; echo ready; while :; do sleep 0.1; done");
    await says('ready');
    expect(await member.stop('SIGTERM', 20_000)).to.deep.equal({ code: 0, signal: null, killed: false });
    await site.close();
  });

  it('has nothing of the environment of the rig that could be a setting of its own', async () => {
    process.env.MEMBER_STRATEGY = 'combined';
    try {
      const { member, lines } = await start('env');
      await member.exited;
      expect(lines.filter((line) => line.startsWith('PATH='))).to.have.length(1);
      expect(lines.filter((line) => line.startsWith('MEMBER_'))).to.deep.equal([]);
    } finally {
      delete process.env.MEMBER_STRATEGY;
    }
  });

  it('keeps its port while it is being refreshed: no rig beside it can draw it', async () => {
    const port = await HeldPort.draw();
    await port.vacate();
    const script = `import { HeldPort } from './harness/host/ports.ts';
      console.log((await HeldPort.hold(${port.number})) === null);`;
    const other = (): string =>
      execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' }).trim();
    expect(other()).to.equal('true');
    await port.release();
    expect(other()).to.equal('false');
  });
});

/** The errors that a command has told, a line each. */
function errorsOf(stderr: string): string[] {
  return stderr.split('\n').filter((line) => /error:|fault in refresh-rig|^ {4}at /.test(line));
}
