import { expect } from 'chai';
import type { Plan } from '../harness/plan/plan.ts';
import { arrowsOf } from '../harness/report/arrows.ts';
import { chromeTrace } from '../harness/report/chrome-trace.ts';
import { pack, unpack } from '../harness/report/columns.ts';
import { packRoll, unpackRoll } from '../harness/report/document.ts';
import { type Lanes, lanesOf } from '../harness/report/lanes.ts';
import { decisiveWindow, storyOf } from '../harness/report/story.ts';
import { timeline } from '../harness/report/timeline.ts';
import { leadershipsOf } from '../harness/trace/leadership.ts';
import type { Trace } from '../harness/trace/trace.ts';
import { largeTrace } from './support/large-trace.ts';
import { recorded } from './support/recorded.ts';

describe('the lanes of a large roll', function () {
  // What looks at all events for each event takes hours, and what spreads them over arguments throws.
  this.timeout(30_000);

  it('take a trace of 300,000 events, and so does their story', () => {
    const rounds = 62;
    const { members, trace } = largeTrace(50, rounds);
    expect(trace.length).to.be.greaterThan(300_000);
    const lanes = lanesOf({ members }, trace)!;
    expect(lanes.arrows).to.have.length(50 * 49 * rounds);
    expect(lanes.arrows.filter(({ fate }) => fate === 'delivered')).to.have.length(50 * rounds);
    for (const state of ['stopped', 'starting', 'at', 'parked', 'open']) {
      expect(new Set(lanes.spans.filter((span) => span.state.is === state).map((span) => span.member)).size).to.equal(
        50,
      );
    }
    const story = storyOf(lanes);
    expect(story.length).to.be.greaterThan(lanes.arrows.length);
    expect(decisiveWindow(lanes).toNs).to.equal(lanes.toNs);
    expect(timeline({ members } as unknown as Plan, trace)).to.have.length(50 + 2);
    expect(chromeTrace('large', lanes).traceEvents.length).to.be.greaterThan(2 * lanes.arrows.length);
    const shown = unpackRoll(packRoll({ lanes, waits: [], steps: [] }, [])).lanes!;
    expect(shown.arrows).to.have.length(lanes.arrows.length);
    expect(shown.arrows.at(-1)).to.deep.equal(lanes.arrows.at(-1));
    expect(shown.spans.at(-2)).to.deep.equal(lanes.spans.at(-2));
  });

  it('take as many events of one member', () => {
    const { trace } = largeTrace(2, 1);
    const checks = Array.from({ length: 300_000 }, (_, index) => {
      const atNs = 1e15 + 2e9 + index;
      return { atNs, member: 'node01', event: 'woken', gate: index % 2 === 0 ? 'schema' : 'api', by: 'timer' } as const;
    });
    const lanes = lanesOf({ members: ['node01', 'node02'] }, [...trace.slice(0, -1), ...checks])!;
    expect(lanes.spans.length).to.be.greaterThan(300_000);
    expect(storyOf(lanes).length).to.be.greaterThan(300_000);
    expect(decisiveWindow(lanes).fromNs).to.be.at.least(lanes.fromNs);
  });
});

describe('the lanes of a daemon that has no records', () => {
  const { plan, trace } = recorded('incus-panic');
  const lanes = lanesOf(plan, trace)!;

  it('end before the rig stops everybody', () => {
    const last = plan.members.map((member) => lanes.spans.findLast((span) => span.member === member)!.state.is);
    expect(last).to.deep.equal(['open', 'open', 'open']);
  });

  it('are opened where they had waited, though somebody was started once more after that', () => {
    const { fromNs, toNs } = decisiveWindow(lanes);
    const within = lanes.spans.filter((span) => span.toNs > fromNs && span.fromNs < toNs);
    const parked = within.filter(({ state }) => state.is === 'parked').map(({ member }) => member);
    expect(parked).to.deep.equal(['node01', 'node02']);
  });
});

describe('notices that were seen, not told', () => {
  const seen = { by: 'a line on stderr', sinceNs: 0 };
  const sent = (atMs: number, member = 'node03') =>
    ({
      atNs: atMs * 1e6 + 4e6,
      sentNs: atMs * 1e6,
      member,
      event: 'notified',
      peer: 'node02',
      notice: `${member}-${atMs}`,
      kind: 'both',
      outcome: 'accepted',
      observed: seen,
    }) as const;
  const received = (atMs: number) =>
    ({
      atNs: atMs * 1e6,
      member: 'node02',
      event: 'noticed',
      from: 'node03',
      notice: `node02-${atMs}`,
      kind: 'both',
      disposition: 'delivered',
      observed: seen,
    }) as const;
  const fates = (trace: Trace) => arrowsOf(trace).map(({ fate, arrivedNs }) => [fate, arrivedNs / 1e6]);

  it('are each matched with the receipt that followed, not with that of a later one', () => {
    expect(fates([sent(100), sent(900), received(930)])).to.deep.equal([
      ['failed', 104],
      ['delivered', 930],
    ]);
    expect(fates([sent(100), received(130), sent(900)])).to.deep.equal([
      ['delivered', 130],
      ['failed', 904],
    ]);
    expect(fates([sent(100), sent(110), received(130), received(140)])).to.deep.equal([
      ['delivered', 130],
      ['delivered', 140],
    ]);
    expect(fates([sent(100, 'node01'), received(130)])).to.deep.equal([['failed', 104]]);
  });

  it('are not drawn where nobody tells of a receipt', () => {
    expect(fates([sent(100)])).to.deep.equal([]);
  });
});

describe('the lanes of a roll', () => {
  const began = { atNs: 0, rig: 'began' };
  const at = (atNs: number, member: string, event: string, fields: object = {}) => ({ atNs, member, event, ...fields });
  const members = ['node01', 'node02', 'node03'];
  const lanes = (events: readonly object[], nowNs: number | null = null) =>
    lanesOf({ members }, events as unknown as Trace, nowNs)!;
  const statesOf = ({ spans }: Lanes, member: string) =>
    spans.filter((span) => span.member === member).map(({ state }) => state.is);

  it('of which the cluster was never formed show who tried, and nobody who serves', () => {
    const failed = lanes([
      began,
      { atNs: 5, rig: 'launching', member: 'node01' },
      at(10, 'node01', 'started', { action: 'bootstrap' }),
      at(20, 'node01', 'open'),
      { atNs: 25, rig: 'launching', member: 'node02' },
      at(30, 'node02', 'started', { action: 'join' }),
      at(40, 'node02', 'exiting', { reason: 'failed' }),
      { atNs: 50, rig: 'stopping', member: 'node01' },
    ]);
    expect(failed.begins).to.equal('forming');
    expect(failed.fromNs).to.equal(5);
    expect(statesOf(failed, 'node01')).to.deep.equal(['absent', 'entering', 'old', 'stopped']);
    expect(statesOf(failed, 'node02')).to.deep.equal(['absent', 'entering', 'stopped']);
    expect(statesOf(failed, 'node03')).to.deep.equal(['absent']);
    expect(storyOf(failed).map(({ says }) => says)).to.not.include('node03 serves the old version');
  });

  it('have intervals where something was observed, none before what came before it', () => {
    const observed = (sinceNs: number) => ({ observed: { sinceNs, by: 'a line' } });
    const seen = lanes([
      { atNs: 0, rig: 'stopping', member: 'node01' },
      at(20, 'node01', 'started', { action: 'start', ...observed(10) }),
      at(40, 'node01', 'parked', { gate: 'api', ...observed(30) }),
      at(41, 'node01', 'woken', { gate: 'api', ...observed(25) }),
      at(60, 'node01', 'applied', {
        from: { internal: 1, external: 0 },
        to: { internal: 2, external: 0 },
        decidedNs: 60,
        ...observed(50),
      }),
      at(70, 'node01', 'open'),
    ]);
    const own = seen.spans.filter(({ member }) => member === 'node01');
    expect(own.map(({ sinceNs, fromNs }) => [sinceNs, fromNs])).to.deep.equal([
      [0, 0],
      [10, 20],
      [30, 40],
      [30, 41],
      [70, 70],
    ]);
    expect(seen.marks.map(({ sinceNs, atNs }) => [sinceNs, atNs])).to.deep.equal([[50, 60]]);
  });

  it('go as far as the clock while a roll goes on', () => {
    const events = [
      { atNs: 0, rig: 'stopping', member: 'node01' },
      at(20, 'node01', 'started', { action: 'start' }),
      at(40, 'node01', 'parked', { gate: 'api' }),
    ];
    expect(lanes(events, 30_000).spans.find(({ state }) => state.is === 'parked')!.toNs).to.equal(30_000);
  });
});

describe('packed rows', () => {
  it('are the same again, but for fractions of nanoseconds', () => {
    const rows = [
      { atNs: 1e15 + 0.4, member: 'node01', state: { is: 'parked', gate: 'api' }, leader: null },
      { atNs: 1e15 - 7, member: 'node02', state: { is: 'parked', gate: 'api' }, leader: 'node01' },
      { atNs: 1e15 + 3.6, member: 'node01', state: { is: 'open' }, leader: null },
    ];
    const packed = pack(rows);
    expect(unpack(JSON.parse(JSON.stringify(packed)))).to.deep.equal(
      rows.map((row) => ({ ...row, atNs: Math.round(row.atNs) })),
    );
    expect(packed.fields.state!.values).to.have.length(2);
    expect(unpack(pack([]))).to.deep.equal([]);
  });
});

describe('the leaderships of a roll', () => {
  it('are known through handovers and elections', () => {
    const at = (atNs: number, member: string, event: object) => ({ atNs, member, ...event });
    const trace = [
      at(1, 'node01', { event: 'listening', address: 'a:1' }),
      at(2, 'node02', { event: 'listening', address: 'b:1' }),
      at(3, 'node01', { event: 'leader', leader: 'a:1' }),
      at(4, 'node02', { event: 'leader', leader: 'a:1' }),
      at(5, 'node02', { event: 'leader', leader: null }),
      at(6, 'node01', { event: 'handed-over', to: 'b:1', because: null }),
      { atNs: 7, rig: 'gone', member: 'node01', code: 0, signal: null, killed: false },
      { atNs: 8, rig: 'killing', member: 'node02', at: 'before-notify' },
      { atNs: 9, rig: 'launching', member: 'node01', version: 'v2' },
      at(10, 'node01', { event: 'leader', leader: 'b:1' }),
      at(11, 'node01', { event: 'leader', leader: 'a:1' }),
    ] as unknown as Trace;
    expect(leadershipsOf(trace)).to.deep.equal([
      { fromNs: 3, leader: 'node01' },
      { fromNs: 6, leader: 'node02' },
      { fromNs: 8, leader: null },
      { fromNs: 11, leader: 'node01' },
    ]);
  });
});
