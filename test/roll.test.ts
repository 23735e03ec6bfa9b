import { expect } from 'chai';
import { leadershipsOf } from '../harness/trace/leadership.ts';
import { eventsOf, rigEvents } from '../harness/trace/trace.ts';
import type { StrategyName } from '../node/upgrade/strategy.ts';
import { ENGINES, requireDqlite } from './support/engines.ts';
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
/** The flags of each engine. Elections of dqlite need not take what they take in the field, where they are not the point. */
const ON = {
  sqlite: {},
  dqlite: { database: 'dqlite', networkLatency: '100ms' },
} as const;
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
        expect(one.verdict.outcome, account(one)).to.equal('holds');
        expect(one.verdict.members.flatMap((member) => member.wokenBy))
          .to.include('notice')
          .and.not.include('timer');
      }
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
      // On a slow machine a timer may look before anybody could pass.
      expect(rolled!.verdict.stalls.length > 0, account(rolled!)).to.equal(woken === 'timer');
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
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
  });
});

for (const engine of ENGINES) {
  describe(`a roll on ${engine}`, function () {
    this.timeout(240_000);
    before(async function () {
      if (engine === 'dqlite') await requireDqlite(this);
    });

    for (const fixture of [
      'reported-deadlock-fixed',
      'older-member-turned-away',
      // Members that exit take their votes with them: on dqlite the last one would wait for a quorum that never comes.
      ...(engine === 'sqlite' ? ['fork-refused'] : []),
      'all-at-once',
      'revert-leaves-a-lie',
      'revert-recorded',
      'revert-waits',
    ]) {
      it(`${fixture} holds`, async () => {
        const [rolled] = await rollAll(fixture, { ...ON[engine], wait: WAIT, runtime: 'process' });
        expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
      });
    }
  });
}

for (const [runtime, engine] of [
  ['process', 'sqlite'],
  ['process', 'dqlite'],
  ['container', 'sqlite'],
  ['container', 'dqlite'],
] as const) {
  describe(`the reported deadlock, in a ${runtime}, on ${engine}`, function () {
    this.timeout(240_000);
    before(async function () {
      await requireRuntime(this, runtime);
      if (engine === 'dqlite') await requireDqlite(this);
    });

    it('is ended by a timer when combined, with its cycle named', async () => {
      const [rolled] = await rollAll('reported-deadlock', { ...ON[engine], wait: SHORT_WAIT, runtime });
      const { verdict } = rolled!;
      expect(verdict.outcome, account(rolled!)).to.equal('holds');
      const [stall] = verdict.stalls;
      expect(stall!.cycle).to.include('node03').and.to.have.length(2);
      expect(stall!.brokenBy).to.equal('timer');
      expect(stall!.because).to.match(/node03 waited at the API gate for node01 \(API extensions 0, wants 1\)/);
    });

    it('is ended by notices when split', async () => {
      const [rolled] = await rollAll('reported-deadlock-fixed', { ...ON[engine], wait: WAIT, runtime });
      expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
      expect(rolled!.verdict.stalls).to.deep.equal([]);
      // The last one parks only where it looks before the first ones have recorded their extensions.
      const [first, second, last] = rolled!.verdict.members.map(({ wokenBy }) => wokenBy);
      expect(first).to.include('notice');
      expect(second).to.include('notice');
      expect([...first!, ...second!, ...last!]).not.to.include('timer');
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
      expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    });
  }

  it('turns an older member away and keeps serving', async () => {
    const [rolled] = await rollAll('older-member-turned-away', { wait: WAIT, runtime: 'container' });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
  });
});

describe('a roll of members that replicate their database', function () {
  this.timeout(240_000);
  before(async function () {
    await requireDqlite(this);
  });

  it('holds in all six orders: the leader refreshed first, in the middle, and last', async () => {
    const flags = { ...ON.dqlite, from: 'v1', to: 'v2', order: 'all', wait: WAIT, runtime: 'process' } as const;
    const rolled = await rollAll(undefined, flags, 2);
    const leadersTurn = rolled.map((one) => {
      expect(one.verdict.outcome, account(one)).to.equal('holds');
      const [first] = leadershipsOf(one.trace);
      return one.plan.order.indexOf(first!.leader!);
    });
    expect(leadersTurn.sort()).to.deep.equal([0, 0, 1, 1, 2, 2]);
  });

  it('holds with five members, two of them stand-bys', async () => {
    const flags = { ...ON.dqlite, from: 'v4', to: 'v5', members: '5', order: '4,1,5,2,3', runtime: 'process' } as const;
    const [rolled] = await rollAll(undefined, { ...flags, wait: WAIT });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
  });

  it('holds where no leader hands over, and the others elect one', async () => {
    const flags = { ...ON.dqlite, from: 'v3', to: 'v4', handover: false, runtime: 'process' } as const;
    const [rolled] = await rollAll(undefined, { ...flags, wait: WAIT });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    const handed = rolled!.trace.filter((event) => 'event' in event && event.event === 'handed-over');
    expect(handed).to.deep.equal([]);
    expect(leadershipsOf(rolled!.trace).map(({ leader }) => leader)).to.include(null);
  });

  for (const runtime of ['process', 'container'] as const) {
    it(`survives a leader that is killed between the schema commit and its notices, in a ${runtime}`, async function () {
      await requireRuntime(this, runtime);
      const [rolled] = await rollAll('leader-killed', { networkLatency: '100ms', wait: WAIT, runtime });
      const { trace, verdict } = rolled!;
      expect(verdict.outcome, account(rolled!)).to.equal('holds');
      expect(verdict.members.flatMap((member) => member.wokenBy)).to.not.include('timer');
      const killing = rigEvents(trace, 'killing')[0]!;
      const leadership = leadershipsOf(trace).findLast(({ fromNs }) => fromNs < killing.atNs);
      expect(leadership?.leader, 'who was killed').to.equal('node03');
      const applied = eventsOf(trace, 'node03').filter((event) => event.event === 'applied');
      expect(applied.map(({ atNs }) => atNs < killing.atNs)).to.deep.equal([true]);
    });
  }
});

describe('a roll in containers, on dqlite', function () {
  this.timeout(240_000);
  before(async function () {
    await requireRuntime(this, 'container');
    await requireDqlite(this);
  });

  for (const [from, to, order, members] of [
    ['v3', 'v4', '2,1,3', '3'],
    ['v4', 'v5', '3,1,5,2,4', '5'],
  ] as const) {
    it(`${from} → ${to}, ${members} members, order ${order}, holds`, async () => {
      const flags = { ...ON.dqlite, from, to, order, members, wait: WAIT, runtime: 'container' } as const;
      const [rolled] = await rollAll(undefined, flags);
      expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    });
  }
});
