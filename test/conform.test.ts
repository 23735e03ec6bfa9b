import { expect } from 'chai';
import { deviationOf } from '../harness/judge/conform.ts';
import { judge } from '../harness/judge/judge.ts';
import type { Plan, Step } from '../harness/plan/plan.ts';
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

  it('is no roll that holds any more with any one of its events left out, whoever told it', () => {
    expect(judge(plan, trace).outcome).to.equal('holds');
    for (const event of trace) {
      const { outcome } = judge(
        plan,
        trace.filter((other) => other !== event),
      );
      expect(outcome, `without ${JSON.stringify(event)}`).to.equal('unknown');
    }
  });

  it('accuses nobody where its trace breaks off with its rig, wherever that is', () => {
    for (let length = 1; length < trace.length; length += 1) {
      const { outcome, sentence } = judge(plan, trace.slice(0, length));
      expect(outcome, `of ${length} events: ${sentence}`).to.equal('unknown');
    }
  });

  it('is not judged by a plan that is not its own', () => {
    const without = (...names: readonly string[]): Trace => {
      const left = trace.filter((event) => !isRigEvent(event) || !names.includes(event.rig));
      return left.map((event) =>
        isRigEvent(event) && event.rig === 'ended' ? { ...event, events: left.length } : event,
      );
    };
    const refreshes = plan.steps.flatMap((step, index) => (step.do === 'refresh' ? [index] : []));
    const turned = plan.steps.map((step, index) =>
      refreshes.includes(index) ? plan.steps[refreshes.at(-1 - refreshes.indexOf(index))!]! : step,
    );
    const freeze: Step = { do: 'fault', id: 'f1', fault: { is: 'freeze', member: 'node01' } };
    const raised = { ...plan.versions, [plan.to]: { ...plan.versions[plan.to]!, internal: 7 } };
    const { daemon } = plan;
    const unwaiting = { ...daemon, capabilities: { ...daemon.capabilities, waits: false } };
    for (const [evidence, of, by] of [
      [/nothing tells that node0\d was started in \S+ when the plan has it/, { ...plan, steps: turned }, trace],
      [/the plan has \d+ steps, and the trace tells of/, { ...plan, steps: plan.steps.slice(0, -1) }, trace],
      [/nothing tells that f1 was done/, { ...plan, steps: plan.steps.with(-2, freeze) }, trace],
      [/node01 ran another \S+ than the plan has/, { ...plan, versions: raised }, trace],
      [/the plan says that members of refresh-rig never do/, { ...plan, daemon: unwaiting }, trace],
      [/the trace tells of 0 of them/, plan, without('step')],
      [/nothing tells that node01, node02, node03 ended/, plan, without('gone')],
    ] as const) {
      const verdict = judge(of, by);
      expect(verdict.outcome, verdict.sentence).to.equal('unknown');
      expect(verdict.checks.map(({ because }) => because).join('\n')).to.match(evidence);
    }
  });

  it('holds by what its members tell only where the machine allows that', () => {
    for (const step of steps) {
      // As if nobody had ever told it.
      const without = trace
        .filter((event) => event !== step)
        .map((event) => (isRigEvent(event) && event.rig === 'ended' ? { ...event, events: undefined } : event));
      expect(judge(plan, without).outcome, `without ${JSON.stringify(step)}`).not.to.equal('holds');
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

describe('a recorded roll of unpatched Incus or LXD', () => {
  const KINDS = new Set(['started', 'recorded', 'applied', 'parked', 'woken', 'open', 'notified']);
  /** Of those that a notice has let go. */
  const GOING_ON = new Set(['woken', 'open', 'notified']);

  /** What follows from a refresh, of which something else follows: not a notice to one that does not wait. */
  function stepsOf(plan: Plan, trace: Trace): MemberEvent[] {
    const refreshedNs = rigEvents(trace, 'launching').find(({ version }) => version === plan.to)!.atNs;
    const waits = new Set<string>();
    return trace.filter((event): event is MemberEvent => {
      if (isRigEvent(event) || event.atNs < refreshedNs || !KINDS.has(event.event)) return false;
      if (event.event === 'parked') waits.add(event.member);
      if (event.event === 'woken') waits.delete(event.member);
      return event.event !== 'notified' || waits.has(event.peer);
    });
  }

  /** Each of the two at the time of the other, and as uncertain. */
  function exchanged(trace: Trace, one: MemberEvent, other: MemberEvent): Trace {
    const at = (event: MemberEvent, { atNs, observed }: MemberEvent): TraceEvent =>
      'decidedNs' in event ? { ...event, atNs, observed, decidedNs: atNs } : { ...event, atNs, observed };
    return trace
      .map((event) => (event === one ? at(one, other) : event === other ? at(other, one) : event))
      .toSorted((before, after) => before.atNs - after.atNs);
  }

  /** Why the exchange of two events is as good a roll; null where it is none. */
  function harmless(plan: Plan, one: MemberEvent, other: MemberEvent): string | null {
    const [since, otherSince] = [one.observed?.sinceNs ?? one.atNs, other.observed?.sinceNs ?? other.atNs];
    if (since <= other.atNs && otherSince <= one.atNs) return 'either may have been the first';
    const concerned = (event: MemberEvent) => [event.member, ...(event.event === 'notified' ? [event.peer] : [])];
    const isSame = one.member === other.member && concerned(one).at(-1) === concerned(other).at(-1);
    if (isSame && one.event === other.event) return 'it changes nothing';
    const kinds = [one.event, other.event].toSorted().join();
    if (isSame && kinds === 'applied,recorded') return 'it was one transaction';
    const isOpener = (event: MemberEvent): boolean => event.member === plan.order.at(-1) && event.event === 'open';
    const isOfOthers = concerned(one).every((member) => !concerned(other).includes(member));
    const goOn = [one, other].every((event) => GOING_ON.has(event.event) && !isOpener(event));
    return isOfOthers && goOn ? 'neither of two that had been let go needed the other' : null;
  }

  for (const name of ['incus-panic', 'incus-timer', 'lxd']) {
    it(`(${name}) conforms to the machine, and does not with any two of its events exchanged of which one needs the other`, () => {
      const { plan, trace } = recorded(name);
      expect(deviationOf(plan, trace)).to.equal(null);
      const steps = stepsOf(plan, trace);
      const pairs = steps.flatMap((one, index) => steps.slice(index + 1).map((other) => [one, other] as const));
      const refused = pairs.filter(([one, other]) => harmless(plan, one, other) === null);
      expect(refused.length).to.be.greaterThan(90);
      for (const [one, other] of refused) {
        const words = `${one.event} of ${one.member} and ${other.event} of ${other.member}`;
        expect(deviationOf(plan, exchanged(trace, one, other)), words).to.be.a('string');
      }
    });

    it(`(${name}) conforms where whoever forms its cluster tells others of each that joins, and not where one tells twice that it has opened`, () => {
      const { plan, trace } = recorded(name);
      const action = new Map<string, string>();
      let told = 0;
      for (const [index, event] of trace.entries()) {
        if (isRigEvent(event)) continue;
        if (event.event === 'started') action.set(event.member, event.action);
        if (event.event !== 'notified') continue;
        told += 1;
        const forms = ['bootstrap', 'join'].includes(action.get(event.member)!);
        const twice = deviationOf(plan, trace.toSpliced(index, 0, event));
        if (forms) expect(twice).to.equal(null);
        else expect(twice).to.match(/is seen to notify \w+ twice/);
      }
      expect(told).to.be.greaterThan(0);
    });

    it(`(${name}) does not conform where what one of its members recorded is missing`, () => {
      const { plan, trace } = recorded(name);
      for (const step of stepsOf(plan, trace)) {
        if (step.event !== 'recorded') continue;
        const without = trace.filter((event) => event !== step);
        expect(deviationOf(plan, without), step.member).to.be.a('string');
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
    // Others were leaving then, one of them with the database. Had they left at one blow later, nothing could have been lost.
    const atOneBlow = trace.map((event) => {
      if (!isRigEvent(event) || event.rig !== 'stopping' || event.member === 'node01') return event;
      const gone = rigEvents(trace, 'gone').find(({ member, atNs }) => member === event.member && atNs > event.atNs)!;
      return { ...event, atNs: gone.atNs };
    });
    expect(deviationOf(plan, atOneBlow)).to.equal('node01 is seen to wait, and had not recorded what it runs');
    const { outcome, stalls, sentence } = judge(plan, trace);
    expect(outcome).to.equal('broken');
    expect(sentence).to.match(
      /stood still for 5\d\.\d s, until a timer fired, for what node01 had recorded was lost\.$/,
    );
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
