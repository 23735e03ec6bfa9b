import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command } from 'commander';
import { againLine, rollLine } from '../harness/cli/again.ts';
import { plansFrom, type RollFlags, withRollFlags } from '../harness/cli/options.ts';
import { chooseDaemon, sourceOf } from '../harness/daemon/choose.ts';
import { invocation } from '../harness/host/invocation.ts';
import { paths } from '../harness/host/paths.ts';
import type { Plan } from '../harness/plan/plan.ts';

function flagsOf(line: string): RollFlags {
  return withRollFlags(new Command()).parse(line.split(' ').slice(1), { from: 'user' }).opts<RollFlags>();
}

const unnamed = ({ name, about, seed, ...plan }: Plan): unknown => plan;

describe('the command that rolls again', () => {
  it('says all that is not so by default, and makes the same plan', () => {
    for (const [flags, line] of [
      [{}, 'roll --from v1 --to v2 --order 1,2,3'],
      [{ order: 'reverse', strategy: 'combined' }, 'roll --from v1 --to v2 --order 3,2,1 --strategy combined'],
      [{ order: 'random', members: '5' }, null],
      [{ order: 'together', wait: '500ms', wakeups: 'lossy' }, null],
      [{ aim: '150ms', strategy: 'upstream' }, null],
      [{ database: 'dqlite', handover: false, networkLatency: '20ms' }, null],
      [{ pace: '1500ms', ahead: 'wait', runtime: 'container' }, null],
      [
        { daemon: 'incus', runtime: 'container' },
        'roll --daemon incus --from 6.0 --to 7.0 --order 1,2,3 --runtime container',
      ],
    ] as ReadonlyArray<readonly [RollFlags, string | null]>) {
      const [plan] = plansFrom(undefined, flags) as [Plan];
      const made = rollLine(plan, sourceOf(plan));
      if (line !== null) expect(made).to.equal(line);
      expect(unnamed(plansFrom(undefined, flagsOf(made!))[0]!), made!).to.deep.equal(unnamed(plan));
    }
  });

  it('names a description by the file that was given, where that is known', () => {
    const file = join('test', 'support', 'double.yaml');
    const [plan] = plansFrom(undefined, { daemon: file }) as [Plan];
    expect(rollLine(plan, chooseDaemon(file))).to.equal(`roll --daemon ${file} --from 1.0 --to 2.0 --order 1,2,3`);
    expect(rollLine(plan, sourceOf(plan))).to.equal(null);
  });

  it('is a replay of the saved plan where flags do not say all of it', () => {
    const lines = globSync('*.yaml', { cwd: paths.fixtures })
      .filter((name) => !['records.yaml', 'matrix.yaml'].includes(name))
      .map((name) => [name, plansFrom(join(paths.fixtures, name), {})[0]!] as const);
    for (const [name, plan] of lines) {
      const made = againLine(plan, `/somewhere/runs/matrix/rolls/${plan.name}`);
      if (made.includes(' roll ')) {
        const [, line] = / (roll .*)$/.exec(made)!;
        expect(unnamed(plansFrom(undefined, flagsOf(line!))[0]!), name).to.deep.equal(unnamed(plan));
      } else expect(made).to.contain(` replay runs/matrix/rolls/${plan.name}/plan.json`);
    }
    expect(
      lines.filter(([, plan]) => rollLine(plan, sourceOf(plan)) === null).map(([name]) => name),
    ).to.include.members(['leader-killed.yaml', 'reported-deadlock.yaml', 'step-api.yaml']);
  });

  it('begins as the rig was started', () => {
    const run = (script: string) => ({ npm_command: 'run', npm_lifecycle_event: 'rig', npm_lifecycle_script: script });
    for (const [env, started, expected] of [
      [run('node bin/refresh-rig.cjs'), '/clone/bin/refresh-rig.cjs', 'npm run rig --'],
      [run('refresh-rig roll'), '/own/node_modules/.bin/refresh-rig', 'npx refresh-rig'],
      [run('refresh-rig'), '/own/node_modules/.bin/refresh-rig', 'npm run rig --'],
      [
        { npm_command: 'exec', npm_lifecycle_event: 'npx' },
        '/x/_npx/1/node_modules/.bin/refresh-rig',
        'npx refresh-rig',
      ],
      [{ RIG_COMMAND: 'npx refresh-rig' }, '/x/refresh-rig', 'npx refresh-rig'],
      [{}, '/usr/local/bin/refresh-rig', 'refresh-rig'],
      [run('mocha'), join(process.cwd(), 'harness', 'cli', 'main.ts'), 'node harness/cli/main.ts'],
    ] as const) {
      expect(invocation(env, started)).to.equal(expected);
    }
  });
});
