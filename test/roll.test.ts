import { expect } from 'chai';
import type { StrategyName } from '../node/upgrade/strategy.ts';
import { account, requireRuntime, rollAll } from './support/rig.ts';

const PAIRS = [
  ['v1', 'v2'],
  ['v2', 'v3'],
  ['v3', 'v4'],
  ['v4', 'v5'],
  ['v1', 'v6'],
] as const;
/** Far longer than any roll here needs: who sits it out fails the test by its cause. */
const WAIT = '30s';
/** Where a timer has to fire, it need not be the field's. */
const SHORT_WAIT = '2s';

describe('a roll on processes', function () {
  this.timeout(240_000);

  for (const [from, to] of PAIRS) {
    it(`${from} → ${to} gives the same verdict in all six orders`, async () => {
      const rolled = await rollAll(undefined, { from, to, order: 'all', wait: WAIT, runtime: 'process' }, 2);
      expect(rolled.map((one) => one.plan.order.map((member) => member.slice(-1)).join('')).sort()).to.deep.equal([
        '123',
        '132',
        '213',
        '231',
        '312',
        '321',
      ]);
      for (const one of rolled) {
        expect(one.verdict.holds, account(one)).to.equal(true);
        expect(one.verdict.members.flatMap((member) => member.wokenBy))
          .to.include('notice')
          .and.not.include('timer');
      }
    });
  }

  for (const fixture of [
    'reported-deadlock-fixed',
    'older-member-turned-away',
    'fork-refused',
    'all-at-once',
    'revert-leaves-a-lie',
    'revert-recorded',
    'revert-waits',
  ]) {
    it(`${fixture} holds`, async () => {
      const [rolled] = await rollAll(fixture, { wait: WAIT, runtime: 'process' });
      expect(rolled!.verdict.holds, account(rolled!)).to.equal(true);
    });
  }

  for (const [strategy, from, to, woken] of [
    ['seed', 'v1', 'v2', 'notice'],
    ['preemptive', 'v4', 'v5', 'notice'],
    ['upstream', 'v1', 'v2', 'notice'],
    ['upstream', 'v4', 'v5', 'notice'],
    ['pair', 'v4', 'v5', 'notice'],
    ['seed', 'v4', 'v5', 'timer'],
    ['preemptive', 'v1', 'v2', 'timer'],
  ] as ReadonlyArray<[StrategyName, string, string, string]>) {
    it(`${strategy}, ${from} → ${to}: opened by a ${woken}`, async () => {
      const [rolled] = await rollAll(undefined, { strategy, from, to, wait: SHORT_WAIT, runtime: 'process' });
      const wakes = new Set(rolled!.verdict.members.flatMap((member) => member.wokenBy));
      expect(wakes.has('timer'), account(rolled!)).to.equal(woken === 'timer');
      expect(rolled!.verdict.members.every((member) => member.timeToOpenMs !== null)).to.equal(true);
    });
  }

  it('goes on without pausing when eager, and holds', async () => {
    const [rolled] = await rollAll(undefined, {
      from: 'v4',
      to: 'v5',
      members: '5',
      pace: 'eager',
      wait: WAIT,
      runtime: 'process',
    });
    expect(rolled!.verdict.holds, account(rolled!)).to.equal(true);
  });
});

for (const runtime of ['process', 'container'] as const) {
  describe(`the reported deadlock, in a ${runtime}`, function () {
    this.timeout(240_000);
    before(async function () {
      await requireRuntime(this, runtime);
    });

    it('is ended by a timer when combined, with its cycle named', async () => {
      const [rolled] = await rollAll('reported-deadlock', { wait: SHORT_WAIT, runtime });
      const { verdict } = rolled!;
      expect(verdict.holds, account(rolled!)).to.equal(true);
      const [stall] = verdict.stalls;
      expect(stall!.cycle).to.include('node03').and.to.have.length(2);
      expect(stall!.brokenBy).to.equal('timer');
      expect(stall!.because).to.match(/node03 waited at the API gate for node01 \(API extensions 0, wants 1\)/);
    });

    it('is ended by notices when split', async () => {
      const [rolled] = await rollAll('reported-deadlock-fixed', { wait: WAIT, runtime });
      expect(rolled!.verdict.holds, account(rolled!)).to.equal(true);
      expect(rolled!.verdict.stalls).to.deep.equal([]);
      expect(rolled!.verdict.members.map((member) => member.wokenBy.length > 0)).to.deep.equal([true, true, true]);
    });
  });
}

describe('a roll in containers', function () {
  this.timeout(240_000);
  before(async function () {
    await requireRuntime(this, 'container');
  });

  for (const [from, to, order] of [
    ['v2', 'v3', '3,1,2'],
    ['v3', 'v4', 'reverse'],
    ['v4', 'v5', 'together'],
    ['v1', 'v6', '2,3,1'],
  ] as const) {
    it(`${from} → ${to}, order ${order}, holds`, async () => {
      const [rolled] = await rollAll(undefined, { from, to, order, wait: WAIT, runtime: 'container' });
      expect(rolled!.verdict.holds, account(rolled!)).to.equal(true);
    });
  }

  it('turns an older member away and keeps serving', async () => {
    const [rolled] = await rollAll('older-member-turned-away', { wait: WAIT, runtime: 'container' });
    expect(rolled!.verdict.holds, account(rolled!)).to.equal(true);
  });
});
