/** A daemon that is none of ours, rolled by its description: what is told of it is so. */
import { expect } from 'chai';
import { plansFrom, type RollFlags } from '../harness/cli/options.ts';
import type { Rolled } from '../harness/cli/roll-plan.ts';
import type { Place } from '../harness/daemon/contract.ts';
import { InputError } from '../harness/input/errors.ts';
import { deviationOf } from '../harness/judge/conform.ts';
import { Aims } from '../harness/plan/aims.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { reckonedCause } from '../harness/trace/cause.ts';
import { rigEvents } from '../harness/trace/trace.ts';
import {
  byCommand,
  type Change,
  intoFile,
  overTcp,
  patient,
  planted,
  pushing,
  together,
  ungated,
  withoutPatterns,
  withoutRows,
} from './support/changes.ts';
import { account, checkOf, removeClusters, rollDescribed, rollOne } from './support/described.ts';
import { expectCases, expectCheck, expectVerdict } from './support/described-cases.ts';
import { buildImage, inImage, removeImage } from './support/double-image.ts';
import { buildRoot, inRoot, removeRoot } from './support/double-root.ts';
import { requireRuntime } from './support/rig.ts';

const ORDERS = ['123', '132', '213', '231', '312', '321'];

/** Every wake of every member, in order. */
function wakes({ verdict }: Rolled): string[] {
  return verdict.members.flatMap(({ wokenBy }) => wokenBy);
}

after(removeClusters);

const PLACES: ReadonlyArray<readonly [Place, string, RollFlags, readonly Change[]]> = [
  ['process', 'processes', { runtime: 'process' }, []],
  ['container', 'containers', { runtime: 'container' }, [inImage]],
  // Asked over TCP too, as nothing of its network is on this host.
  ['namespaces', 'namespaces of its members', { runtime: 'process' }, [inRoot, overTcp]],
];

for (const [place, name, flags, changes] of PLACES) {
  describe(`a described daemon in ${name}`, function () {
    this.timeout(240_000);
    before(async function () {
      await requireRuntime(this, place);
      if (place === 'container') await buildImage();
      if (place === 'namespaces') await buildRoot();
    });
    after(async () => {
      await removeImage();
      removeRoot();
    });

    it('opens by notices in all six orders', async () => {
      const rolled = await rollDescribed({
        // Far longer than any roll needs: who sits it out fails the test by its cause.
        changes: [...changes, patient],
        flags: { order: 'all', ...flags },
        jobs: place === 'container' ? 1 : 2,
      });
      expect(rolled.map(({ plan }) => plan.order.map((member) => member.slice(-1)).join('')).sort()).to.deep.equal(
        ORDERS,
      );
      for (const one of rolled) {
        expectVerdict(one, 'holds');
        expect(deviationOf(one.plan, one.trace), account(one)).to.equal(null);
        const [first, second, last] = one.plan.order.map(
          (name) => one.verdict.members.find((member) => member.name === name)!.wokenBy,
        );
        expect([first, second, last], account(one)).to.deep.equal([['notice'], ['notice'], []]);
      }
    });
  });
}

describe('a version that comes from an archive', function () {
  this.timeout(60_000);
  before(async function () {
    await requireRuntime(this, 'namespaces');
    await buildRoot();
  });
  after(removeRoot);

  it('is rolled by what that gave, whatever its description says of it', async () => {
    const movedOn: Change = ({ versions }) => {
      versions['2.0']!.env = { DOUBLE_SCHEMA: '3', DOUBLE_API: '4' };
    };
    const [rolled] = await rollDescribed({ changes: [inRoot, movedOn], flags: { members: '2' } });
    expectVerdict(rolled!, 'holds');
    const { plan, trace } = rolled!;
    const { internal, extensions } = plan.versions['2.0']!;
    expect([internal, extensions.length]).to.deep.equal([3, 4]);
    const given = { suite: 'double', packages: { double: '1.0-1' }, isRead: true };
    expect(plan.given?.['2.0']).to.deep.equal(given);
    expect(rigEvents(trace, 'given')[1]).to.deep.include({ version: '2.0', schema: 3, api: 4, ...given });
    expect(rigEvents(trace, 'remark')).to.deep.equal([]);
  });
});

describe('what woke a described daemon', function () {
  this.timeout(60_000);

  it('is the timer where no notice is sent, and that is a stall', async () => {
    const rolled = await rollOne(planted('no-notice'));
    expectVerdict(rolled, 'broken');
    expectCheck(rolled, 'woken', 'broken', /only a timer ended a stall: node01 stalled at the schema-and-API gate/);
    expect(new Set(wakes(rolled))).to.deep.equal(new Set(['timer']));
    expect(rolled.verdict.stalls[0]!.because).to.match(/node02 had made that true and had not told it/);
  });

  it('is not known where its timer is not, and then the verdict is not either', async () => {
    const rolled = await rollOne((description) => {
      delete description.timer;
    });
    expectVerdict(rolled, 'unknown');
    expectCheck(rolled, 'woken', 'not-applicable', /what woke node01 cannot be told.*timer is not known/);
    expect(wakes(rolled)).to.deep.equal(['unknown']);
  });
});

describe('a refresh that is aimed at the timer of another member', function () {
  this.timeout(60_000);

  it('starts when that is about to fire, and says how near it opened', async () => {
    const [rolled] = await rollDescribed({ flags: { members: '2', aim: '300ms' } });
    const { plan, trace } = rolled!;
    const [aimed] = rigEvents(trace, 'aimed');
    expect(aimed, account(rolled!)).to.include({ member: 'node02', at: 'node01' });
    const launchedNs = rigEvents(trace, 'launching').findLast(({ member }) => member === 'node02')!.atNs;
    expect(launchedNs).to.be.greaterThanOrEqual(aimed!.dueNs! - 301e6);
    expect(checkOf(rolled!, 'aimed').because).to.match(
      /^node02 opened \S+ m?s (before|after) the timer of node01 was due$/,
    );
    // Near the timer or not: nobody is accused, and the machine allows what was seen.
    expect(rolled!.verdict.outcome).not.to.equal('broken');
    expect(deviationOf(plan, trace)).to.equal(null);
  });

  it('of a matrix starts as early as the median of those before took to open', () => {
    const [plan] = plansFrom(undefined, { daemon: 'incus', aim: '300ms' });
    const leadOf = ({ steps }: Plan) =>
      steps.flatMap((step) => (step.do === 'refresh' ? step.refreshes : [])).at(-1)?.aim;
    const aims = new Aims();
    expect(aims.improve(plan!)).to.equal(plan);
    for (const tookMs of [900.4, 500, 700.6]) aims.learn(plan!, tookMs);
    expect(leadOf(aims.improve(plan!))).to.deep.equal({ leadMs: 701 });
    const fewer = { ...plan!, members: plan!.members.slice(1) };
    expect(aims.improve(fewer)).to.equal(fewer);
  });

  it('is refused where no timer is known, or nobody was refreshed before it', async () => {
    const without: Change = (description) => void delete (description as { timer?: unknown }).timer;
    for (const [changes, flags, refusal] of [
      [[without], {}, /^--aim 300ms: it is not known when a timer of double is due/],
      [[], { order: 'together' }, /^--aim 300ms: .*refresh two or more, one after the other/],
    ] as const) {
      const error = await rollDescribed({ changes, flags: { aim: '300ms', ...flags } }).then(
        () => null,
        (refused) => refused,
      );
      expect(error).to.be.instanceOf(InputError);
      expect(error.message).to.match(refusal);
    }
  });
});

describe('a daemon is described by what it has', function () {
  this.timeout(60_000);

  expectCases([
    {
      name: 'events that it pushes',
      changes: [pushing, patient],
      verdict: 'holds',
      checks: [
        ['woken', 'holds', /by notices in time: node01/],
        ['nobody-early', 'holds', /had recorded its version/],
      ],
    },
    {
      name: 'events that it pushes, of a timer',
      changes: [pushing, planted('no-notice')],
      verdict: 'broken',
      checks: [['woken', 'broken', /node01 stalled/]],
    },
    {
      name: 'members that form a cluster together, told of each other',
      changes: [together, patient],
      verdict: 'holds',
      checks: [['opened', 'holds', /all 2 members open/]],
    },
    {
      name: 'probes only',
      changes: [withoutPatterns, patient],
      verdict: 'holds',
      checks: [['woken', 'holds', /by notices in time: node01/]],
    },
    {
      name: 'probes that do not tell when a park began, and may have been ended by a timer',
      changes: [withoutPatterns, withoutRows, planted('no-notice')],
      verdict: 'unknown',
      checks: [['woken', 'not-applicable', /cannot be told: .* neither does anything when its park began/]],
    },
    {
      name: 'a log file, probes over TCP, and no rows',
      changes: [intoFile, overTcp, withoutRows, patient],
      verdict: 'holds',
      checks: [
        ['woken', 'holds', /by notices in time: node01/],
        ['nobody-early', 'holds', /had been started in its version/],
      ],
    },
    {
      name: 'commands as probes, for records, and to stop it',
      changes: [byCommand, patient],
      verdict: 'holds',
      checks: [
        ['woken', 'holds', /by notices in time: node01/],
        ['no-record-lost', 'holds', /all \d+ acknowledged records/],
        ['stopped', 'holds', /every member stopped when it was told to/],
      ],
    },
    {
      name: 'no gate at all',
      changes: [planted('opens-early'), ungated],
      verdict: 'holds',
      checks: [
        ['woken', 'not-applicable', /never waits for others/],
        ['nobody-early', 'not-applicable', /never waits for others/],
      ],
    },
  ]);
});

describe('the cluster of a described daemon', function () {
  this.timeout(60_000);
  const own: Change = ({ start }) => Object.assign(start.env!, { DOUBLE_RUN: 'a cluster of its own' });
  const howFormed = ([rolled]: Rolled[]) => rigEvents(rolled!.trace, 'formed').map(({ how }) => how);
  const again = (fresh = false) => rollDescribed({ changes: [own, patient], flags: { members: '2' }, fresh });

  it('is formed once and used again, also by two rolls at once, and anew when that is asked for', async () => {
    expect(howFormed(await again())).to.deep.equal(['now']);
    const both = await Promise.all([again(), again()]);
    for (const [rolled] of both) expectVerdict(rolled!, 'holds');
    // The one that is kept can be used by one of them only.
    expect(both.flatMap(howFormed).sort()).to.deep.equal(['earlier', 'now']);
    const other = await Promise.all([again(), again()]);
    expect(other.flatMap(howFormed)).to.deep.equal(['earlier', 'earlier']);
    expect(howFormed(await again(true))).to.deep.equal(['now']);
  });
});

describe('the cause of a wake that nobody tells', () => {
  const timer = { everyMs: 2000, toleranceMs: 150 };

  for (const [lasted, cause] of [
    [[1200, 1200], 'notice'],
    [[2003, 2003], 'timer'],
    [[1990, 2140], 'timer'],
    [[6010, 6010], 'timer'],
    [[3000, 3400], 'notice'],
    // May be the one or the other.
    [[1700, 2010], 'unknown'],
    [[2100, 2300], 'unknown'],
    [[500, 7000], 'unknown'],
  ] as const) {
    it(`of a park of ${lasted.join(' to ')} ms is ${cause}`, () => {
      expect(reckonedCause(lasted[0], lasted[1], timer)).to.equal(cause);
    });
  }

  it('is a notice where one was seen to come in, whatever the length', () => {
    expect(reckonedCause(2003, 2003, timer, true)).to.equal('notice');
  });

  it('is not known without a timer', () => {
    expect(reckonedCause(1200, 1200, null)).to.equal('unknown');
  });
});
