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

describe('the workflows and the action', () => {
  it('are valid, and the linter would say if they were not', () => {
    for (const text of [rollingUpgrade, ci]) expect(validateWorkflow(text).errors).to.deep.equal([]);
    expect(validateAction(action).errors).to.deep.equal([]);
    expect(validateWorkflow(rollingUpgrade.replace('needs: plan', 'needs: plann')).errors).to.not.deep.equal([]);
    expect(validateWorkflow(rollingUpgrade.replace('runs-on:', 'run-on:')).errors).to.not.deep.equal([]);
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
    expect(matrix!.with!['rig-ref']).to.equal(expression('github.sha'));
    expect(test!.steps!.some(({ run }) => run === '.ci/run')).to.equal(true);
    expect(read('.ci', 'run')).to.contain('make test');
  });

  it('pin every action by its major version', () => {
    const steps = [jobs, own.jobs].flatMap((all) => Object.values(all).flatMap((job) => job.steps ?? []));
    const uses = [...steps, ...setUp.runs.steps].flatMap((step) => step.uses ?? []);
    for (const used of uses) expect(used).to.match(/^(actions\/[a-z/-]+@v\d+|\.\/\.refresh-rig)$/);
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
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
      mkdirSync(join(folder, 'bin'));
      const command = join(folder, 'bin', 'refresh-rig');
      writeFileSync(
        command,
        `#!/bin/sh\nexec '${process.execPath}' '${join(paths.root, 'bin', 'refresh-rig.cjs')}' "$@"\n`,
      );
      chmodSync(command, 0o755);
    });
    after(() => rmSync(folder, { recursive: true }));

    /** Run every script of a job in a folder of its own, as the runner would. */
    const run = async (
      job: string,
      values: Readonly<Record<string, string>> = {},
    ): Promise<{ cwd: string; code: number }> => {
      const cwd = join(folder, `${job}${values['matrix.shard']?.replace('/', '-') ?? ''}`);
      mkdirSync(cwd, { recursive: true });
      const filled = (all: Readonly<Record<string, string>> = {}) =>
        Object.fromEntries(
          Object.entries(all).map(([name, text]) => [name, withValues(text, { ...prefixed(inputs), ...values })]),
        );
      let code = 0;
      for (const step of stepsOf(job)) {
        if (step.run === undefined || step.if === 'inputs.images' || (code !== 0 && step.if !== 'always()')) continue;
        const { exitCode = 1 } = await execa('bash', ['-e', '-c', step.run], {
          cwd,
          env: {
            ...filled(env),
            ...filled(step.env),
            ...{ GITHUB_OUTPUT: join(cwd, 'output'), GITHUB_STEP_SUMMARY: join(cwd, 'summary'), NO_COLOR: '1' },
            RIG_COMMAND: inputs['typed-as']!,
            PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
          },
          reject: false,
        });
        code ||= exitCode;
      }
      return { cwd, code };
    };

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

    it('put nothing that is given into a script', () => {
      const scripts = [...Object.keys(jobs).flatMap((job) => stepsOf(job)), ...setUp.runs.steps].flatMap(
        (step) => step.run ?? [],
      );
      expect(scripts.filter((script) => /\$\{\{\s*(inputs|matrix|github)\./.test(script))).to.deep.equal([]);
    });
  });
});

function expression(name: string): string {
  return `\${{ ${name} }}`;
}

function prefixed(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value]));
}

function withValues(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (whole, name: string) => values[name] ?? whole);
}
