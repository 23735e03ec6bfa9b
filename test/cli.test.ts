import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { paths } from '../harness/host/paths.ts';
import type { Verdict } from '../harness/judge/judge.ts';
import { leftoversOf, RigCommand } from './support/command.ts';
import { requireRuntime } from './support/rig.ts';

/** A roll that never ends by itself. */
const STANDING = ['roll', '--no-split-notification', '--wait', '600s', '--runtime'];
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
    writeFileSync(join(folder, 'lead.yaml'), 'faults:\n  - { fault: leader-moves, member: node01 }\n');
    for (const [args, complaint] of [
      [['roll', 'bad.yaml'], 'error: bad.yaml:2: strategy: must be one of'],
      [['roll', '--to', 'v9'], 'error: --to v9: there is no version v9'],
      [['roll', '--frm', 'v1'], "unknown option '--frm'"],
      [['diff', '--toggle', 'luck'], '--toggle luck: give split-notification'],
      [['roll', 'lead.yaml'], 'error: lead.yaml:2: fault f1 (make node01 the leader'],
      [['judge', 'nowhere'], 'nowhere: there is no such run'],
      [['judge', '.'], '.: it is no folder of a run'],
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
    for (const command of [['roll'], ['diff'], ['lost-notice'], ['lost-notice', '--by-itself']]) {
      const args = [MAIN, ...command, '--runtime', 'container'];
      const { exitCode, stderr } = await execa(process.execPath, args, { cwd: folder, env, reject: false });
      expect(exitCode, stderr).to.equal(3);
      expect(stderr).to.contain('no Docker engine answers').and.not.to.contain('    at ');
    }
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
    const rolled = new RigCommand(folder, [...STANDING, 'process']);
    await rolled.prints('join');
    rolled.closePipe();
    expect((await rolled.ended()).code).to.equal(130);
    expect(await leftoversOf([rolled.pid])).to.deep.equal([]);
  });

  it('never ends with the code of a verdict where its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const { status } = spawnSync(process.execPath, [MAIN, 'versions'], { stdio: ['ignore', full, 'ignore'] });
    closeSync(full);
    expect(status).to.equal(3);
  });

  for (const runtime of ['process', 'container'] as const) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
      it(`leaves nothing behind in a ${runtime} after ${signal}, at the latest after the next clean-up`, async function () {
        await requireRuntime(this, runtime);
        const rolled = new RigCommand(folder, [...STANDING, runtime]);
        await rolled.prints('node03 waits at the API gate');
        rolled.signal(signal);
        const { code } = await rolled.ended();
        if (signal === 'SIGKILL') await rig('doctor', '--clean');
        else expect(code).to.equal(130);
        expect(await leftoversOf([rolled.pid])).to.deep.equal([]);
      });
    }
  }
});
