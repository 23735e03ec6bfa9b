import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Faults } from '../harness/roll/faults.ts';
import type { Members } from '../harness/roll/members.ts';
import { Recorder } from '../harness/roll/recorder.ts';
import { Settling } from '../harness/roll/settling.ts';
import type { Stage } from '../harness/roll/stage.ts';
import { Standings } from '../harness/roll/standing.ts';
import type { TraceEvent } from '../harness/trace/trace.ts';
import { gone, rig, said, started, traceOf, type Written } from './support/told.ts';
import { planOf } from './support/versions.ts';

describe('a cluster', () => {
  it('has not settled while one that could not run its last patch is going, and is about to be started again', async () => {
    const ours = planOf({ members: 2, from: 'v4', to: 'v4.1' });
    // As of a daemon whose versions do not list their patches.
    const capabilities = { ...ours.daemon.capabilities, patchBy: 'each' as const };
    const plan = { ...ours, daemon: { ...ours.daemon, capabilities } };
    const recorder = new Recorder();
    const standings = new Standings(plan.members, null);
    recorder.observe((event: TraceEvent) => standings.fold(event));
    const stage = { recorder, signal: new AbortController().signal } as Stage;
    const members = { names: plan.members, standings, client: () => null } as unknown as Members;
    const faults = { idle: async () => undefined, areKilling: false } as unknown as Faults;
    const settling = new Settling(plan, stage, members, faults);
    const tell = (...events: Written[]): void => {
      for (const event of traceOf(events)) recorder.add(event);
    };
    const patch = { patch: 'record-values', born: false };
    tell(started(1, 'node01', 'start', 'v4.1'), said(2, 'node01', 'open'), said(3, 'node01', 'noted', patch));
    tell(started(1, 'node02', 'start', 'v4.1'), said(2, 'node02', 'open'));
    let isOver = false;
    const settled = settling.settle().then((hasSettled) => {
      isOver = true;
      return hasSettled;
    });
    await sleep(50);
    expect(isOver, 'node02 has not run what node01 has').to.equal(false);
    tell(said(4, 'node02', 'exiting', { reason: 'patch-failed', message: '' }));
    await sleep(50);
    expect(isOver, 'it is not gone yet').to.equal(false);
    tell(gone(5, 'node02', 1), rig(5, 'restarting', { member: 'node02', attempt: 1, most: 3, afterMs: 1 }));
    await sleep(50);
    expect(isOver, 'it is being started again').to.equal(false);
    tell(started(6, 'node02', 'start', 'v4.1'), said(7, 'node02', 'open'), said(8, 'node02', 'noted', patch));
    expect(await settled).to.equal(true);
  });
});
