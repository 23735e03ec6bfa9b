/** Members that go of a one-off patch while others run the same, and what a matrix says of that. */
import { expect } from 'chai';
import { ownExits } from '../harness/judge/exits.ts';
import { judge } from '../harness/judge/judge.ts';
import { healedSentences } from '../harness/matrix/healed.ts';
import type { EventName } from '../node/events.ts';
import type { PatchBy } from '../node/upgrade/patch.ts';
import { recorded } from './support/recorded.ts';
import { judged, resultsOf } from './support/results.ts';
import {
  BEGINNING,
  END,
  gone,
  rig,
  SCENARIO,
  said,
  started,
  traceOf,
  verdictOf,
  type Written,
  woken,
} from './support/told.ts';
import { planOf } from './support/versions.ts';

const SAID = 'said: Failed applying patch "migrate": database is locked';

describe('a patch that a version lists', () => {
  const plan = planOf({ members: 2, from: 'v4', to: 'v4.1' });
  const judgedBy = (...events: Written[]) => {
    const told = [...BEGINNING, ...woken(20, 'notice'), ...events, ...END];
    const { outcome, because } = verdictOf(told, plan).checks.find(({ name }) => name === 'patched-once')!;
    return `${outcome}: ${because}`;
  };
  const outcome = { is: 'patch-failed', patch: 'record-values', why: 'no such table' };

  it('is not held to have run once where nobody came to run it, or could', () => {
    expect(judgedBy()).to.equal('not-applicable: no member came to run a patch');
    const failed = said(31, 'node01', 'patched', {
      patch: 'record-values',
      changes: 'database',
      outcome,
      decidedNs: 31e9,
    });
    expect(judgedBy(failed)).to.equal('broken: node01 could not run the patch record-values');
  });
});

describe('a check that is expected to be broken', () => {
  const plan = planOf({ ...SCENARIO, expect: { broken: ['open-serves'] } });
  const judgedAt = (how: string) => {
    const told = [...BEGINNING, ...woken(20, 'notice'), ...END.slice(0, -1), rig(61, 'ended', { how })];
    const verdict = verdictOf(told, plan);
    return { ...verdict.checks.find(({ name }) => name === 'open-serves')!, sentence: verdict.sentence };
  };

  it('and holds, counts for nothing where the roll was cut short', () => {
    expect(judgedAt('complete')).to.include({ outcome: 'broken' });
    expect(judgedAt('interrupted')).to.include({ outcome: 'not-applicable', leavesOpen: true });
    expect(judgedAt('interrupted').sentence).to.contain('the roll was interrupted');
  });
});

describe('patches that no version lists', () => {
  const plan = planOf(SCENARIO);
  const judgedBy = (events: Written[], tells: readonly EventName[], patchBy: PatchBy = 'each') => {
    const capabilities = { ...plan.daemon.capabilities, tells: ['started', 'open', ...tells], patchBy } as const;
    const told = [...BEGINNING, ...woken(20, 'notice'), rig(30, 'step', { step: 1 }), ...events, ...END];
    const { checks } = verdictOf(told, { ...plan, daemon: { ...plan.daemon, capabilities } });
    const { outcome, because } = checks.find(({ name }) => name === 'patched-once')!;
    return `${outcome}: ${because}`;
  };
  const begun = (second: number, member: string, patch: string): Written => said(second, member, 'patching', { patch });
  const ended = (second: number, member: string, patch: string): Written =>
    said(second, member, 'patched', { patch, changes: null, outcome: 'ran', decidedNs: second * 1e9 });
  const noted = (second: number, member: string, patch: string, born = false): Written =>
    said(second, member, 'noted', { patch, born });
  const run = (second: number, member: string, patch: string): Written[] => [
    begun(second, member, patch),
    ended(second, member, patch),
  ];
  const both = ['patching', 'patched'] as const;

  it('are judged by what members were seen to begin, to end, or to have noted', () => {
    const whole = [...run(31, 'node01', 'move'), ...run(32, 'node02', 'move')];
    expect(judgedBy(whole, both)).to.equal(
      'holds: move: run to its end by each member that was refreshed, once and in one order',
    );
    expect(judgedBy([begun(31, 'node01', 'move'), begun(32, 'node02', 'move')], ['patching'])).to.match(
      /^holds: .*begun/,
    );
    expect(judgedBy([], both)).to.match(/^not-applicable: no refreshed member was seen to run a patch/);
    expect(judgedBy([noted(31, 'node01', 'move'), noted(31, 'node02', 'move', true)], ['noted'])).to.match(/^holds/);
  });

  it('hold on real Incus and LXD, also where a patch failed and its member ran it again', () => {
    for (const name of ['incus-panic', 'lxd-two-lost-records']) {
      const { plan: real, trace } = recorded(name);
      const capabilities = { ...real.daemon.capabilities, patchBy: 'each' } as const;
      const { checks } = judge({ ...real, daemon: { ...real.daemon, capabilities } }, trace);
      expect(
        checks.find((check) => check.name === 'patched-once'),
        name,
      ).to.include({ outcome: 'holds' });
    }
  });

  it('are broken where one runs none, or not to the end, that another runs', () => {
    const lacks = /^broken: node02 was not seen to deal with move, which others did/;
    expect(judgedBy(run(31, 'node01', 'move'), both)).to.match(lacks);
    expect(judgedBy([...run(31, 'node01', 'move'), begun(32, 'node02', 'move')], both)).to.match(lacks);
    expect(judgedBy([begun(31, 'node01', 'move')], ['patching'])).to.match(lacks);
    expect(judgedBy([noted(31, 'node01', 'move')], ['noted'])).to.match(lacks);
    expect(judgedBy([...run(31, 'node01', 'move'), rig(58, 'lag', { forMs: 20_000 })], both)).to.match(
      /^not-applicable: .*; but the rig/,
    );
  });

  it('are broken where one runs again, though nothing had interrupted it', () => {
    const again = (between: Written[], first = run(31, 'node01', 'move')) =>
      judgedBy([...first, ...between, ...run(45, 'node01', 'move'), ...run(46, 'node02', 'move')], both);
    const twice = 'broken: node01 ran the patch move 2 times';
    const restarted = [gone(40, 'node01', 1), started(41, 'node01', 'start', 'v3'), said(42, 'node01', 'open')];
    expect(again([])).to.equal(twice);
    expect(again([rig(39, 'stopping', { member: 'node01', by: 'signal' }), ...restarted])).to.equal(twice);
    expect(again(restarted, [begun(31, 'node01', 'move')])).to.match(/^holds/);
    // It may have gone before it had noted it.
    expect(again(restarted)).to.match(/^holds/);
  });

  it('are broken where members run two in different orders, or more than one runs what one runs for all', () => {
    const crossed = [
      ...[...run(31, 'node01', 'move'), ...run(32, 'node01', 'tidy')],
      ...[...run(33, 'node02', 'tidy'), ...run(34, 'node02', 'move')],
    ];
    expect(judgedBy(crossed, both)).to.equal('broken: node02 ran tidy where node01 ran move: not in one order');
    expect(judgedBy([...run(31, 'node01', 'move'), ...run(32, 'node02', 'move')], both, 'once')).to.equal(
      'broken: the patch move was to be run once, and was run by node01 and node02',
    );
    expect(judgedBy(run(31, 'node01', 'move'), both, 'once')).to.match(/^holds/);
  });
});

describe('a member that goes of a patch', () => {
  const launching = ['node01', 'node02'].map((member) => rig(0, 'launching', { member, version: 'v2' }));
  const roll = (beside: readonly [second: number, patch: string][]) => [
    ...launching,
    ...BEGINNING,
    ...beside.map(([second, patch]) => said(second, 'node01', 'patching', { patch })),
    said(41, 'node02', 'patching', { patch: 'migrate' }),
    said(42, 'node02', 'exiting', { reason: 'failed', message: SAID }),
    gone(43, 'node02', 1),
    rig(44, 'restarting', { member: 'node02', attempt: 1, most: 3, afterMs: 200 }),
  ];

  it('is told with whoever was running the same patch meanwhile, and with nobody else', () => {
    const besides = [
      [[40, 'migrate']],
      // It had gone on to the next by then, or began only later.
      [
        [39, 'migrate'],
        [40, 'tidy'],
      ],
      [[43.5, 'migrate']],
    ] as const;
    const found = besides.map(
      (beside) => ownExits(traceOf(roll(beside.map(([at, patch]) => [at, patch]))), 'node02')[0],
    );
    expect(found.map((exit) => exit?.patching)).to.deep.equal([
      { patch: 'migrate', beside: ['node01'] },
      { patch: 'migrate', beside: [] },
      { patch: 'migrate', beside: [] },
    ]);
    const { because } = verdictOf(roll([[40, 'migrate']])).checks.find(({ name }) => name === 'exits')!;
    expect(because).to.contain(`it ${SAID}, while it ran the patch migrate, as did node01`);
  });

  it('is counted by rolls over a matrix, with who was running it beside whom', () => {
    const exit = (member: string, beside: string[]) => ({
      member,
      message: `it ${SAID}`,
      patching: { patch: 'migrate', beside },
    });
    const attempts = [1, 2, 3].map((repeat) => judged('v1-v2/123', repeat, true));
    const healed = [[exit('node01', ['node02']), exit('node02', ['node01'])], [exit('node02', ['node01'])], []];
    const results = resultsOf(
      {},
      attempts.map((attempt, index) => ({ ...attempt, healed: healed[index]! })),
    );
    expect(healedSentences(results)).to.deep.equal([
      `In 2 of 3 rolls members exited by themselves, 3 times in all, and were started again by their supervisor: it ${SAID}. ` +
        'Who was running the patch migrate then: node01 beside node02: 1, node02 beside node01: 2.',
    ]);
    expect(healedSentences(resultsOf({}, attempts))).to.deep.equal([]);
  });
});
