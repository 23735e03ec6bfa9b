import { expect } from 'chai';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import { counterexample } from '../harness/explore/counterexample.ts';
import { type Answer, type Asked, explore } from '../harness/explore/explore.ts';
import { tell } from '../harness/explore/tell.ts';
import { Scenario } from '../harness/input/scenario.ts';
import { deviationOf } from '../harness/judge/conform.ts';
import { eventsOf, rigEventsOf } from '../harness/trace/trace.ts';
import { randomFrom } from '../node/random.ts';
import { AHEAD_POLICIES } from '../node/upgrade/gate.ts';
import { WAKEUPS } from '../node/upgrade/machine.ts';
import type { PatchWhen } from '../node/upgrade/patch.ts';
import { STRATEGY_NAMES } from '../node/upgrade/strategy.ts';
import { account, rollAll, rollOne } from './support/rig.ts';
import { describeScenarios } from './support/scenarios.ts';
import { pinned, planOf, version } from './support/versions.ts';

const FIXTURES = [
  'chain',
  'chain-skipping',
  'chain-overtaken',
  'back-blocks',
  'back-waits',
  'leaves-during',
  'away-for-a-release',
  'away-comes-back-old',
  'auto',
  'auto-troubled',
  'auto-unheard',
  'auto-patch-gate',
] as const;

describeScenarios('a roll that nobody paces', FIXTURES);

describe('members that ask to be refreshed', function () {
  this.timeout(60_000);

  it('ask again while the program is at it, once more after it has failed, and while they are parked', async () => {
    const [rolled] = await rollAll('auto-troubled', { runtime: 'process' });
    const { trace } = rolled!;
    const answers = (member: string) => rigEventsOf(trace, 'updating', member).map(({ how }) => how);
    expect(answers('node02')).to.include('begins').and.include('under-way');
    expect(answers('node03').filter((how) => how !== 'under-way')).to.deep.equal(['fails', 'begins']);
    const phases = eventsOf(trace, 'node03').flatMap((event) => (event.event === 'asked' ? [event.phase] : []));
    expect(phases).to.include('open').and.include('waiting');
  });

  it('wait for as long as the seed says', async () => {
    const rolled = await rollOne(planOf({ from: 'v4', to: 'v5', pace: 'auto', wait: 2000, seed: 5 }));
    expect(rolled.verdict.outcome, account(rolled)).to.equal('holds');
    for (const [index, member] of (['node02', 'node03'] as const).entries()) {
      const asked = eventsOf(rolled.trace, member).find((event) => event.event === 'asked');
      expect(asked).to.include({ afterMs: Math.round(randomFrom(5 + 7919 * (index + 2))() * 2000) });
    }
  });

  it('are said before the roll not to learn of a release of which no row says anything, and of no other', () => {
    const unheard = (from: string, to: string, more: Scenario = {}) =>
      planOf({ from, to, pace: 'auto', ...more }).steps.flatMap((step) => (step.do === 'update' ? [step.unheard] : []));
    expect(unheard('v4', 'v4.1')[0]).to.match(/^nothing in the row of a member says that it runs v4\.1/);
    expect(unheard('v4.1', 'v4.2')[0]).to.match(/^nothing in the row of a member says that it runs v4\.2/);
    expect(unheard('v4', 'v4.1', { patch_when: 'all-open' })).to.deep.equal([undefined]);
    expect(unheard('v4', 'v5.1')).to.deep.equal([undefined]);
  });
});

describe('who comes, and who stays away', function () {
  this.timeout(60_000);

  it('comes in through a member that is open, though it waits to run a patch', async () => {
    const refreshes = [
      { member: 'node01', to: 'v4.1' },
      { join: 'node03', through: 'node01' },
      { member: 'node02', to: 'v4.1' },
    ];
    const rolled = await rollOne(
      planOf(Scenario.parse({ from: 'v4', members: 2, patch_when: 'all-open', wait: '2s', refreshes })),
    );
    expect(rolled.verdict.outcome, account(rolled)).to.equal('holds');
  });

  it('keeps the others waiting for good, which is as expected where the plan has stopped it', async () => {
    const refreshes = [{ member: 'node01', to: 'v5' }, { stop: 'node02' }];
    const rolled = await rollOne(
      planOf(Scenario.parse({ from: 'v4', members: 2, wait: '500ms', refreshes, expect: { open: 'none' } })),
    );
    expect(rolled.verdict.outcome, account(rolled)).to.equal('holds');
    const complete = rolled.verdict.checks.find(({ name }) => name === 'complete')!;
    expect(complete.because).to.match(/who waits for node02, who stays away, waits for good/);
  });
});

describe('half-way and back', function () {
  this.timeout(120_000);
  /** Who is open in the end, by how many had gone, and whether the rows are right, by policy. */
  const ENDS = {
    exit: [true, false, false],
    record: [true, true, true],
    wait: [true, true, true],
  } as const;
  const OPEN = { exit: [3, 1, 0], record: [3, 2, 1], wait: [3, 3, 3] } as const;

  for (const ahead of AHEAD_POLICIES) {
    it(`leaves rows and members as ${ahead} has it, from every point`, async () => {
      const points = [1, 2, 3].map(async (back) => {
        const rolled = await rollOne(planOf({ from: 'v2', to: 'v3', back_after: back, ahead, wait: 2000 }));
        expect(deviationOf(rolled.plan, rolled.trace)).to.equal(null);
        const isTrue = rolled.verdict.checks.find(({ name }) => name === 'rows-true')?.outcome === 'holds';
        const opened = rolled.verdict.checks.find(({ name }) => name === 'opened')!.because;
        const missing = opened.match(/did not open/g)?.length ?? 0;
        return { isTrue, open: 3 - missing };
      });
      const found = await Promise.all(points);
      expect(found.map(({ isTrue }) => isTrue)).to.deep.equal([...ENDS[ahead]]);
      expect(found.map(({ open }) => open)).to.deep.equal([...OPEN[ahead]]);
    });
  }
});

function ask(names: readonly string[], more: Partial<Asked> = {}): Answer {
  const [from, ...by] = names.map(version);
  return explore({
    ...{ strategy: 'pair', wakeups: 'latched', ahead: 'exit', members: 3, faults: {}, reduce: true },
    ...{ mostStates: 5_000_000, mostBytes: 2 ** 31, from: from!, by: by.slice(0, -1), to: by.at(-1)!, ...more },
  } as Asked);
}

describe('the explorer, of rolls that nobody paces', function () {
  this.timeout(120_000);

  it('finds that two gates let a member open beside one that a second roll has overtaken, and that one gate does not', () => {
    const chain = ['v4', 'v5', 'v6'];
    expect(ask(chain).unsafe).to.equal(0);
    const answer = ask(chain, { strategy: 'split', reduce: false });
    expect(answer.unsafe).to.be.greaterThan(0);
    const path = answer.path!.map(tell);
    expect(path.at(-1)).to.match(/^node0\d passes the API gate$/);
    expect(path.filter((line) => line.endsWith('is refreshed to v6'))).to.have.length(1);
  });

  it('and real members do what that path says', async () => {
    const answer = ask(['v4', 'v5', 'v6'], { strategy: 'split', reduce: false });
    const rolled = await rollOne(counterexample(answer, ourSource, pinned));
    expect(rolled.verdict.checks.find(({ name }) => name === 'as-predicted')?.outcome, account(rolled)).to.equal(
      'holds',
    );
    expect(rolled.verdict.checks.find(({ name }) => name === 'nobody-early')?.outcome, account(rolled)).to.equal(
      'holds',
    );
  });

  it('proves that members which ask, leave or join need no timer, where the strategy needs none', () => {
    for (const strategy of ['split', 'upstream', 'pair'] as const) {
      for (const more of [{ refreshing: 'auto' }, { leave: 1 }, { join: 1 }] as const) {
        const answer = ask(['v4', 'v5'], { strategy, ...more });
        const { exhaustive, stuck, unsafe, dead } = answer;
        expect([exhaustive, stuck, unsafe, dead], `${strategy}, ${JSON.stringify(more)}`).to.deep.equal([
          true,
          0,
          0,
          0,
        ]);
      }
    }
  });

  it('finds that nobody learns of a patch that comes alone, unless it has a gate of its own', () => {
    const asked = { refreshing: 'auto', members: 2 } as const;
    const patching = (when: PatchWhen) => ({ when, by: 'each' }) as const;
    const alone = ask(['v4', 'v4.1'], { ...asked, patching: patching('after-open') });
    expect([alone.misread > 0, alone.path!.filter(({ is }) => is === 'refreshed').length]).to.deep.equal([true, 1]);
    const gated = ask(['v4', 'v4.1'], { ...asked, patching: patching('all-open') });
    expect([gated.exhaustive, gated.stuck, gated.misread]).to.deep.equal([true, 0, 0]);
  });

  it('finds that a member whose update fails never asks again where it is turned away, and does where it waits', () => {
    const failing = { refreshing: 'auto', faults: { fail: 1 } } as const;
    for (const ahead of ['exit', 'record'] as const)
      expect(ask(['v4', 'v5'], { ...failing, ahead }).dead, ahead).to.be.greaterThan(0);
    const waiting = ask(['v4', 'v5'], { ...failing, ahead: 'wait' });
    expect([waiting.dead, waiting.unsafe]).to.deep.equal([0, 0]);
  });

  describe('agrees with itself when it leaves unordered what cannot matter:', () => {
    const gated = { patching: { when: 'all-open', by: 'once' } } as const;
    const asked: Array<[string, readonly string[], Partial<Asked>]> = [
      ['members that ask', ['v4', 'v5'], { refreshing: 'auto' }],
      [
        'members that ask, and an update that fails',
        ['v4', 'v5'],
        { refreshing: 'auto', faults: { fail: 1 }, members: 2 },
      ],
      ['a chain', ['v4', 'v5', 'v6'], { members: 2 }],
      ['a chain of one kind of step each', ['v2', 'v3', 'v4'], { members: 2 }],
      ['one that leaves', ['v4', 'v5'], { leave: 1, members: 2 }],
      ['one that joins', ['v4', 'v5'], { join: 1, members: 2 }],
      ['one that leaves and one that joins', ['v4', 'v5'], { leave: 1, join: 1, members: 2, ahead: 'wait' }],
      ['one that leaves, and a crash', ['v3', 'v4'], { leave: 1, faults: { crash: 1 }, members: 2 }],
      ['members that ask, of a chain', ['v2', 'v3', 'v4'], { refreshing: 'auto', members: 2, ahead: 'record' }],
      ['members that ask at the gate of the patches', ['v4', 'v4.1'], { ...gated, refreshing: 'auto', members: 2 }],
      ['one that leaves at the gate of the patches', ['v4', 'v4.1'], { ...gated, leave: 1, members: 2 }],
      ['one that joins where a patch collides', ['v4', 'v5.1-hurried'], { join: 1, members: 2 }],
      ['a chain, and a patch of its last release', ['v3', 'v4', 'v4.1'], { members: 2 }],
    ];
    for (const [title, chain, more] of asked) {
      it(title, () => {
        for (const strategy of STRATEGY_NAMES) {
          for (const wakeups of WAKEUPS) {
            const [full, reduced] = [false, true].map((reduce) => ask(chain, { strategy, wakeups, ...more, reduce }));
            const has = ({ stuck, unsafe, misread, dead, livelock }: Answer) =>
              [stuck, unsafe, misread, dead, livelock].map((count) => count > 0);
            const where = `${strategy}, ${wakeups}`;
            expect([full!.exhaustive, reduced!.exhaustive], where).to.deep.equal([true, true]);
            expect(has(reduced!), where).to.deep.equal(has(full!));
            expect(reduced!.states, where).to.be.at.most(full!.states);
          }
        }
      });
    }
  });
});
