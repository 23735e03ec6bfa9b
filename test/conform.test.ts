import { expect } from 'chai';
import { deviationOf } from '../harness/judge/conform.ts';
import { judge } from '../harness/judge/judge.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { isRigEvent, rigEvents, type Trace, type TraceEvent } from '../harness/trace/trace.ts';
import type { MemberEvent } from '../node/events.ts';
import { recorded } from './support/recorded.ts';
import { rollAll } from './support/rig.ts';

/** What a member tells of its upgrade; the rest (`listening`, `held`, the first `started`) says nothing about the machine. */
const STEPS = new Set([
  'recorded',
  'applied',
  'checked',
  'parked',
  'woken',
  'notifying',
  'notified',
  'noticed',
  'open',
]);
/** Steps of one member that follow from each other, so that no two of them can change places. */
const CHAIN = new Set(['checked', 'parked', 'woken', 'notifying', 'open']);

describe('a real roll', () => {
  let plan: Plan;
  let trace: Trace;
  let steps: MemberEvent[];

  before(async function () {
    this.timeout(60_000);
    const [rolled] = await rollAll('reported-deadlock-fixed', { runtime: 'process' });
    ({ plan, trace } = rolled!);
    const refreshed = new Set<string>();
    steps = trace.filter((event): event is MemberEvent => {
      if (isRigEvent(event)) return false;
      if (event.event === 'started' && event.action === 'start') refreshed.add(event.member);
      return refreshed.has(event.member) && STEPS.has(event.event);
    });
  });

  it('conforms to the machine', () => {
    expect(deviationOf(plan, trace)).to.equal(null);
    expect(new Set(steps.map((event) => event.event))).to.deep.equal(STEPS);
  });

  it('does not with any one of its steps left out', () => {
    for (const step of steps) {
      const without = trace.filter((event) => event !== step);
      expect(deviationOf(plan, without), `without ${JSON.stringify(step)}`).to.be.a('string');
    }
  });

  it('does not with two steps of a member in each other’s place', () => {
    for (const member of plan.members) {
      const own = steps.filter((event) => event.member === member && CHAIN.has(event.event));
      expect(own.length).to.be.greaterThan(3);
      for (const [index, step] of own.entries()) {
        const other = own[index + 1];
        if (other === undefined || other.event === step.event) continue;
        const swapped = trace.map((event): TraceEvent => {
          if (event === step) return { ...step, atNs: other.atNs };
          return event === other ? { ...other, atNs: step.atNs } : event;
        });
        expect(deviationOf(plan, swapped), `${step.event} and ${other.event} of ${member}`).to.be.a('string');
      }
    }
  });

  it('does not with the transactions of two members in each other’s place', () => {
    const commit = steps.find((event) => event.event === 'applied')!;
    const before = steps.find((event) => event.event === 'checked' && event.member === 'node01')!;
    const moved = (event: TraceEvent): TraceEvent => {
      if (isRigEvent(event) || !('decidedNs' in event) || !('decidedNs' in commit) || !('decidedNs' in before))
        return event;
      if (event.decidedNs === commit.decidedNs) return { ...event, decidedNs: before.decidedNs };
      return event.decidedNs === before.decidedNs ? { ...event, decidedNs: commit.decidedNs } : event;
    };
    expect(deviationOf(plan, trace.map(moved))).to.be.a('string');
  });
});

describe('a recorded roll of unpatched Incus', () => {
  const TURNS = new Set(['parked', 'woken', 'open']);

  /** Each of the two at the time of the other, and as uncertain. */
  function exchanged(trace: Trace, one: MemberEvent, other: MemberEvent): Trace {
    const at = (event: MemberEvent, { atNs, observed }: MemberEvent): TraceEvent => ({ ...event, atNs, observed });
    return trace.map((event) => (event === one ? at(one, other) : event === other ? at(other, one) : event));
  }

  for (const name of ['incus-panic', 'incus-timer']) {
    it(`(${name}) conforms to the machine, and does not with two of its events exchanged`, () => {
      const { plan, trace } = recorded(name);
      expect(deviationOf(plan, trace)).to.equal(null);
      const refreshedNs = rigEvents(trace, 'launching').find(({ version }) => version === plan.to)!.atNs;
      const turns = trace.filter(
        (event): event is MemberEvent => !isRigEvent(event) && TURNS.has(event.event) && event.atNs > refreshedNs,
      );
      // Of one member, what follows from each other; of two, that one waits and that the other opens.
      const pairs = turns.flatMap((one, index) => {
        const next = turns.slice(index + 1).find(({ member, event }) => member === one.member && event !== one.event);
        const opens = turns.find(({ member, event }) => member === plan.order.at(-1) && event === 'open')!;
        const waits = one.event === 'parked' && one.member !== opens.member;
        return [...(next === undefined ? [] : [[one, next] as const]), ...(waits ? [[one, opens] as const] : [])];
      });
      expect(pairs.length).to.be.greaterThan(5);
      for (const [one, other] of pairs) {
        const words = `${one.event} of ${one.member} and ${other.event} of ${other.member}`;
        expect(deviationOf(plan, exchanged(trace, one, other)), words).to.be.a('string');
      }
    });
  }

  it('is judged by what its members did: one of the old version that came back opened in time, and a timer that was first saved nobody', () => {
    for (const name of ['incus-panic', 'incus-timer']) {
      const { plan, trace } = recorded(name);
      const { outcome, sentence } = judge(plan, trace);
      expect(outcome, sentence).to.equal('holds');
    }
  });
});

describe('a recorded roll of unpatched LXD in which all were refreshed at once', () => {
  it('stood still in a cycle, since the record of one was lost, until a timer fired', () => {
    const { plan, trace } = recorded('lxd-lost-record');
    expect(deviationOf(plan, trace)).to.equal(null);
    const { outcome, stalls } = judge(plan, trace);
    expect(outcome).to.equal('broken');
    expect(stalls[0]).to.deep.include({ member: 'node01', cycle: ['node01', 'node03'], brokenBy: 'timer' });
    expect(stalls[0]!.because).to.contain(
      'node03 waited at the schema-and-API gate for node01 (API extensions 318, wants 334)',
    );
  });

  it('stood still, with the records of two lost, until their timers had them record again', () => {
    const { plan, trace } = recorded('lxd-two-lost-records');
    const { outcome, sentence } = judge(plan, trace);
    expect(outcome).to.equal('broken');
    expect(sentence).to.match(
      /what a member had recorded was lost, and only a timer had it record that again: node01, .* waited 5\d\.\d s, node03, /,
    );
  });
});
