import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { execa } from 'execa';
import { cellRoller } from '../harness/cli/roll-cell.ts';
import { paths } from '../harness/host/paths.ts';
import { EnvironmentError } from '../harness/input/errors.ts';
import { isPossible } from '../harness/matrix/cells.ts';
import type { Attempt, Results } from '../harness/matrix/results.ts';
import { rollMatrix } from '../harness/matrix/roll-matrix.ts';
import type { documentOf } from '../harness/matrix/state.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { readRun } from '../harness/store/run-folder.ts';
import { describeDouble } from './support/described.ts';
import { cells } from './support/results.ts';

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');

describe('a matrix on processes', function () {
  this.timeout(240_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const rig = (...args: string[]) =>
    execa(process.execPath, [MAIN, ...args], { cwd: folder, reject: false, env: { NO_COLOR: '1' } });
  const latest = (): string => join(folder, 'runs', 'latest-matrix');
  const saved = (): Results => JSON.parse(readFileSync(join(latest(), 'matrix.json'), 'utf8')) as Results;

  it('shows what holds and what does not, and leaves its results, its reports and its rolls', async () => {
    const args = ['--pairs', 'v1-v2,v2-v3', '--order', 'forward', '--strategy', 'split,combined', '--wait', '1s'];
    const { exitCode, stdout, stderr } = await rig('matrix', ...args, '--json', '--jobs', '2');
    expect(exitCode, stderr).to.equal(1);
    const results = JSON.parse(stdout) as ReturnType<typeof documentOf>;
    expect(results).to.deep.equal(saved());
    expect(Object.fromEntries(results.cells.map(({ id, state }) => [id, state]))).to.deep.equal({
      'v1-v2/123/split/latched/sqlite/3': 'holds',
      'v2-v3/123/split/latched/sqlite/3': 'holds',
      'v1-v2/123/combined/latched/sqlite/3': 'broken',
      'v2-v3/123/combined/latched/sqlite/3': 'holds',
    });
    const broken = results.attempts.find((attempt) => attempt.outcome === 'judged' && attempt.verdict === 'broken');
    if (broken?.outcome !== 'judged') throw new Error('one roll is broken');
    expect(broken.failing.map(({ name }) => name)).to.deep.equal(['woken']);
    const { plan } = readRun(join(latest(), broken.folder));
    expect(plan.daemon.model?.strategy).to.equal('combined');
    const page = readFileSync(join(latest(), broken.folder, 'report.html'), 'utf8');
    const back = /<a href="([^"]*)">The matrix/.exec(page)?.[1];
    expect(realpathSync(join(latest(), broken.folder, back!))).to.equal(realpathSync(join(latest(), 'report.html')));
    // What the page and the report tell to type makes the same plan.
    const again = 'roll --from v1 --to v2 --order 1,2,3 --runtime process --strategy combined --wait 1s';
    expect(page).to.contain(`${again}</code>`);
    expect(readFileSync(join(latest(), 'report.txt'), 'utf8')).to.contain(`${again}\n`);
    const made = JSON.parse((await rig('plan', ...again.split(' ').slice(1), '--json')).stdout) as Plan;
    expect({ ...made, name: plan.name }).to.deep.equal(plan);
    for (const [command, says] of [
      [
        'judge',
        /^BROKEN {2}v1-v2\/123\/combined\/latched\/sqlite\/3: .*\n3 of 4 rolls hold; each is judged as it was$/,
      ],
      ['conform', /^4 of 4 rolls conform$/],
    ] as const) {
      expect((await rig(command, 'runs/latest-matrix')).stdout).to.match(says);
    }
    expect(readdirSync(latest()).sort()).to.deep.equal([
      'attempts.ndjson',
      'matrix.json',
      'report.html',
      'report.md',
      'report.txt',
      'results.xml',
      'rolls',
    ]);
    expect(readFileSync(join(latest(), 'results.xml'), 'utf8')).to.contain('until a timer fired');
    expect(existsSync(join(folder, 'runs', 'latest')), 'a roll of a matrix is not the latest run').to.equal(false);
  });

  it('says what is known when it is interrupted, and goes on from there without rolling anything again', async () => {
    const args = ['matrix', '--pairs', 'v2-v3', '--order', '1,2,3', '--order', '3,2,1', '--repeat', '2', '--jobs', '1'];
    const child = execa(process.execPath, [MAIN, ...args], { cwd: folder, reject: false, env: { NO_COLOR: '1' } });
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.includes('1 of 4 done')) break;
    }
    child.kill('SIGINT');
    const { exitCode, stdout } = await child;
    expect(exitCode).to.equal(130);
    expect(stdout)
      .to.contain('1 of 2 cells hold; 1 has not been rolled')
      .and.to.match(/^go on with: node \S+main\.ts matrix --resume runs\/\S+$/m);
    const [first] = saved().attempts;
    expect(saved().attempts).to.have.length(1);
    // A rig that is killed while it writes leaves half a line.
    appendFileSync(join(latest(), 'attempts.ndjson'), '{"cell":"v2-v');
    expect((await rig('matrix', '--resume', 'runs/latest-matrix', '--pairs', 'v1-v2')).exitCode).to.equal(2);
    const [, file, ...rest] = /go on with: (.*)/.exec(stdout)![1]!.split(' ');
    const resumed = await execa(process.execPath, [file!, ...rest], { cwd: folder, reject: false });
    expect(resumed.exitCode, resumed.stderr).to.equal(0);
    const rolled = saved().attempts.map(({ cell, repeat }) => `${cell} ${repeat}`);
    expect(rolled).to.have.length(4);
    expect(new Set(rolled).size).to.equal(4);
    expect(saved().attempts[0]).to.deep.equal(first);
  });

  it('ends at the first failure if it has to be fast, and merging names what was not rolled', async () => {
    const shared = ['--pairs', 'v1-v2', '--order', 'forward', '--strategy', 'combined,split', '--wait', '1s'];
    const { exitCode, stdout } = await rig('matrix', ...shared, '--fail-fast', '--jobs', '1');
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain('0 of 2 cells hold; 1 does not, 1 has not been rolled.');
    const one = saved();
    const share = await rig('matrix', ...shared, '--shard', '2/2', '--durations', latest());
    expect(share.stdout).to.contain('1 of 1 cell holds (share 2/2).');
    expect(saved(), 'a share is not the latest matrix').to.deep.equal(one);
    const folders = readdirSync(join(folder, 'runs'))
      .filter((name) => name !== 'latest-matrix')
      .map((name) => `runs/${name}`);
    const merged = await rig('merge', ...folders, 'runs/latest-matrix');
    expect(merged.exitCode).to.equal(1);
    expect(merged.stdout).to.contain('1 of 2 cells hold; 1 does not.');
    for (const attempt of saved().attempts) {
      if (attempt.outcome === 'judged')
        expect(existsSync(join(latest(), attempt.folder, 'trace.ndjson'))).to.equal(true);
    }
  });

  it('rolls a described daemon several times at once, and none hears what the others are told', async () => {
    const args = ['matrix', '--daemon', describeDouble(folder, []), '--runtime', 'process', '--order', 'forward'];
    const { exitCode, stdout } = await rig(...args, '--repeat', '3', '--jobs', '3');
    expect(exitCode, stdout).to.equal(0);
    expect(saved().attempts.map((attempt) => attempt.outcome === 'judged' && attempt.verdict)).to.deep.equal(
      Array.from({ length: 3 }, () => 'holds'),
    );
  });

  it('goes on with the others where the environment fails one roll', async () => {
    const runtime = processRuntime();
    let opened = 0;
    const breaksOnce: typeof runtime.open = (options) => {
      opened += 1;
      return opened === 1 ? Promise.reject(new EnvironmentError('no port is free')) : runtime.open(options);
    };
    const attempts: Array<Attempt | null> = [];
    const tasks = cells({ pairs: ['v2-v3'], orders: ['forward', 'reverse'] })
      .filter(isPossible)
      .map((cell) => ({ cell, repeat: 1 }));
    await rollMatrix(tasks, {
      rollOne: cellRoller({
        again: new Map(),
        runtime: { ...runtime, open: breaksOnce },
        folder,
        rolls: join(folder, 'rolls'),
        alone: true,
        hurry: new AbortController().signal,
      }),
      jobs: 1,
      failFast: false,
      signal: new AbortController().signal,
      watcher: { began: () => undefined, ended: (_task, attempt) => attempts.push(attempt) },
    });
    expect(attempts.map((attempt) => attempt?.outcome)).to.deep.equal(['no-verdict', 'judged']);
    expect(attempts[0]).to.include({ because: 'no port is free', alone: true });
  });

  it('prints the jobs of a GitHub Actions matrix, whose shares together are the whole, and rolls nothing', async () => {
    const { stdout } = await rig('matrix', '--format', 'github', '--shards', '3');
    expect(JSON.parse(stdout)).to.deep.equal({ include: [{ shard: '1/3' }, { shard: '2/3' }, { shard: '3/3' }] });
    expect(stdout.trim(), 'an output of a job is one line').to.not.contain('\n');
    expect(existsSync(join(folder, 'runs'))).to.equal(false);
  });

  it('exits with 2 where the input is bad', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'pairs: [v1-v2]\nwait: soon\nstrategies:\n  - split\n  - hope\n');
    for (const [args, complaint] of [
      [['matrix', '--jobs', 'all'], '--jobs all: must be a whole number'],
      [['matrix', '--shard', '3'], '--shard 3: must be a share'],
      [['matrix', '--resume', 'nowhere'], 'nowhere: no matrix was left here'],
      [['matrix', '--exclude', 'pair=v9-v9'], 'error: --exclude pair=v9-v9: no cell of the matrix'],
      [['matrix', 'bad.yaml'], 'bad.yaml:2: wait: must be a duration'],
      [['matrix', 'bad.yaml'], 'bad.yaml:5: strategies.1: must be one of'],
      [['matrix', 'nowhere.yaml'], 'nowhere.yaml: there is no such matrix'],
      [['matrix', '--format', 'gitlab'], 'Allowed choices are github'],
      [['merge', 'nowhere'], 'nowhere: no matrix was left here'],
    ] as const) {
      const { exitCode, stderr } = await rig(...args);
      expect(exitCode, stderr).to.equal(2);
      expect(stderr).to.contain(complaint);
    }
    expect(existsSync(join(folder, 'runs'))).to.equal(false);
  });
});
