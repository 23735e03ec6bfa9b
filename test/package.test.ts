import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { transform } from 'esbuild';
import { execa } from 'execa';
import { digestOfFiles, filesBelow } from '../harness/host/digest.ts';
import { paths } from '../harness/host/paths.ts';
import { type Installed, installPackage, runInstalled } from './support/package.ts';

const START = join(paths.root, 'bin', 'refresh-rig.cjs');
const MOST_BYTES = 1_000_000;

describe('the package', function () {
  this.timeout(120_000);
  let installed: Installed;
  before(async () => {
    installed = await installPackage();
  });
  after(() => rmSync(installed.folder, { recursive: true, force: true }));

  const run = (...args: string[]) => runInstalled(installed, args);

  it('holds what is needed to run and to build on, compiled, and nothing else', () => {
    const { files, bytes } = installed;
    expect(files).to.include.members(['bin/refresh-rig.cjs', 'dist/main.js', 'dist/main.js.map', 'dist/member.cjs']);
    expect(files).to.include.members([
      'dist/THIRD-PARTY.txt',
      'dist/types/harness/index.d.ts',
      'versions/incus/daemon.yaml',
    ]);
    const folders = new Set(files.map((file) => (file.includes('/') ? file.split('/')[0]! : file)));
    expect([...folders].sort()).to.deep.equal(
      [
        ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
        ...['bin', 'dist', 'docs', 'fixtures', 'schemas', 'versions'],
      ].sort(),
    );
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).to.deep.equal([]);
    expect(bytes).to.be.lessThan(MOST_BYTES);
    const { name, private: isPrivate } = JSON.parse(readFileSync(join(installed.package, 'package.json'), 'utf8'));
    expect([name, isPrivate]).to.deep.equal(['refresh-rig', undefined]);
  });

  it('rolls, rolls a matrix, reports and checks a description in the folder of a stranger, and writes nothing into itself', async () => {
    const own = () => digestOfFiles(installed.package, filesBelow(installed.package));
    const before = own();
    const rolled = await run('roll', '--runtime', 'process');
    expect(rolled.exitCode, rolled.stdout + rolled.stderr).to.equal(0);
    expect(rolled.stdout).to.contain('The verdict holds');
    for (const name of ['double.mjs', 'double.yaml'])
      cpSync(join(paths.root, 'test', 'support', name), join(installed.folder, name));
    const commands = [
      ['matrix', '--pairs', 'v1-v2', '--order', 'forward', '--runtime', 'process'],
      ['report', 'runs/latest', '--otlp', 'spans.json', '--trace', 'trace.json'],
      ['daemon', 'check', 'double.yaml', '--runtime', 'process'],
      ['judge', 'runs/latest-matrix'],
      ['conform', 'runs/latest-matrix'],
      ['explore', '--from', 'v1', '--to', 'v2', '--strategy', 'split', '--wakeups', 'latched'],
    ];
    for (const command of commands) {
      const { exitCode, stdout, stderr } = await run(...command);
      expect(exitCode, `${command.join(' ')}: ${stdout}${stderr}`).to.equal(0);
    }
    const page = readFileSync(join(installed.folder, 'runs', 'latest', 'report.html'), 'utf8');
    expect(page).to.contain('<svg').and.to.contain('data-part="detail"');
    expect(readdirSync(join(installed.folder, 'cache', 'refresh-rig'))).to.include('member');
    expect(own()).to.equal(before);
  });

  it('begins in a repository with schemas that an editor finds beside the package, and what explains them', async () => {
    const { exitCode, stderr } = await run('init', '--old', './old', '--new', './new', '--open', 'serving');
    expect(exitCode, stderr).to.equal(0);
    for (const name of ['daemon.yaml', 'scenario.yaml']) {
      const file = join(installed.folder, 'rolling-upgrade', name);
      const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
      expect(JSON.parse(readFileSync(join(file, '..', schema!), 'utf8'))).to.include.keys('properties');
    }
    const description = readFileSync(join(installed.folder, 'rolling-upgrade', 'daemon.yaml'), 'utf8');
    const explained = /\S+describe-a-daemon\.md/.exec(description)![0];
    expect(readFileSync(join(installed.folder, explained), 'utf8')).to.match(/^# From a daemon of your own/);
  });

  it('says where to keep what it builds, where it cannot', async () => {
    const cache = join(installed.folder, 'no-folder');
    writeFileSync(cache, '');
    const { exitCode, stderr } = await execa(
      process.execPath,
      [join(installed.package, 'bin/refresh-rig.cjs'), 'roll', '--runtime', 'process'],
      {
        cwd: installed.folder,
        env: { XDG_CACHE_HOME: cache, NO_COLOR: '1' },
        reject: false,
      },
    );
    expect(stderr).to.match(
      /^error: cannot keep what is built: .*: set XDG_CACHE_HOME to a folder that can be written$/m,
    );
    expect(exitCode).to.equal(3);
  });

  it('offers plans, traces and verdicts to whoever builds on them, with their types', async () => {
    const folder = join(installed.folder, 'builder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'use.ts'), BUILDER);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', ''];
    await execa('tsc', [...options, 'use.ts'], { cwd: folder, preferLocal: true, localDir: paths.root });
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, (await run('plan', '--json')).stdout);
    const { stdout } = await execa(process.execPath, ['use.ts', plan], { cwd: folder });
    expect(stdout).to.match(/^v2 unknown \d+$/);
  });

  it('is begun by a file that an old Node can read, which then says what it needs in one sentence', async () => {
    const source = readFileSync(START, 'utf8');
    const minified = { minify: true, format: 'cjs', platform: 'node' } as const;
    const [lowered, asItIs] = await Promise.all(
      ['node14', 'esnext'].map((target) => transform(source, { ...minified, target })),
    );
    expect(lowered!.code).to.equal(asItIs!.code);
    const old = join(installed.folder, 'old.cjs');
    writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '14.21.3' });");
    const { stderr, exitCode } = await execa(process.execPath, ['--require', old, START, 'roll'], { reject: false });
    expect(stderr).to.match(/^error: refresh-rig needs Node 24 or newer, and this is v[^\n]*$/);
    expect(exitCode).to.equal(3);
  });
});

const BUILDER = `
import { judge, readPlan, type Plan, type Trace, type Verdict } from 'refresh-rig';
declare const process: { argv: string[] };
const plan: Plan = readPlan(process.argv[2]!);
const trace: Trace = [];
const verdict: Verdict = judge(plan, trace);
// @ts-expect-error there is no such thing in a verdict
verdict.nothing;
console.log(plan.to, verdict.outcome, verdict.checks.length);
`;
