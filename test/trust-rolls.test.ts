import { expect } from 'chai';
import { refuseImpossible } from '../harness/fault/possible.ts';
import { InputError } from '../harness/input/errors.ts';
import { Scenario } from '../harness/input/scenario.ts';
import { CHECKS } from '../harness/judge/checks.ts';
import { judge } from '../harness/judge/judge.ts';
import type { Fault } from '../harness/plan/fault.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { eventsOf, type Trace, type TraceEvent } from '../harness/trace/trace.ts';
import { requireDqlite } from './support/engines.ts';
import { account, requireRuntime, rollAll } from './support/rig.ts';
import { planOf } from './support/versions.ts';

describe('a roll in which trust goes wrong', function () {
  this.timeout(120_000);

  const refused = (trace: Trace, member: string) =>
    eventsOf(trace, member).flatMap((event) => (event.event === 'refused' ? [[event.by, event.why]] : []));

  for (const runtime of ['process', 'container'] as const) {
    it(`stands still until a timer where nobody hears the last member, whose certificate has run out, in a ${runtime}`, async function () {
      await requireRuntime(this, runtime);
      const [rolled] = await rollAll('trust-expires', { runtime });
      const { plan, trace, verdict } = rolled!;
      expect(verdict.outcome, account(rolled!)).to.equal('holds');
      const allowed = verdict.stalls.map(({ allowedBy }) => allowedBy);
      expect(allowed.join()).to.match(/refused the notice from node03 \(f1\), and no other came/);
      expect(verdict.stalls[0]!.because).to.contain('could have passed: the notice from node03 was refused');
      expect(refused(trace, 'node01')).to.deep.include(['node03', 'expired']);
      // The same roll, had nothing been done to the certificate: nothing allows the stall.
      const sound = trace.filter((event) => !('rig' in event) || event.rig !== 'fault');
      expect(judge(plan, sound, { checks: CHECKS, damageOf: () => [] }).outcome).to.equal('broken');
      // Nor does a fault that has another refused, or nobody.
      const rotates = plan.steps.map((step) =>
        step.do === 'fault' ? { ...step, fault: { ...step.fault, is: 'certificate-rotates' } as Fault } : step,
      );
      expect(judge({ ...plan, steps: rotates }, [...trace]).outcome, 'rotated').to.equal('broken');
      const removed = trace.map(
        (event): TraceEvent => ('event' in event && event.event === 'refused' ? { ...event, why: 'removed' } : event),
      );
      expect(judge(plan, removed).outcome, 'refused as removed').to.equal('broken');
    });
  }

  it('is passed on by whoever is trusted by both, where the truststores have not converged', async () => {
    const [rolled] = await rollAll('trust-not-converged', { runtime: 'process' });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    expect(refused(rolled!.trace, 'node01')).to.deep.include([null, 'unknown']);
    const heard = eventsOf(rolled!.trace, 'node01').flatMap((event) => (event.event === 'noticed' ? [event.from] : []));
    expect(new Set(heard)).to.deep.equal(new Set(['node02']));
  });

  it('needs no timer where a certificate is rotated between two refreshes', async () => {
    const [rolled] = await rollAll('trust-rotates', { runtime: 'process' });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    const answers = eventsOf(rolled!.trace, 'node02').flatMap((event) =>
      event.event === 'notified' ? [event.outcome] : [],
    );
    expect(new Set(answers)).to.deep.equal(new Set(['accepted']));
  });

  it('goes on without a member that is taken out while it waits, and is heard by nobody', async () => {
    const [rolled] = await rollAll('trust-removed', { runtime: 'process' });
    const { because } = rolled!.verdict.checks.find(({ name }) => name === 'exits')!;
    expect(because).to.contain('node01 exited, as a fault allows, since it had been taken out (f1)');
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    for (const member of ['node02', 'node03']) {
      expect(refused(rolled!.trace, member), member).to.deep.include(['node01', 'removed']);
      const heard = eventsOf(rolled!.trace, member).flatMap((event) => (event.event === 'noticed' ? [event.from] : []));
      expect(heard, member).not.to.include('node01');
    }
  });

  it('leaves who was taken out without a database, which it says as it goes, on dqlite', async function () {
    await requireDqlite(this);
    const [rolled] = await rollAll('trust-removed', { runtime: 'process', database: 'dqlite' });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    const [last] = eventsOf(rolled!.trace, 'node01')
      .flatMap((event) => (event.event === 'exiting' ? [event] : []))
      .slice(-1);
    expect(last).to.deep.include({ reason: 'failed' });
    expect(last!.message).to.contain('taken out of its cluster');
  });

  it('cannot be planned where members ask nobody who they are', () => {
    const fault = { fault: 'certificate-rotates', member: 'node01' };
    const plan = planOf(Scenario.parse({ insecure: true, faults: [fault] }));
    expect(() => refuseImpossible(plan, processRuntime())).to.throw(InputError, /with --insecure, nobody is asked/);
  });
});
