import { expect } from 'chai';
import { Scenario } from '../harness/input/scenario.ts';
import type { Plan } from '../harness/plan/plan.ts';
import {
  BEGINNING,
  blockedBy,
  broken,
  changedRecord,
  checked,
  delivered,
  END,
  gone,
  ledger,
  PASS,
  RECORDS,
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

describe('the judge', () => {
  it('lets a roll hold in which everybody was opened by a notice, and measures it', () => {
    const verdict = verdictOf([...BEGINNING, ...woken(12, 'notice'), ...END]);
    expect(broken(verdict)).to.deep.equal({});
    expect(verdict.outcome).to.equal('holds');
    expect(verdict.members).to.deep.equal([
      {
        name: 'node01',
        timeToOpenMs: 9000,
        parkedMs: { api: 6000 },
        waitedFor: ['node02'],
        wokenBy: ['notice'],
        unblockLatencyMs: 3000,
        stallMs: 0,
        downtimeMs: 10_000,
        memoryBytes: null,
        restarts: 0,
        atLeastMs: {},
      },
      {
        name: 'node02',
        timeToOpenMs: 2000,
        parkedMs: {},
        waitedFor: [],
        wokenBy: [],
        unblockLatencyMs: null,
        stallMs: 0,
        downtimeMs: 3000,
        memoryBytes: null,
        restarts: 0,
        atLeastMs: {},
      },
    ]);
  });

  it('finds the stall that a timer ended, and says who had not told whom', () => {
    const verdict = verdictOf([...BEGINNING, ...woken(36, 'timer'), ...END]);
    expect(Object.keys(broken(verdict))).to.deep.equal(['woken']);
    expect(verdict.members[0]!.stallMs).to.equal(26_000);
    expect(verdict.stalls).to.have.length(1);
    expect(verdict.stalls[0]).to.deep.include({ member: 'node01', gate: 'api', brokenBy: 'timer', cycle: [] });
    expect(verdict.stalls[0]!.because).to.contain('node02 had made that true and had not told it');
  });

  it('does not count a timer that fires while the notice is on its way', () => {
    const sent = { notice: 'n', kind: 'both', peers: ['node01'] };
    const arrived = { from: 'node02', notice: 'n', kind: 'both', disposition: 'dropped' };
    const race = [said(11, 'node02', 'notifying', sent), ...woken(12, 'timer'), said(14, 'node01', 'noticed', arrived)];
    expect(broken(verdictOf([...BEGINNING, ...race, ...END]))).to.deep.equal({});
    // Not so where the sender had parked before it told anybody: then only the timer set it free.
    const parked = said(10.5, 'node02', 'parked', { gate: 'api', waitMs: 30_000 });
    expect(broken(verdictOf([...BEGINNING, parked, ...race, ...END]))).to.have.keys('woken');
  });

  it('tells a lost notice from one that was never sent', () => {
    const notice = { from: 'node02', notice: 'n', kind: 'api', disposition: 'dropped' };
    const verdict = verdictOf([...BEGINNING, said(11, 'node01', 'noticed', notice), ...woken(36, 'timer'), ...END]);
    expect(verdict.stalls[0]!.because).to.contain(
      'the notice from node02 came before node01 had parked, and was dropped',
    );
  });

  it('takes nobody for early who counted on what another had recorded just before it was killed', () => {
    const untold = [...BEGINNING.slice(0, -3), ...woken(12, 'notice'), ...END];
    expect(broken(verdictOf(untold))['nobody-early']).to.equal('node01 opened early: node02 had not recorded it');
    const killed = rig(10.5, 'killing', { member: 'node02', at: null });
    expect(broken(verdictOf([...untold, killed]))).not.to.have.property('nobody-early');
    // Held where it is killed, it had told all.
    const held = rig(10.5, 'killing', { member: 'node02', at: 'before-commit' });
    expect(broken(verdictOf([...untold, held]))).to.have.property('nobody-early');
  });

  it('has nobody wait any more who was killed', () => {
    const told = BEGINNING.slice(0, -2);
    const blocked = { gate: 'api', outcome: blockedBy('node01'), decidedNs: 10 * SECOND_NS };
    const stall = (killed: readonly Written[]): Written[] => [
      ...told,
      said(10, 'node02', 'checked', blocked),
      said(10, 'node02', 'parked', { gate: 'api', waitMs: 30_000 }),
      ...killed,
      said(40, 'node02', 'woken', { gate: 'api', by: 'timer' }),
      ...checked(41, 'node02', 'api', 'v3', PASS),
      said(41, 'node02', 'open'),
      ...END,
    ];
    const waiters = (events: readonly Written[]): string[] =>
      verdictOf(events).stalls.flatMap((one) => one.waiters.map(({ member }) => member));
    expect(waiters(stall([]))).to.deep.equal(['node01', 'node02']);
    expect(waiters(stall([rig(20, 'killing', { member: 'node01', at: null })]))).to.deep.equal(['node02']);
  });

  it('does not call a park a stall that a timer ended while the gate could not have passed', () => {
    const early = [...BEGINNING.slice(0, 13), said(6.5, 'node01', 'woken', { gate: 'api', by: 'timer' })];
    const again = [
      ...checked(6.6, 'node01', 'api', 'v3', blockedBy('node02')),
      said(6.7, 'node01', 'parked', { gate: 'api', waitMs: 1 }),
    ];
    const verdict = verdictOf([...early, ...again, ...BEGINNING.slice(13), ...woken(12, 'notice'), ...END]);
    expect(verdict.members[0]).to.deep.include({ stallMs: 0, wokenBy: ['timer', 'notice'] });
    expect(verdict.stalls).to.deep.equal([]);
    expect(broken(verdict)).to.deep.equal({});
    const expectingTimer = planOf({ ...SCENARIO, expect: { woken: 'timer' } });
    const harmless = [...early, ...again, ...BEGINNING.slice(13), ...woken(12, 'notice'), ...END];
    expect(Object.keys(broken(verdictOf(harmless, expectingTimer)))).to.deep.equal(['woken']);
  });

  it('holds where a timer was expected and needed, and not where it was not needed', () => {
    const plan = planOf({ ...SCENARIO, expect: { woken: 'timer' } });
    expect(verdictOf([...BEGINNING, ...woken(36, 'timer'), ...END], plan).outcome).to.equal('holds');
    expect(Object.keys(broken(verdictOf([...BEGINNING, ...woken(12, 'notice'), ...END], plan)))).to.deep.equal([
      'woken',
    ]);
  });

  it('names the cycle of the reported deadlock', () => {
    const plan = planOf({ members: 2, from: 'v1', to: 'v2', strategy: 'combined' });
    const v1 = (member: string) => ({ ...row(member, 'v1') });
    const onlySchema = (member: string) => ({ ...row(member, 'v2'), extensions: [] });
    const schemaBehind = { is: 'blocked', by: [{ member: 'node02', axis: 'internal', has: 1, wants: 2 }] };
    const apiBehind = { is: 'blocked', by: [{ member: 'node01', axis: 'api', has: 0, wants: 1 }] };
    const at = (second: number) => ({ decidedNs: second * SECOND_NS });
    const verdict = verdictOf(
      [
        BEGINNING[0]!,
        started(1, 'node01', 'bootstrap', 'v1'),
        said(1, 'node01', 'recorded', { gate: null, row: v1('node01'), ...at(1) }),
        said(1, 'node01', 'applied', {
          from: { internal: 0, external: 0 },
          to: { internal: 1, external: 1 },
          seeded: null,
          ...at(1),
        }),
        said(1, 'node01', 'open'),
        started(2, 'node02', 'join', 'v1'),
        said(2, 'node02', 'recorded', { gate: null, row: v1('node02'), ...at(2) }),
        said(2, 'node02', 'open'),
        started(4, 'node01', 'start', 'v2'),
        said(5, 'node01', 'recorded', { gate: 'schema', row: onlySchema('node01'), ...at(5) }),
        said(5, 'node01', 'checked', { gate: 'schema', outcome: schemaBehind, ...at(5) }),
        said(5, 'node01', 'parked', { gate: 'schema', waitMs: 30_000 }),
        started(8, 'node02', 'start', 'v2'),
        said(9, 'node02', 'recorded', { gate: 'schema', row: onlySchema('node02'), ...at(9) }),
        said(9, 'node02', 'applied', {
          from: { internal: 1, external: 1 },
          to: { internal: 2, external: 1 },
          seeded: null,
          ...at(9),
        }),
        said(9, 'node02', 'checked', { gate: 'schema', outcome: PASS, ...at(9) }),
        said(10, 'node02', 'recorded', { gate: 'api', row: row('node02', 'v2'), ...at(10) }),
        said(10, 'node02', 'checked', { gate: 'api', outcome: apiBehind, ...at(10) }),
        said(10, 'node02', 'parked', { gate: 'api', waitMs: 30_000 }),
        said(35, 'node01', 'woken', { gate: 'schema', by: 'timer' }),
        ...checked(36, 'node01', 'schema', 'v2', PASS).slice(1),
        ...checked(37, 'node01', 'api', 'v2', PASS),
        said(37, 'node01', 'open'),
        ...delivered(38, 'node01', 'node02'),
        said(38, 'node02', 'woken', { gate: 'api', by: 'notice' }),
        ...checked(39, 'node02', 'api', 'v2', PASS),
        said(39, 'node02', 'open'),
        ...END,
      ],
      plan,
    );
    expect(verdict.stalls[0]!.cycle).to.deep.equal(['node01', 'node02']);
    expect(verdict.stalls[0]!.stallMs).to.equal(26_000);
    expect(verdict.stalls[0]!.because).to.contain(
      'node02 waited at the API gate for node01 (API extensions 0, wants 1)',
    );
    expect(Object.keys(broken(verdict))).to.deep.equal(['woken']);
  });

  describe('does not let a roll hold in which', () => {
    const fine = [...BEGINNING, ...woken(12, 'notice'), ...END];
    const without = (drop: (event: Record<string, unknown>) => boolean) => fine.filter(([, event]) => !drop(event));
    const cases: Array<readonly [what: string, check: string, events: readonly Written[], evidence: string]> = [
      ['a member never opened', 'opened', [...BEGINNING, ...END], 'node01 did not open'],
      [
        'a member opened before all had recorded its version',
        'nobody-early',
        [
          ...BEGINNING.slice(0, 13),
          ...checked(6.5, 'node01', 'api', 'v3', PASS),
          said(6.6, 'node01', 'open'),
          ...BEGINNING.slice(13),
          ...END,
        ],
        'node01 opened early: node02 had not recorded it',
      ],
      [
        'a row said what its member did not run',
        'nobody-early',
        [
          ...fine.slice(0, 18),
          started(10.5, 'node02', 'start', 'v2'),
          said(10.6, 'node02', 'checked', { gate: 'schema', outcome: PASS, decidedNs: 10.6 * SECOND_NS }),
          ...fine.slice(18),
        ],
        'node01 opened early: the row of node02 was a lie, it ran v2',
      ],
      [
        'a schema update was applied twice',
        'applied-once',
        [
          ...fine.slice(0, 15),
          said(9, 'node02', 'applied', {
            from: { internal: 1, external: 1 },
            to: { internal: 2, external: 1 },
            seeded: null,
            decidedNs: 9,
          }),
          ...fine.slice(15),
        ],
        'internal 2 was applied 2 times, by node01 and node02',
      ],
      [
        'a record was lost',
        'no-record-lost',
        [...fine.slice(0, -2), ledger({ node01: { b: '2' }, node02: RECORDS }), fine.at(-1)!],
        'node01 lacks 1 of 2: a',
      ],
      [
        'the records were never read back',
        'no-record-lost',
        without((event) => event.rig === 'ledger'),
        'never read back',
      ],
      [
        'a member exited by itself',
        'exits',
        [...fine, said(50, 'node02', 'exiting', { reason: 'failed', message: 'broke' }), gone(51, 'node02', 1)],
        'node02 exited: it failed: broke',
      ],
      [
        'a member went without a word',
        'exits',
        [...fine, gone(50, 'node02', null)],
        'node02 exited: it went without a word',
      ],
      [
        'somebody else told a member to stop',
        'opened',
        [...fine, said(50, 'node02', 'exiting', { reason: 'signal', message: '' }), gone(51, 'node02', 0)],
        'node02 did not open',
      ],
      [
        'a refreshed member died before its first word',
        'opened',
        [
          ...fine,
          rig(50, 'stopping', { member: 'node02' }),
          gone(51, 'node02', 0),
          rig(52, 'launching', { member: 'node02', version: 'v3' }),
          gone(53, 'node02', 134),
        ],
        'node02 did not open',
      ],
      [
        'a member crashed before its refresh',
        'exits',
        [...fine.slice(0, 13), gone(6.5, 'node02', null), ...fine.slice(13)],
        'node02 exited: it went without a word',
      ],
      [
        'a member had to be killed',
        'stopped',
        [...fine, rig(62, 'stopping', { member: 'node02' }), gone(63, 'node02', null, true)],
        'node02 did not stop',
      ],
      [
        'a row was never recorded',
        'nobody-early',
        without((event) => event.event === 'recorded' && event.member === 'node02'),
        'node01 opened early: node02 had no row',
      ],
      ['a record was changed', 'no-record-lost', fine.map(changedRecord), 'node02 has other values for 1 of 2: b'],
      [
        'an open member could not be asked for its records',
        'no-record-lost',
        [...fine.slice(0, -2), ledger({ node01: RECORDS }), fine.at(-1)!],
        'node02 could not be asked for its records',
      ],
      [
        'no record was ever written',
        'no-record-lost',
        [
          ...fine.slice(0, -2),
          rig(60, 'ledger', { acknowledged: {}, found: { node01: {}, node02: {} } }),
          fine.at(-1)!,
        ],
        'nothing was tried',
      ],
      [
        'an open member refused a request',
        'open-serves',
        [
          ...fine,
          rig(50, 'unavailable', { member: 'node02', operation: 'read', because: 'busy', sinceNs: 49 * SECOND_NS }),
        ],
        'node02 was open and did not serve a read: busy',
      ],
      [
        'nobody was ever served',
        'open-serves',
        without((event) => event.rig === 'tally'),
        'node01 never served a read',
      ],
    ];
    for (const [what, check, events, evidence] of cases) {
      it(what, () => {
        const verdict = verdictOf(events);
        expect(verdict.outcome).to.equal('broken');
        expect(broken(verdict)[check]).to.contain(evidence);
      });
    }

    it('a budget was exceeded', () => {
      const plan = planOf({ ...SCENARIO, expect: { budgets: { unblock_latency: 2000, time_to_open: 60_000 } } });
      expect(broken(verdictOf(fine, plan))).to.deep.equal({
        budgets: 'node01: unblock latency 3.0 s over a budget of 2.0 s',
      });
    });
  });

  describe('holds nothing against a member that the rig measured or waited for', () => {
    const late = (second: number, forMs: number): Written => rig(second, 'lag', { forMs });
    const budget = planOf({ ...SCENARIO, expect: { budgets: { unblock_latency: 1000 } } });
    const gaveUp = [
      ...BEGINNING,
      rig(80, 'finding', {
        doubt: null,
        member: 'node01',
        because: 'node01 did not open within 60 s',
        waitedMs: 60_000,
      }),
      rig(82, 'ended', { how: 'finding' }),
    ];
    const unsettled = [
      ...BEGINNING,
      rig(200, 'unsettled', { members: { node01: 'waits' } }),
      rig(202, 'ended', { how: 'unsettled' }),
    ];
    const fine = [...BEGINNING, ...woken(11, 'notice'), ...END];
    const killed = [...fine, rig(62, 'stopping', { member: 'node02', by: 'signal' }), gone(68, 'node02', null, true)];
    const cases: ReadonlyArray<
      [what: string, check: string, events: Written[], under: Written, beside: Written, plan?: Plan]
    > = [
      ['a member that it gave up', 'complete', gaveUp, late(81, 1500), late(19, 1500)],
      ['the opening of a member that it gave up', 'opened', gaveUp, late(50, 3300), late(50, 300)],
      ['a cluster that it gave up', 'complete', unsettled, late(201, 2500), late(7, 1500)],
      ['a member that it had to kill', 'stopped', killed, late(66, 3000), late(61, 3000)],
      ['a figure', 'budgets', fine, late(11.1, 300), late(2, 300), budget],
    ];
    for (const [what, check, events, under, beside, plan] of cases) {
      it(`under a lag: ${what}`, () => {
        const found = (lag: Written) => verdictOf([...events, lag], plan).checks.find(({ name }) => name === check)!;
        expect(found(under)).to.deep.include({ outcome: 'not-applicable', leavesOpen: true });
        expect(found(under).because).to.contain('the rig itself did not get to run for up to');
        expect(found(beside).outcome).to.equal('broken');
      });
    }

    it('under a lag, and leaves the verdict unknown', () => {
      expect(verdictOf([...killed, late(66, 3000)]).outcome).to.equal('unknown');
    });
  });

  it('lets a member be killed that could not stop while a fault had hold of another, or of a link of its own', () => {
    const fine = [...BEGINNING, ...woken(12, 'notice'), ...END];
    const slow = [rig(62, 'stopping', { member: 'node02', by: 'signal' }), gone(82, 'node02', null, true)];
    const freeze = { fault: 'freeze', member: 'node01', begins: 'after node01', ends: 'settle' };
    const plan = planOf({ ...SCENARIO, ...Scenario.parse({ faults: [freeze] }) });
    const stopped = (spell: Written[]) =>
      verdictOf([...fine, ...spell, ...slow], plan).checks.find(({ name }) => name === 'stopped')!;
    const began = rig(60.1, 'fault', { id: 'f1', says: '' });
    const ended = rig(83, 'undone', { id: 'f1', says: '' });
    expect(stopped([began, ended])).to.deep.include({ outcome: 'holds' });
    expect(stopped([began, ended]).because).to.contain('node02 had to be killed: node01 was frozen (f1)');
    expect(stopped([began, rig(60.5, 'undone', { id: 'f1', says: '' })]).outcome, 'thawed before').to.equal('broken');
    expect(stopped([]).outcome, 'never begun').to.equal('broken');
  });

  it('blames nobody for its end whom the rig killed in a hurry, while it was being stopped or not', () => {
    const fine = [...BEGINNING, ...woken(12, 'notice'), ...END];
    const stopping = rig(62, 'stopping', { member: 'node02', by: 'signal' });
    const killing = rig(62.1, 'killing', { member: 'node02', at: null });
    const ended = (how: object) =>
      rig(62.2, 'gone', { member: 'node02', code: null, signal: null, killed: false, ...how });
    const killed = ended({ signal: 'SIGKILL' });
    for (const events of [
      [stopping, killing, killed],
      [stopping, killing, ended({ code: 0 })],
      [killing, killed],
    ])
      expect(broken(verdictOf([...fine, ...events]))).to.deep.equal({});
    expect(broken(verdictOf([...fine, stopping, killed]))).to.have.property('stopped');
  });

  it('asks nobody for records whose quorum went with members that went by themselves', () => {
    const fine = [...BEGINNING, ...woken(11, 'notice'), ...END.slice(0, -2)];
    const because = 'the database has lost its quorum';
    const refused = { member: 'node01', operation: 'write', how: 'refused', because, sinceNs: 53 * SECOND_NS };
    const unread = rig(60, 'unread', { member: 'node01', how: 'refused', because });
    const events = [...fine, gone(52, 'node02', 1), rig(54, 'unavailable', refused), unread, ledger({}), END.at(-1)!];
    const replicated = verdictOf(events, planOf({ ...SCENARIO, database: 'dqlite' }));
    expect(Object.keys(broken(replicated)).sort()).to.deep.equal(['exits', 'opened']);
    expect(replicated.checks.find(({ name }) => name === 'no-record-lost')!.because).to.contain('node02 had gone');
    // Whoever has a database of its own, or shares one, is not short of anybody.
    expect(broken(verdictOf(events))).to.include.keys('no-record-lost', 'open-serves');
  });

  it('does not ask one to serve that had not heard yet that it was to stop when it opened', () => {
    const failure = { member: 'node02', operation: 'read', how: 'refused', because: 'away', sinceNs: 53 * SECOND_NS };
    const again = (toldAt: number): Written[] => [
      ...BEGINNING,
      ...woken(12, 'notice'),
      rig(49, 'launching', { member: 'node02', version: 'v3' }),
      rig(toldAt, 'stopping', { member: 'node02', by: 'signal' }),
      started(51, 'node02', 'start', 'v3'),
      said(52, 'node02', 'open'),
      rig(54, 'unavailable', failure),
      gone(55, 'node02', 0),
      ...END,
    ];
    expect(broken(verdictOf(again(50)))).not.to.have.property('open-serves');
    expect(broken(verdictOf(again(54.5)))).to.have.property('open-serves');
  });

  it('does not judge budgets where other rolls had a share of the machine', () => {
    const plan = planOf({ ...SCENARIO, expect: { budgets: { unblock_latency: 2000 } } });
    const shared = [...BEGINNING, ...woken(11, 'notice'), ...END].map(
      ([second, event]): Written => [second, event.rig === 'began' ? { ...event, alone: false } : event],
    );
    const verdict = verdictOf(shared, plan);
    expect(verdict.outcome).to.equal('holds');
    expect(verdict.checks.find(({ name }) => name === 'budgets')!.because).to.contain('not judged');
  });
});
