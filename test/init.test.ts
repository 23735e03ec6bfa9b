import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateWorkflow } from '@action-validator/core';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse } from 'yaml';
import { paths } from '../harness/host/paths.ts';
import { Description } from '../harness/input/description.ts';
import { Pty } from './support/pty.ts';

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');
const DOUBLE = [
  ...['--name', 'thing', '--old', 'node ./double.mjs', '--new', "node './double.mjs'"],
  ...[
    '--args',
    'serve --name {member.name} --address {member.address} --state {member.state} --shared {cluster.shared}',
  ],
  ...['--open', 'msg="Initialized global database"'],
];

describe('refresh-rig init', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    cpSync(join(paths.root, 'test', 'support', 'double.mjs'), join(folder, 'double.mjs'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const rig = (...args: string[]) =>
    execa(process.execPath, [MAIN, ...args], { cwd: folder, reject: false, stdin: 'ignore', env: { NO_COLOR: '1' } });

  it('leaves a description, a scenario and a workflow that are taken as they are, and says how to go on', async () => {
    const { exitCode, stdout, stderr } = await rig('init', ...DOUBLE);
    expect(exitCode, stderr).to.equal(0);
    const plan = await rig('plan', 'rolling-upgrade/scenario.yaml');
    expect(plan.stdout, plan.stderr).to.contain('3 members, old → new, order node01, node02, node03, daemon thing');
    const told = / {2}node \S+ (daemon check \S+)$/m.exec(stdout)![1]!.split(' ');
    const checked = await rig(...told, '--members', '1', '--runtime', 'process');
    // It starts a member; that it is not in a cluster yet is for the person to fill in.
    expect(checked.stdout + checked.stderr)
      .to.contain('open')
      .and.to.not.contain('fault in refresh-rig');
    const workflow = readFileSync(join(folder, '.github', 'workflows', 'rolling-upgrade.yml'), 'utf8');
    expect(validateWorkflow(workflow).errors).to.deep.equal([]);
    const { uses, with: inputs } = parse(workflow).jobs['rolling-upgrade'];
    const called = parse(readFileSync(join(paths.root, uses.replace(/^[^/]+\/[^/]+\/(.*)@.*$/, '$1')), 'utf8'));
    expect(Object.keys(called.on.workflow_call.inputs)).to.include.members(Object.keys(inputs));
    expect(stdout).to.contain(`takes the rig from ${uses.replace(/\/\.github.*$/, '')} at v`);
  });

  it('asks a person until each answer can be, and leaves nothing where that person gives up', async () => {
    const pty = new Pty([process.execPath, MAIN, 'init'], folder, { columns: 100, rows: 30 });
    const asks = (what: RegExp) => pty.until((lines) => what.test(lines.at(-1) ?? ''));
    try {
      await asks(/is called \[.*\]: *$/);
      pty.type('thing\n');
      for (const which of ['older', 'newer']) {
        await asks(new RegExp(`${which} version.*: *$`));
        pty.type('./thing\n');
      }
      await asks(/\{member\.state\}\]: *$/);
      pty.type('\n');
      await asks(/for a part of the line: *$/);
      pty.type('(serves\n');
      await pty.until((lines) => lines.filter((line) => line.startsWith('what it prints once it serves')).length === 2);
      expect(pty.lines().join('\n')).to.contain('\n--open (serves: not a regular expression');
      pty.type('\u0003');
      await pty.end();
      expect(pty.exitCode).to.equal(130);
      expect(readdirSync(folder)).to.deep.equal(['double.mjs']);
    } finally {
      await pty.close();
    }
  });

  it('has the rig taken from wherever it is', async () => {
    await rig('init', ...DOUBLE, '--rig', 'somebody/rig@main');
    const left = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
    const { uses } = parse(left('.github', 'workflows', 'rolling-upgrade.yml')).jobs['rolling-upgrade'];
    expect(uses).to.equal('somebody/rig/.github/workflows/rolling-upgrade.yml@main');
    const elsewhere = 'https://raw.githubusercontent.com/somebody/rig/main';
    for (const [name, pages] of [
      ['daemon', ['schemas/description.schema.json', 'docs/describe-a-daemon.md']],
      ['scenario', ['schemas/scenario.schema.json']],
    ] as const) {
      const named = left('rolling-upgrade', `${name}.yaml`).match(/https:\S+/g);
      expect(named).to.deep.equal(pages.map((page) => `${elsewhere}/${page}`));
      for (const page of pages) expect(existsSync(join(paths.root, page)), page).to.equal(true);
    }
  });

  it('leaves nothing that is wrong once it is filled in', async () => {
    await rig('init', ...DOUBLE);
    const left = readFileSync(join(folder, 'rolling-upgrade', 'daemon.yaml'), 'utf8');
    const filled = left.replaceAll(/^( *)# (?=( *- | *[a-z]+: [^\n]|[a-z]+:$))/gm, '$1');
    const { form, patterns, probes, timer, model, versions, stop, supervisor } = Description.parse(parse(filled));
    expect([form?.join, probes[0], timer, model, versions.new?.schema, stop, supervisor]).to.not.include(undefined);
    expect(patterns.map(({ event }) => event)).to.deep.equal(['open', 'parked', 'woken']);
  });

  it('overwrites nothing, and leaves nothing where a value cannot be or nobody can be asked', async () => {
    const scenario = join('rolling-upgrade', 'scenario.yaml');
    for (const [args, complaint] of [
      [
        ['--old', 'a'],
        /^error: --new <program>: say .*\n--open <pattern>: say .*\nnobody can be asked: this is no terminal$/,
      ],
      [['--old', 'a', '--new', 'b', '--open', '(c'], /^error: --open \(c: not a regular expression/],
      [['--rig', 'https://x'], /^error: --rig https:\/\/x: not a repository as OWNER\/NAME/],
      [['--old', 'a', '--new', 'b', '--open', 'c', '--args', '{member.nme}'], /^error: --args \{member\.nme\}: /],
    ] as const) {
      const { exitCode, stderr } = await rig('init', ...args);
      expect(stderr).to.match(complaint);
      expect(exitCode).to.equal(2);
      expect(readdirSync(folder)).to.deep.equal(['double.mjs']);
    }
    await rig('init', ...DOUBLE, '--no-workflow');
    expect(existsSync(join(folder, '.github'))).to.equal(false);
    writeFileSync(join(folder, scenario), '# mine\n');
    rmSync(join(folder, 'rolling-upgrade', 'daemon.yaml'));
    const { exitCode, stderr } = await rig('init', ...DOUBLE);
    expect(stderr).to.match(/^error: rolling-upgrade\/scenario\.yaml: it is there already\ninit overwrites nothing: /);
    expect(exitCode).to.equal(2);
    expect(readFileSync(join(folder, scenario), 'utf8')).to.equal('# mine\n');
    expect(existsSync(join(folder, 'rolling-upgrade', 'daemon.yaml'))).to.equal(false);
  });
});
