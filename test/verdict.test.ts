import { expect } from 'chai';
import { Scenario } from '../harness/input/scenario.ts';
import type { Plan } from '../harness/plan/plan.ts';
import {
  BEGINNING,
  broken,
  changedRecord,
  checked,
  END,
  gone,
  PASS,
  rig,
  row,
  SCENARIO,
  SECOND_NS,
  said,
  started,
  verdictOf,
  type Written,
  woken,
} from './support/told.ts';
import { planOf } from './support/versions.ts';

const FINE = [...BEGINNING, ...woken(12, 'notice'), ...END];

/** The same plan, of a daemon that the rig knows less of. */
function less(
  change: Partial<Omit<Plan['daemon'], 'capabilities'>> & { capabilities?: Partial<Plan['daemon']['capabilities']> },
): Plan {
  const plan = planOf(SCENARIO);
  const capabilities = { ...plan.daemon.capabilities, ...change.capabilities };
  return { ...plan, daemon: { ...plan.daemon, ...change, capabilities } };
}

const notApplicable = (verdict: ReturnType<typeof verdictOf>): string[] =>
  verdict.checks.filter(({ outcome }) => outcome === 'not-applicable').map(({ name }) => name);

describe('a verdict is never false: it does not hold', () => {
  const stopped = (how: { code: number | null; signal: string | null; killed?: boolean }, by = 'signal'): Written[] => [
    ...FINE,
    rig(62, 'stopping', { member: 'node02', by }),
    rig(63, 'gone', { member: 'node02', killed: false, ...how }),
  ];

  for (const [what, how, evidence] of [
    ['dies of SIGSEGV', { code: null, signal: 'SIGSEGV' }, 'ended otherwise (signal SIGSEGV)'],
    ['is killed by somebody else', { code: null, signal: 'SIGKILL' }, 'ended otherwise (signal SIGKILL)'],
    ['dies so in a container', { code: 139, signal: null }, 'ended otherwise (exit code 139, as of SIGSEGV)'],
    ['ends with a failure', { code: 1, signal: null }, 'ended otherwise (exit code 1)'],
  ] as const) {
    it(`where a member ${what} while it is being stopped`, () => {
      expect(broken(verdictOf(stopped(how))).stopped).to.equal(`node02 was told to stop, and ${evidence}`);
    });
  }

  it('but does where a member dies of the very signal that told it to stop, or is killed as its daemon has it', () => {
    expect(verdictOf(stopped({ code: null, signal: 'SIGTERM' })).outcome).to.equal('holds');
    expect(verdictOf(stopped({ code: 143, signal: null })).outcome).to.equal('holds');
    expect(verdictOf(stopped({ code: null, signal: 'SIGKILL' }, 'kill')).outcome).to.equal('holds');
  });

  it('where a member that is to be killed has died of something else before', () => {
    const segfault = { code: null, signal: 'SIGSEGV' };
    const words = 'node02 was to be killed, and had ended before that (signal SIGSEGV)';
    expect(broken(verdictOf(stopped(segfault, 'kill'))).stopped).to.equal(words);
    const planned = [rig(62, 'killing', { member: 'node02', at: 'before-commit' }), stopped(segfault).at(-1)!];
    expect(broken(verdictOf([...FINE, ...planned])).stopped).to.equal(words);
  });

  it('where a member that is turned away, as expected, crashes on its way out', () => {
    const plan = { ...planOf(SCENARIO), expect: { ...planOf(SCENARIO).expect, exits: { node02: 'ahead' as const } } };
    const away = said(62, 'node02', 'exiting', { reason: 'ahead', message: 'found a member ahead of it' });
    const ends = (how: object): Written => rig(63, 'gone', { member: 'node02', killed: false, ...how });
    expect(broken(verdictOf([...FINE, away, ends({ code: 1, signal: null })], plan))).not.to.include.keys('exits');
    expect(broken(verdictOf([...FINE, away, ends({ code: null, signal: 'SIGABRT' })], plan)).exits).to.equal(
      'node02 exited: it found a member ahead of it, and did not get to its end (signal SIGABRT)',
    );
  });

  it('but says of one that went by itself while it was being stopped why it went, and nothing of the stop', () => {
    const ended = stopped({ code: 1, signal: null });
    const turnedAway = said(62, 'node02', 'exiting', { reason: 'ahead', message: 'found a member ahead of it' });
    const verdict = verdictOf([...ended.slice(0, -1), turnedAway, ended.at(-1)!]);
    expect(broken(verdict)).to.deep.equal({
      opened: 'node02 did not open',
      exits: 'node02 exited: it found a member ahead of it',
    });
  });

  it('where a notice woke a member that no member had sent', () => {
    const notice = { from: 'node02', notice: 'n1', kind: 'api', disposition: 'delivered' };
    const arrived = said(12, 'node01', 'noticed', notice);
    const sent = said(11, 'node02', 'notifying', { notice: 'n1', kind: 'api', peers: ['node01'] });
    expect(verdictOf([...BEGINNING, sent, arrived, ...woken(12, 'notice'), ...END]).outcome).to.equal('holds');
    const verdict = verdictOf([...BEGINNING, arrived, ...woken(12, 'notice'), ...END]);
    expect(broken(verdict)).to.deep.equal({
      notices: 'a notice (api) that no member sent came to node01 as from node02, and woke it',
    });
    expect(verdict.sentence).to.contain('a notice (api) that no member sent');
  });

  it('where a member was woken by a notice, and does not tell that one came', () => {
    const silent = FINE.filter(([, { event }]) => event !== 'noticed');
    expect(broken(verdictOf(silent))).to.deep.equal({
      notices: 'node01 was woken at the API gate by a notice, and does not tell that any came',
    });
    const kept = FINE.map(([second, event]): Written => {
      return event.event === 'noticed' ? [second - 7, { ...event, disposition: 'latched' }] : [second, event];
    });
    expect(broken(verdictOf(kept))).to.deep.equal({});
    // Parked once more, and woken at once: one notice of both kinds is kept for either gate, and one of a kind is not.
    const again = (kind: string): Written[] => {
      const at = kept.findIndex(([, event]) => event.event === 'woken' && event.member === 'node01');
      const [second, event] = kept[at]!;
      const parked = said(second + 0.01, 'node01', 'parked', { gate: 'api', waitMs: 30_000 });
      const more: Written[] = [kept[at]!, parked, [second + 0.02, event]];
      return kept.toSpliced(at, 1, ...more).map(([when, one]): Written => {
        return one.event === 'noticed' || one.event === 'notifying' ? [when, { ...one, kind }] : [when, one];
      });
    };
    expect(broken(verdictOf(again('api')))).to.have.property('notices');
    expect(broken(verdictOf(again('both')))).not.to.have.property('notices');
  });

  it('where a notice goes to somebody to whom it was not sent, or changes its kind', () => {
    const sent = said(11, 'node02', 'notifying', { notice: 'n1', kind: 'schema', peers: ['node01'] });
    const notice = { from: 'node02', notice: 'n1', kind: 'api', disposition: 'delivered' };
    const verdict = verdictOf([
      ...BEGINNING,
      sent,
      said(12, 'node01', 'noticed', notice),
      ...woken(12, 'notice'),
      ...END,
    ]);
    expect(Object.keys(broken(verdict))).to.deep.equal(['notices']);
  });

  it('and names what kept the roll from going on before all that followed from it', () => {
    const because = 'node01 did not park, open or exit within 60 s';
    const verdict = verdictOf([
      ...BEGINNING,
      rig(70, 'finding', { waitedMs: null, doubt: null, member: 'node01', because }),
      rig(71, 'ended', { how: 'finding' }),
    ]);
    expect(broken(verdict)).to.include.keys('complete', 'opened');
    expect(verdict.sentence).to.match(new RegExp(`(one thing is wrong|things are wrong; the first): ${because}`));
  });

  it('and names who was killed before the stall that followed from it', () => {
    const verdict = verdictOf([...BEGINNING, gone(10.5, 'node02', null), ...woken(36, 'timer'), ...END]);
    expect(broken(verdict)).to.have.keys('opened', 'exits', 'woken');
    expect(verdict.sentence).to.match(/^node02 exited: it went without a word.* stood still for/);
  });

  it('where a member waited in vain until it went by itself, and was started again', () => {
    const again = [
      gone(36, 'node01', 1),
      rig(36, 'restarting', { member: 'node01', attempt: 1, most: 3, afterMs: 200 }),
      started(37, 'node01', 'start', 'v3'),
      ...checked(38, 'node01', 'schema', 'v3', PASS),
      ...checked(38, 'node01', 'api', 'v3', PASS),
      said(38, 'node01', 'open'),
    ];
    const timer = { everyMs: 600_000, toleranceMs: 500 };
    expect(broken(verdictOf([...BEGINNING, ...again, ...END], less({ timer }))).woken).to.equal(
      'nothing woke who could have passed its gate, until it went by itself and was started again: node01, after 26.0 s',
    );
    // It had just come to where it could pass.
    const soon = again.map(([second, event]): Written => [second === 36 ? 10.5 : second, event]);
    expect(broken(verdictOf([...BEGINNING, ...soon, ...END], less({ timer })))).not.to.have.property('woken');
  });

  it('and blames no notice for a stall at a gate that could never pass, because a stranger had joined', () => {
    const byStranger = { is: 'blocked', by: [{ member: 'intruder', axis: 'api', has: 1, wants: 2 }] };
    const waits: Written[] = [
      said(12, 'node01', 'woken', { gate: 'api', by: 'notice' }),
      ...checked(12, 'node01', 'api', 'v3', byStranger),
      said(12, 'node01', 'parked', { gate: 'api', waitMs: 30_000 }),
      said(42, 'node01', 'woken', { gate: 'api', by: 'timer' }),
      ...checked(42, 'node01', 'api', 'v3', byStranger),
      said(42, 'node01', 'parked', { gate: 'api', waitMs: 30_000 }),
    ];
    const verdict = verdictOf([...BEGINNING, ...waits, ...END]);
    expect(verdict.stalls.filter(({ brokenBy }) => brokenBy === 'timer')).to.deep.equal([]);
    expect(verdict.members[0]!.stallMs).to.equal(0);
    expect(broken(verdict).opened).to.contain('node01 did not open');
  });
});

describe('a verdict is unknown', () => {
  it('where nothing tells what decides, however well the rest looks', () => {
    const blind = verdictOf(FINE, less({ capabilities: { tells: ['started'] } }));
    expect(blind.outcome).to.equal('unknown');
    expect(blind.sentence).to.contain('it cannot be judged: nothing tells when a member opens');
    expect(notApplicable(blind)).to.include.members(['opened', 'woken', 'nobody-early', 'applied-once']);
    const deaf = verdictOf(FINE, less({ capabilities: { tells: ['started', 'open'], cause: 'unknown' } }));
    expect(deaf.outcome).to.equal('unknown');
  });

  it('where a park was ended by nobody knows what, and reckons what it can', () => {
    const parked = (second: number): Written[] => [...BEGINNING, ...woken(second, 'unknown'), ...END];
    const timer = { everyMs: 10_000, toleranceMs: 500 };
    expect(verdictOf(parked(12), less({ timer: null })).outcome).to.equal('unknown');
    expect(verdictOf(parked(12), less({ timer })).members[0]!.wokenBy).to.deep.equal(['notice']);
    expect(verdictOf(parked(26), less({ timer })).members[0]!.wokenBy, 'two whole timers').to.deep.equal(['timer']);
    expect(Object.keys(broken(verdictOf(parked(26), less({ timer }))))).to.deep.equal(['woken']);
  });

  it('where the timer was due just when a peer had opened, so that it may as well have been its notice', () => {
    // node02 opens at 10, and node01 has been parked since 6.
    const parked = (second: number): Written[] => [...BEGINNING, ...woken(second, 'unknown'), ...END];
    const due = less({ timer: { everyMs: 4200, toleranceMs: 300 } });
    const verdict = verdictOf(parked(10.2), due);
    expect(verdict.outcome).to.equal('unknown');
    expect(verdict.sentence).to.contain(
      'what woke node01 cannot be told: the daemon does not tell, and its timer was due',
    );
    expect(verdict.members[0]!.stallMs).to.equal(0);
    expect(verdictOf(parked(10.2), less({ timer: { everyMs: 3000, toleranceMs: 300 } })).outcome).to.equal('holds');
    const later = less({ timer: { everyMs: 4800, toleranceMs: 300 } });
    expect(Object.keys(broken(verdictOf(parked(10.8), later)))).to.deep.equal(['woken']);
  });

  it('where a timer fired just when a peer had opened, and nothing tells whether that one had sent a notice', () => {
    const tells = ['started', 'recorded', 'parked', 'woken', 'open'] as const;
    const mute = (everyMs: number): Plan => less({ capabilities: { tells }, timer: { everyMs, toleranceMs: 10 } });
    const fired = [...BEGINNING, ...woken(10.3, 'timer'), ...END];
    const verdict = verdictOf(fired, mute(4300));
    expect(verdict.outcome, verdict.sentence).to.equal('unknown');
    expect(verdict.sentence).to.contain('whether a notice was on its way to node01 cannot be told');
    // It fired much later, as timers go: no notice takes that long.
    expect(Object.keys(broken(verdictOf(fired, mute(500))))).to.deep.equal(['woken']);
    expect(Object.keys(broken(verdictOf([...BEGINNING, ...woken(12, 'timer'), ...END], mute(6000))))).to.deep.equal([
      'woken',
    ]);
  });

  it('where a member was frozen while it waited: it waits longer than its timer then', () => {
    const freeze = { fault: 'freeze', member: 'node01', begins: 'after node01', ends: 'settle' };
    const { steps } = planOf({ ...SCENARIO, ...Scenario.parse({ faults: [freeze] }) });
    const frozen = { ...less({ timer: { everyMs: 10_000, toleranceMs: 500 } }), steps };
    const parked = [...BEGINNING, ...woken(12, 'unknown'), ...END];
    expect(verdictOf(parked, frozen).members[0]!.wokenBy).to.deep.equal(['notice']);
    const spell = [rig(7, 'fault', { id: 'f1', says: '' }), rig(11, 'undone', { id: 'f1', says: '' })];
    const verdict = verdictOf([...parked, ...spell], frozen);
    expect(verdict.members[0]!.wokenBy).to.deep.equal(['unknown']);
    expect(verdict.sentence).to.contain('who is frozen waits longer than its timer');
  });

  it('where a member went on when nobody could have told it, and no timer was due', () => {
    const observed = (every: number): Plan =>
      less({
        capabilities: { tells: ['started', 'recorded', 'parked', 'woken', 'open'] },
        timer: { everyMs: every, toleranceMs: 100 },
      });
    // The cluster is long formed when the first member parks; it is woken twice before anybody opens.
    const later = (events: readonly Written[]): Written[] =>
      events.map(([at, event]) => {
        const { decidedNs } = event;
        const decided = typeof decidedNs === 'number' ? { decidedNs: decidedNs + 20 * SECOND_NS } : {};
        return at < 3 ? [at, event] : [at + 20, { ...event, ...decided }];
      });
    const [before, after] = [BEGINNING.slice(0, -5), BEGINNING.slice(-5)];
    const again = [6.8, 7.6].flatMap((second) => [
      said(second, 'node01', 'woken', { gate: 'api', by: 'unknown' }),
      said(second, 'node01', 'parked', { gate: 'api', waitMs: 30_000 }),
    ]);
    const launches = [
      ...[1, 4].map((second) => rig(second, 'launching', { member: 'node01', version: second < 3 ? 'v2' : 'v3' })),
      ...[2, 8].map((second) => rig(second, 'launching', { member: 'node02', version: second < 3 ? 'v2' : 'v3' })),
      ...['node01', 'node02'].flatMap((member) => [
        rig(60.4, 'stopping', { member, by: 'signal' }),
        gone(60.5, member, 0),
      ]),
    ];
    const story = (waking: readonly Written[]) =>
      later([...launches, ...before, ...waking, ...after, ...woken(10.2, 'unknown'), ...END]);
    const verdict = verdictOf(story(again), observed(2500));
    expect(verdict.outcome, verdict.sentence).to.equal('unknown');
    expect(verdict.sentence).to.contain('node01 went on after a park that was no timer, which is 2.5 s');
    const right = verdictOf(story([]), observed(2500));
    expect(right.outcome, right.sentence).to.equal('holds');
  });

  it('where a request of the rig timed out: that is no refusal; nor is it one of the environment, or a lag of the rig', () => {
    const late = (how: string): Written[] => [
      ...FINE,
      rig(50, 'unavailable', { member: 'node02', operation: 'read', how, because: 'slow', sinceNs: 49 * SECOND_NS }),
    ];
    expect(broken(verdictOf(late('refused')))).to.have.keys('open-serves');
    const verdict = verdictOf([...late('timeout'), rig(51, 'lag', { forMs: 9000 })]);
    expect(verdict.outcome).to.equal('unknown');
    expect(verdict.sentence).to.contain('node02 was open and did not serve a read: slow');
    expect(verdict.sentence).to.contain('the rig itself did not get to run for up to 9.0 s');
  });

  it('where the environment failed: what did not happen then is no member’s doing', () => {
    const ended = [rig(9, 'failure', { because: 'the engine is gone' }), rig(9, 'ended', { how: 'environment' })];
    const verdict = verdictOf([...BEGINNING.slice(0, 13), ...ended]);
    expect(verdict.outcome).to.equal('unknown');
    expect(verdict.sentence).to.contain('the engine is gone');
  });

  it('where an event could not be read: what seems to be missing may have been told', () => {
    const missed = rig(20, 'missed', { member: 'node01', text: 'printed an event that cannot be read' });
    expect(verdictOf([...FINE, missed]).outcome).to.equal('unknown');
    const stalled = verdictOf([...BEGINNING, ...woken(36, 'timer'), missed, ...END]);
    expect(stalled.outcome).to.equal('unknown');
    expect(stalled.checks.find(({ name }) => name === 'woken')!.because).to.match(
      /only a timer ended a stall.*or so it seems: node01 printed an event that cannot be read/,
    );
    const lost = [...FINE, missed].map(changedRecord);
    expect(broken(verdictOf(lost)), 'but what was seen was seen').to.have.keys('no-record-lost');
  });

  for (const [what, end] of [
    ['is interrupted', [rig(9, 'ended', { how: 'interrupted' })]],
    ['ends with its rig', []],
  ] as const) {
    it(`where the roll ${what}: what members had not done then is not held against them, what they had is`, () => {
      const verdict = verdictOf([...BEGINNING.slice(0, 13), ...end]);
      expect([verdict.outcome, broken(verdict)]).to.deep.equal(['unknown', {}]);
      const crashed = verdictOf([...BEGINNING.slice(0, 13), gone(8, 'node02', 1), ...end]);
      expect(Object.keys(broken(crashed))).to.deep.equal(['exits']);
    });
  }

  it('where two sources contradict each other', () => {
    const verdict = verdictOf([
      ...FINE,
      rig(20, 'contradiction', { member: 'node01', text: 'its log says otherwise' }),
    ]);
    expect(verdict.outcome).to.equal('unknown');
  });
});

describe('a check that has nothing to look at', () => {
  it('is not applicable, and says why; what a daemon does not have is not missed', () => {
    const verdict = verdictOf(
      FINE,
      less({ capabilities: { records: false, waits: false, tells: ['started', 'open'] } }),
    );
    expect(verdict.outcome, verdict.sentence).to.equal('holds');
    expect(notApplicable(verdict)).to.include.members([
      'woken',
      'nobody-early',
      'applied-once',
      'no-record-lost',
      'open-serves',
      'notices',
      'budgets',
      'as-predicted',
    ]);
    for (const { because } of verdict.checks) expect(because).to.not.equal('');
  });

  it('counts an exit that a supervisor heals, tells it, and does not take it for the end of the member', () => {
    const crashed: Written[] = [
      ...FINE.slice(0, -4),
      gone(50, 'node02', 1),
      rig(50, 'restarting', { member: 'node02', attempt: 1, most: 3, afterMs: 200 }),
      rig(51, 'launching', { member: 'node02', version: 'v3' }),
      started(51, 'node02', 'start', 'v3'),
      said(52, 'node02', 'recorded', { gate: 'api', row: row('node02', 'v3'), decidedNs: 52 * SECOND_NS }),
      said(52, 'node02', 'checked', { gate: 'api', outcome: PASS, decidedNs: 52 * SECOND_NS }),
      said(53, 'node02', 'open'),
      ...FINE.slice(-4, -1),
      rig(60.5, 'stopping', { member: 'node02', by: 'signal' }),
      gone(60.6, 'node02', 0),
      ...FINE.slice(-1),
    ];
    const verdict = verdictOf(crashed);
    expect(verdict.outcome, verdict.sentence).to.equal('holds');
    expect(verdict.sentence).to.contain('node02 exited once, and its supervisor started it again');
    expect(verdict.members[1]!.restarts).to.equal(1);
    const cut = (second: number): Written =>
      rig(second, 'unavailable', {
        member: 'node02',
        operation: 'read',
        how: 'unreachable',
        because: 'write EPIPE',
        sinceNs: (second - 0.01) * SECOND_NS,
      });
    expect(verdictOf([...crashed, cut(49.9)]).outcome, 'a request that its exit cut off').to.equal('holds');
    expect(Object.keys(broken(verdictOf([...crashed, cut(45)])))).to.deep.equal(['open-serves']);
  });
});
