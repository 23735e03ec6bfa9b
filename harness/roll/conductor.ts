/**
 * The conductor: carries out a Plan on a Site, step by step, and hands back the Trace. It knows members only by their
 * kind, and judges nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, EventName } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Seat } from '../daemon/contract.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Crash, Move, Pace, Plan, Refresh, Step } from '../plan/plan.ts';
import { isRigEvent, type Records, TRACE_FORMAT, type Trace } from '../trace/trace.ts';
import { didNot, Members, type Stage } from './members.ts';
import { isEnded, isSettled, lastWord, waitsInVain } from './standing.ts';
import { Traffic } from './traffic.ts';

/**
 * Carry out a plan. All members have been stopped when it returns; the caller closes the site.
 * @throws EnvironmentError where members cannot be started at all
 */
export async function conduct(plan: Plan, stage: Stage): Promise<void> {
  const { recorder, site, signal, alone } = stage;
  const startedAt = new Date().toISOString();
  recorder.tell('began', { format: TRACE_FORMAT, plan: plan.name, runtime: site.runtime, startedAt, alone });
  const roll = new Roll(plan, stage);
  let how: 'complete' | 'unsettled' | 'interrupted' = 'complete';
  try {
    for (const [index, step] of plan.steps.entries()) {
      recorder.tell('step', { step: index });
      if (!(await roll.carryOut(step))) how = 'unsettled';
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    how = 'interrupted';
  } finally {
    await roll.stopAll();
  }
  recorder.tell('ended', { how });
}

class Roll {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #members: Members;
  readonly #traffic: Traffic;

  constructor(plan: Plan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    this.#members = new Members(plan, stage);
    this.#traffic = new Traffic(stage.recorder);
  }

  /** Returns whether the cluster has settled, where the step was to wait for that. */
  async carryOut(step: Step): Promise<boolean> {
    this.#stage.signal.throwIfAborted();
    switch (step.do) {
      case 'bootstrap':
        await this.#enter('bootstrap', step.member, step.version, null);
        return true;
      case 'join':
        await this.#joinAll(step.members, step.version, this.#stage.site.seat(step.through));
        return true;
      case 'load':
        await this.#load();
        return true;
      case 'refresh':
        await all(step.refreshes.map((refresh) => this.#refresh(refresh)));
        await this.#keepPace(step.refreshes, step.pace);
        return true;
      case 'release':
        await this.#release(step.member, step.move.step);
        return true;
      case 'deliver':
        await this.#deliver(step.from, step.to, step.kind);
        return true;
      case 'release-all':
        await Promise.all([...this.#members.running.keys()].map((member) => this.#members.client(member)!.disarm()));
        return true;
      case 'settle':
        return this.#settle();
      case 'verify':
        await this.#verify();
        return true;
    }
  }

  async stopAll(): Promise<void> {
    await this.#traffic.stop();
    await all([...this.#members.running.keys()].map((member) => this.#members.stop(member)));
  }

  async #enter(action: Action, member: string, version: string, through: Seat | null): Promise<void> {
    await this.#members.start(action, member, version, through, this.#holds(action));
    await this.#members.until(member, isEnded);
    if (lastWord(this.#stage.recorder.trace, member) !== 'open') throw didNot(member, `${action} its cluster`);
    await this.#traffic.run(member, () => this.#members.client(member));
  }

  async #joinAll(members: readonly string[], version: string, through: Seat): Promise<void> {
    await all(members.map((member) => this.#enter('join', member, version, through)));
  }

  async #refresh({ member, to, crash }: Refresh): Promise<void> {
    await this.#members.stop(member);
    if (crash !== undefined) await this.#crash(member, to, crash);
    await this.#members.start('start', member, to, null, this.#holds('start'));
  }

  /** Start a member, and kill it where the plan has it. */
  async #crash(member: string, version: string, { at, leading }: Crash): Promise<void> {
    const before = this.#stage.recorder.trace.length;
    await this.#members.start('start', member, version, null, leading ? ['before-check', at] : [at]);
    if (leading) {
      await this.#members.said(member, 'held', () => true, before);
      await this.#lead(member);
      if (at !== 'before-check') await this.#members.client(member)!.release('before-check');
    }
    await this.#members.said(member, 'held', (event) => event.failpoint === at, before);
    await this.#members.kill(member, at);
  }

  async #lead(member: string): Promise<void> {
    try {
      await this.#members.client(member)!.lead();
    } catch (error) {
      throw new EnvironmentError(`${member} could not be made the leader: ${(error as Error).message}`);
    }
  }

  #holds(action: Action): readonly Failpoint[] {
    return this.#plan.holds ? HOLDS[action] : [];
  }

  async #keepPace(refreshes: readonly Refresh[], pace: Pace): Promise<void> {
    if (pace === 'eager') return;
    if (pace === 'held') {
      for (const { member } of refreshes)
        await this.#members.said(member, 'held', (event) => event.failpoint === 'before-check');
      return;
    }
    if (pace === 'settled') {
      for (const { member } of refreshes) await this.#members.until(member, isSettled);
      return;
    }
    await sleep(pace.pauseMs, undefined, { signal: this.#stage.signal });
  }

  /** Release a member from where it is held before a step, and wait for its word that the step is done. */
  async #release(member: string, step: Move['step']): Promise<void> {
    const before = this.#stage.recorder.trace.length;
    await this.#members.client(member)!.release(`before-${step}`);
    await this.#members.said(member, MOVE_EVENTS[step], () => true, before);
  }

  /** The oldest notice of a kind that one member has sent to another, and that has not arrived. */
  async #deliver(from: string, to: string, kind: NoticeKind): Promise<void> {
    const { trace } = this.#stage.recorder;
    const sent = await this.#members.said(
      from,
      'notifying',
      (event) => event.kind === kind && !hasArrived(trace, to, event.notice),
    );
    const isIt = (event: { notice: string | null }): boolean => event.notice === sent.notice;
    await this.#members.said(to, 'held', isIt);
    await this.#members.client(to)!.release('on-notice', sent.notice);
    await this.#members.said(to, 'noticed', isIt);
  }

  async #settle(): Promise<boolean> {
    const { recorder, signal } = this.#stage;
    const { members, settleLimitMs } = this.#plan;
    const waiting = (trace: Trace): string[] => members.filter((member) => !isEnded(lastWord(trace, member)));
    const isOver = (trace: Trace): boolean => waiting(trace).every((member) => waitsInVain(trace, member));
    const isInTime = await recorder.until(isOver, settleLimitMs, signal);
    const left = waiting(recorder.trace);
    if (isInTime && left.length === 0) return true;
    const says = await Promise.all(left.map(async (member) => [member, await this.#waitsFor(member)] as const));
    recorder.tell('unsettled', { members: Object.fromEntries(says) });
    return false;
  }

  /** What a member says that it waits for; null where it does not answer. */
  async #waitsFor(member: string): Promise<string | null> {
    const status = await this.#members
      .client(member)
      ?.status()
      .catch(() => null);
    return status?.waitsFor ?? null;
  }

  async #load(): Promise<void> {
    const client = this.#members.client(this.#plan.members[0]!);
    if (client === null) throw new EnvironmentError('the first member is gone before the records were loaded');
    for (const { key, value } of this.#plan.records) {
      await client.writeRecord(key, value);
      this.#traffic.acknowledge(key, value);
    }
  }

  async #verify(): Promise<void> {
    const { recorder } = this.#stage;
    await this.#traffic.stop();
    const found: Record<string, Records> = {};
    await all(
      [...this.#members.running].map(async ([member, running]) => {
        recorder.tell('memory', { member, bytes: await running.memoryBytes().catch(() => null) });
        if (lastWord(recorder.trace, member) !== 'open') return;
        try {
          found[member] = await this.#stage.kind.client(running.authority).readRecords();
        } catch (error) {
          recorder.tell('unread', { member, because: (error as Error).message });
        }
      }),
    );
    recorder.tell('ledger', { acknowledged: this.#traffic.acknowledged, found });
  }
}

/** Where members of a plan that holds are held, and what they say when a step is done. */
const HOLDS: Readonly<Record<Action, readonly Failpoint[]>> = {
  bootstrap: ['on-notice'],
  join: ['on-notice'],
  start: ['before-check', 'before-park', 'before-notify', 'before-open', 'on-notice'],
};
const MOVE_EVENTS: Readonly<Record<Move['step'], EventName>> = {
  check: 'checked',
  park: 'parked',
  notify: 'notifying',
  open: 'open',
};

function hasArrived(trace: Trace, member: string, notice: string): boolean {
  return trace.some(
    (event) => !isRigEvent(event) && event.event === 'noticed' && event.member === member && event.notice === notice,
  );
}

/** As Promise.all, but whatever is under way has ended when it fails, so that nothing goes on behind the roll's back. */
async function all(works: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
