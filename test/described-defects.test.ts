/** A described daemon that has a defect, or that is told of wrongly: each is found and named, and no verdict rests on it. */
import { expect } from 'chai';
import {
  blindTo,
  impatient,
  impatientToForm,
  onlyRows,
  patching,
  patient,
  planted,
  unreadable,
  unsupervised,
  withoutProbes,
  withoutRows,
} from './support/changes.ts';
import { removeClusters, rollOne } from './support/described.ts';
import { expectCases, expectCheck, expectVerdict } from './support/described-cases.ts';

after(removeClusters);

describe('a defect of a described daemon is found and named', function () {
  this.timeout(60_000);

  expectCases([
    {
      name: 'it opens early',
      changes: [planted('opens-early@node01')],
      verdict: 'broken',
      checks: [['nobody-early', 'broken', /node01 opened early: node02 had not recorded it/]],
    },
    {
      name: 'it opens early, where nothing tells what members have recorded',
      changes: [planted('opens-early@node01'), withoutRows],
      verdict: 'broken',
      checks: [['nobody-early', 'broken', /node01 opened early: node02 had not been started in 2.0 yet, and ran 1.0/]],
    },
    {
      name: 'it exits after opening, and is never restarted',
      changes: [planted('exits-after-opening@node01'), patient, unsupervised],
      verdict: 'broken',
      checks: [
        ['exits', 'broken', /node01 exited: .*Failed applying patch/],
        ['opened', 'broken', /node01 did not open/],
      ],
    },
    {
      name: 'it runs a patch again',
      changes: [planted('patches', 'patches-again@node02'), patching],
      verdict: 'broken',
      checks: [['patched-once', 'broken', /^node02 ran the patch rename-volumes 2 times$/]],
    },
    {
      name: 'it exits again and again, until its supervisor gives up',
      changes: [planted('exits-always@node01'), patient],
      verdict: 'broken',
      checks: [
        ['exits', 'broken', /node01 exited: .*Failed applying patch.*node01 exited 3 times, and its supervisor/],
      ],
    },
    {
      name: 'it does not act upon notices',
      changes: [planted('deaf@node01')],
      verdict: 'broken',
      checks: [['woken', 'broken', /node01 stalled/]],
    },
    {
      name: 'it never comes to its gate',
      changes: [planted('hangs-on-start@node02'), patient, impatient],
      verdict: 'broken',
      checks: [['complete', 'broken', /node02 did not park or open or exit within 4 s; its last lines: .*Starting up/]],
    },
    {
      name: 'it records another version than it has',
      changes: [planted('wrong-schema@node01')],
      plan: { settleLimitMs: 5000 },
      verdict: 'broken',
      checks: [
        ['complete', 'broken', /did not settle: node02 waits for node01 \(schema 1, API extensions 2\)/],
        ['nobody-early', 'broken', /node01 opened early: node01 had not recorded it/],
      ],
    },
    {
      name: 'it updates the schema twice, drops a record, and dies of its stop',
      changes: [planted('applies-twice', 'forgets-a-record', 'crashes-on-stop@node01'), patient],
      verdict: 'broken',
      checks: [
        ['applied-once', 'broken', /schema update internal 2 was applied 2 times, by node02 and node02/],
        ['no-record-lost', 'broken', /node01 lacks 1 of \d+: node\d\d-\d+/],
        ['stopped', 'broken', /node01 was told to stop, and ended otherwise \(signal SIGSEGV\)/],
        ['woken', 'holds', /by notices in time: node01/],
      ],
    },
  ]);

  it('it exits after opening and is restarted: told and counted, and not its end', async () => {
    const rolled = await rollOne(planted('exits-after-opening@node01'), patient);
    expectVerdict(rolled, 'holds');
    expectCheck(rolled, 'exits', 'holds', /node01 exited once, and its supervisor started it again: .*Failed applying/);
    expect(rolled.verdict.members.map(({ restarts }) => restarts)).to.deep.equal([1, 0]);
    expect(rolled.verdict.sentence).to.contain('node01 exited once');
  });
});

describe('what tells of a described daemon is not believed where it is wrong', function () {
  this.timeout(60_000);

  expectCases([
    {
      name: 'a probe that lies',
      changes: [planted('ready-lies@node01')],
      verdict: 'unknown',
      checks: [['sources', 'not-applicable', /of node01, probe ready sa.* is open, and its log says that it .*wait/]],
    },
    {
      name: 'a log that says nothing',
      changes: [planted('silent@node01'), patient],
      verdict: 'unknown',
      checks: [
        ['sources', 'not-applicable', /of node01, probe ready says that it waits for others, and no line says so/],
      ],
    },
    {
      name: 'a pattern that never matches, which a probe shows',
      changes: [blindTo('parked'), patient],
      verdict: 'unknown',
      checks: [['sources', 'not-applicable', /of node01, .*no line says so \(parked: .nobody says this of parked/]],
    },
    {
      name: 'a pattern that never matches, where nothing else tells of it',
      changes: [blindTo('parked'), withoutProbes, patient, impatient],
      verdict: 'unknown',
      checks: [
        ['complete', 'not-applicable', /node01 did not park.*no line has matched the pattern of parked \(.nobody/],
      ],
    },
    {
      name: 'a pattern that never matches hides no stall',
      changes: [blindTo('parked'), withoutProbes, planted('no-notice')],
      flags: { pace: '300ms' },
      verdict: 'unknown',
      checks: [
        ['woken', 'not-applicable', /what opened node01.* cannot be told: .*no line matched .nobody says this of/],
      ],
    },
    {
      name: 'a pattern of openings that never matches',
      changes: [blindTo('open'), patient],
      verdict: 'unknown',
      checks: [
        ['sources', 'not-applicable', /probe ready says that it is open, and no line says so \(open: .nobody says/],
      ],
    },
    {
      name: 'a pattern of openings that never matches, where rows are read',
      changes: [blindTo('open'), onlyRows, patient, impatientToForm],
      verdict: 'unknown',
      checks: [
        ['complete', 'not-applicable', /node01 did not open.*no line has matched the pattern of open \(.nobody/],
      ],
    },
    {
      name: 'a probe that reads no rows accuses nobody',
      changes: [unreadable, patient],
      verdict: 'unknown',
      checks: [
        ['sources', 'not-applicable', /no row of node01, node02 was ever read: look at the probe/],
        ['nobody-early', 'holds', /started in its version/],
      ],
    },
    {
      name: 'a probe that reads no rows hides no stall',
      changes: [unreadable, planted('no-notice')],
      verdict: 'broken',
      checks: [['woken', 'broken', /only a timer ended a stall: node01/]],
    },
    {
      name: 'a pattern of updates that never matches accuses nobody',
      changes: [blindTo('applied'), patient],
      verdict: 'holds',
      checks: [['sources', 'holds', /no line matched the pattern of applied: .nobody says this of applied/]],
    },
    {
      name: 'a probe that says of one that opens late that it is not ready: it has nobody to wait for',
      changes: [planted('opens-late@node02'), patient],
      verdict: 'holds',
      checks: [['sources', 'holds', /nothing that was seen contradicts/]],
    },
    {
      name: 'a log that is mostly noise',
      changes: [planted('chatty'), patient],
      verdict: 'holds',
      checks: [['woken', 'holds', /by notices in time: node01/]],
    },
  ]);
});
