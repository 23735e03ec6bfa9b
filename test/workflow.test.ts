import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateWorkflow } from '@action-validator/core';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse } from 'yaml';
import { paths } from '../harness/host/paths.ts';

const text = readFileSync(join(paths.root, '.github', 'workflows', 'rolling-upgrade.yml'), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

describe('the workflow', () => {
  it('is valid, and the linter would say if it were not', () => {
    expect(validateWorkflow(text).errors).to.deep.equal([]);
    expect(validateWorkflow(text.replace('needs: plan', 'needs: plann')).errors).to.not.deep.equal([]);
    expect(validateWorkflow(text.replace('runs-on:', 'run-on:')).errors).to.not.deep.equal([]);
  });

  it('calls commands that there are, with flags that they take', async () => {
    const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> };
    const commands = Object.values(jobs)
      .flatMap(({ steps }) => steps.flatMap(({ run }) => run?.split('\n') ?? []))
      .flatMap((line) => /npm run --silent rig -- ([^)]*)/.exec(line)?.[1] ?? []);
    expect(commands.map((command) => command.split(' ')[0])).to.deep.equal(['matrix', 'matrix', 'merge']);
    for (const command of commands) {
      const [name, ...rest] = command.split(' ');
      const { stdout } = await execa(process.execPath, [join(paths.root, 'harness/cli/main.ts'), name!, '--help']);
      for (const flag of rest.filter((word) => word.startsWith('--'))) expect(stdout).to.contain(`${flag} `);
    }
  });

  it('pins every action by its major version', () => {
    const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> };
    const uses = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.uses ?? []));
    expect(uses).to.have.length.greaterThan(0);
    for (const action of uses) expect(action).to.match(/^actions\/[a-z/-]+@v\d+$/);
  });
});
