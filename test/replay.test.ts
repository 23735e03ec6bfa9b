import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Rolled, roll } from '../harness/cli/roll-plan.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import { counterexample } from '../harness/explore/counterexample.ts';
import { type Asked, explore } from '../harness/explore/explore.ts';
import type { Told } from '../harness/explore/path.ts';
import { deviationOf } from '../harness/judge/conform.ts';
import type { Plan, RuntimeName } from '../harness/plan/plan.ts';
import { chooseRuntime } from '../harness/runtime/choose.ts';
import { WAKEUPS } from '../node/upgrade/machine.ts';
import { STRATEGY_NAMES } from '../node/upgrade/strategy.ts';
import { account, requireRuntime } from './support/rig.ts';
import { pinned, STEPS, version } from './support/versions.ts';

/** Every park must outlast the part of the path that comes after it: milliseconds, since all refreshes come before. */
const WAIT_MS = 4000;

/** A plan for every row of the explorer's table that falls short. */
function counterexamples(): Plan[] {
  return STRATEGY_NAMES.flatMap((strategy) =>
    WAKEUPS.flatMap((wakeups) =>
      STEPS.flatMap(([from, to]) => {
        if (strategy === 'pair' && from === 'v1') return [];
        const asked = { strategy, wakeups, ahead: 'exit', from: version(from), to: version(to), members: 3 } as const;
        const bounds = {
          faults: { lose: 0, duplicate: 0, crash: 0 },
          mostStates: 100_000,
          mostBytes: 2 ** 28,
          reduce: false,
        };
        const answer = explore({ ...asked, ...bounds });
        return answer.path === null ? [] : [counterexample(answer, ourSource, pinned)];
      }),
    ),
  );
}

/** What is asked where nothing else is said. */
const USUAL = {
  ...{ strategy: 'pair', wakeups: 'latched', ahead: 'exit', members: 3, faults: {}, reduce: false },
  ...{ mostStates: 1_000_000, mostBytes: 2 ** 30 },
} as const;
const ONE_GATE_MORE = { strategy: 'split', wakeups: 'lossy', patching: { when: 'all-open', by: 'once' } } as const;
const EVENTFUL = ['left', 'joined', 'failed', 'crashed'];

async function replay(plan: Plan, runtime: RuntimeName): Promise<Rolled> {
  const runs = mkdtempSync(join(tmpdir(), 'rig-test-runs-'));
  try {
    const choice = await chooseRuntime(runtime, ['container', 'process']);
    const { daemon } = plan;
    const own = { ...plan, daemon: { ...daemon, timer: { everyMs: WAIT_MS, toleranceMs: 0 } } };
    return await roll(own, {
      runtime: choice.runtime,
      runs,
      signal: new AbortController().signal,
    });
  } finally {
    rmSync(runs, { recursive: true });
  }
}

function expectAgreement(rolled: Rolled): void {
  const { plan, trace, verdict } = rolled;
  expect(verdict.outcome, account(rolled)).to.equal('holds');
  expect(verdict.checks.find((check) => check.name === 'as-predicted')?.because).to.match(
    /reality agreed .* in all \d+ steps/,
  );
  expect(deviationOf(plan, trace)).to.equal(null);
}

describe('a counterexample, replayed on real members', function () {
  this.timeout(120_000);
  const plans = counterexamples();

  it('is there for everything lossy, and for what stalls by its strategy', () => {
    expect(plans.length).to.equal(23 + 4);
  });

  for (const plan of plans) {
    it(`${plan.name}: processes do what the model says, and need a timer`, async () => {
      expectAgreement(await replay(plan, 'process'));
    });
  }

  for (const name of ['combined-latched-v1-v2', 'split-lossy-v2-v3', 'pair-lossy-v4-v5']) {
    it(`${name}: so do containers`, async function () {
      await requireRuntime(this, 'container');
      expectAgreement(await replay(plans.find((plan) => plan.name === name)!, 'container'));
    });
  }

  describe('with more in it than refreshes', () => {
    const asked: Array<[string, readonly string[], Partial<Asked>]> = [
      ['one that leaves', ['v4', 'v5'], { strategy: 'split', wakeups: 'lossy', leave: 1 }],
      ['one that joins at the gate of the patches', ['v4', 'v4.1'], { ...ONE_GATE_MORE, join: 1, members: 1 }],
      ['an update that fails', ['v4', 'v5'], { refreshing: 'auto', faults: { fail: 1 } }],
      ['a crash, and a notice to one that has gone', ['v3', 'v4'], { faults: { crash: 1 } }],
    ];
    for (const [title, chain, more] of asked) {
      it(title, async () => {
        const ends = { from: version(chain[0]!), to: version(chain.at(-1)!) };
        const answer = explore({ ...USUAL, ...ends, ...more } as Asked);
        const plan = counterexample(answer, ourSource, pinned);
        expectAgreement(await replay(plan, 'process'));
        const kinds = new Set(answer.path!.map(({ is }) => is));
        expect(kinds, plan.name).to.satisfy((found: Set<string>) => EVENTFUL.some((kind) => found.has(kind)));
      });
    }
  });

  it('agrees for every strategy where two notices are lost: all others make one good, and not the second', async () => {
    const asked = STRATEGY_NAMES.map((strategy): Asked => {
      // A step at which it does not stall anyway.
      const [from, to] = strategy === 'combined' || strategy === 'seed' ? ['v3', 'v4'] : ['v4', 'v5'];
      return { ...USUAL, strategy, from: version(from!), to: version(to!), faults: { lose: 2 } } as Asked;
    });
    for (const some of [asked.slice(0, 3), asked.slice(3)]) {
      const plans = some.map((one) => counterexample(explore(one), ourSource, pinned));
      const rolled = await Promise.all(plans.map((plan) => replay(plan, 'process')));
      for (const one of rolled) {
        expect(one.plan.steps.filter((step) => step.do === 'fault')).to.have.length(2);
        expectAgreement(one);
      }
    }
  });

  it('lets a notice arrive twice', async () => {
    const answer = explore({ ...USUAL, wakeups: 'lossy', from: version('v4'), to: version('v5') } as Asked);
    // The first that is dropped is dropped again.
    const path = answer.path!.flatMap((told): Told[] =>
      told.is === 'arrived' && told.disposition === 'dropped'
        ? [{ is: 'duplicated', notice: told.notice }, told, told]
        : [told],
    );
    const plan = counterexample({ ...answer, path }, ourSource, pinned);
    expect(plan.steps.filter((step) => step.do === 'fault')).to.have.length.greaterThan(0);
    expectAgreement(await replay(plan, 'process'));
  });

  it('does not hold where the model is made to say something else', async () => {
    const plan = plans.find(({ name }) => name === 'combined-lossy-v3-v4')!;
    const steps = plan.steps.map((step) =>
      step.do === 'deliver' ? { ...step, disposition: 'latched' as const } : step,
    );
    const { verdict } = await replay({ ...plan, steps }, 'process');
    expect(verdict.checks.filter((check) => check.outcome === 'broken').map((check) => check.name)).to.deep.equal([
      'as-predicted',
    ]);
  });

  it('ends in a verdict where a member is not held where its path says', async () => {
    const plan = plans.find(({ name }) => name === 'combined-lossy-v3-v4')!;
    const steps = plan.steps.map((step) =>
      step.do === 'release' && step.move.step === 'open'
        ? { ...step, move: { step: 'park', wokenAtOnce: false } as const }
        : step,
    );
    const { verdict, fault } = await replay({ ...plan, steps }, 'process');
    expect(fault).to.equal(null);
    expect(verdict.outcome).to.equal('broken');
    const complete = verdict.checks.find((check) => check.name === 'complete')!;
    expect(complete.because).to.match(/node0\d was to take the step 'park', and it is not held where the model says/);
  });
});
