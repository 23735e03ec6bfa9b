/**
 * The conductor: carries out a Plan on a Site, step by step, and hands back the Trace. It knows members only by their
 * kind, and judges nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, EventName, Failpoint, MemberEvent } from '../../node/events.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Artifact, MemberClient, MemberKind, Seat } from '../member/kind.ts';
import type { Pace, Plan, Refresh, Step, Walk } from '../plan/plan.ts';
import type { Exit, RunningMember, Site } from '../runtime/runtime.ts';
import { isRigEvent, type Records, TRACE_FORMAT, type Trace } from '../trace/trace.ts';
import type { Recorder } from './recorder.ts';
import { isEnded, isSettled, lastWord, type Word, waitsInVain } from './standing.ts';
import { Traffic } from './traffic.ts';

/** How long a member may take to stop before it is killed. A parked one stops at once; this is for a broken one. */
const STOP_GRACE_MS = 5000;
/** How long a member may take from its start to its first word about where it stands. */
const START_LIMIT_MS = 60_000;

/** How long a released member may take for a step; it takes milliseconds. */
const WALK_LIMIT_MS = 10_000;

/** What a roll is carried out with. */
export interface Stage {
  readonly kind: MemberKind;
  readonly site: Site;
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly recorder: Recorder;
  /** Receives every line that a member prints, events too. */
  readonly log: (member: string, line: string) => void;
  /** Ends the roll early. */
  readonly signal: AbortSignal;
}

/**
 * Carry out a plan. All members have been stopped when it returns; the caller closes the site.
 * @throws EnvironmentError where members cannot be started at all
 */
export async function conduct(plan: Plan, stage: Stage): Promise<void> {
  const { recorder, site, signal } = stage;
  const startedAt = new Date().toISOString();
  recorder.tell('began', { format: TRACE_FORMAT, plan: plan.name, runtime: site.runtime, startedAt });
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
  readonly #running = new Map<string, RunningMember>();
  readonly #traffic: Traffic;

  constructor(plan: Plan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
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
      case 'walk':
        await this.#walk(step.member, step.walk.step);
        return true;
      case 'arrive':
        await this.#arrive(step.from, step.to, step.kind);
        return true;
      case 'let-go':
        await Promise.all([...this.#running.keys()].map((member) => this.#client(member)!.disarm()));
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
    await all([...this.#running.keys()].map((member) => this.#stop(member)));
  }

  async #enter(action: Action, member: string, version: string, through: Seat | null): Promise<void> {
    await this.#start(action, member, version, through);
    await this.#until(member, isEnded);
    if (lastWord(this.#stage.recorder.trace, member) !== 'open') throw didNot(member, `${action} its cluster`);
    await this.#traffic.run(member, () => this.#client(member));
  }

  async #joinAll(members: readonly string[], version: string, through: Seat): Promise<void> {
    await all(members.map((member) => this.#enter('join', member, version, through)));
  }

  async #start(action: Action, member: string, version: string, through: Seat | null): Promise<void> {
    const { kind, site, artifacts, recorder, log } = this.#stage;
    const artifact = artifacts.get(version);
    if (artifact === undefined) throw new Error(`version ${version} has not been built`);
    const seat = site.seat(member);
    const failpoints = this.#plan.holds ? HOLDS[action] : [];
    const args = kind.args(this.#plan, { action, seat, through, failpoints });
    recorder.tell('launching', { member, version });
    const running = await site.start(seat, artifact, args, (line) => {
      log(member, line);
      const event = kind.readEvent(line);
      if (event !== null) recorder.add(event);
    });
    this.#running.set(member, running);
    const onGone = (exit: Exit): void => {
      if (this.#running.get(member) !== running) return;
      // It went by itself; one that the rig stops is no longer in the list by then.
      this.#running.delete(member);
      recorder.tell('gone', { member, ...exit, killed: false });
    };
    running.exited.then(onGone, (error: Error) => {
      log(member, `the rig has lost sight of this member: ${error.message}`);
      onGone({ code: null, signal: null });
    });
  }

  async #refresh({ member, to }: Refresh): Promise<void> {
    await this.#stop(member);
    await this.#start('start', member, to, null);
  }

  async #stop(member: string): Promise<void> {
    const running = this.#running.get(member);
    if (running === undefined) return;
    const { recorder } = this.#stage;
    this.#running.delete(member);
    recorder.tell('stopping', { member });
    const exit = await running.stop(STOP_GRACE_MS);
    recorder.tell('gone', { member, ...exit });
  }

  async #keepPace(refreshes: readonly Refresh[], pace: Pace): Promise<void> {
    if (pace === 'eager') return;
    if (pace === 'held') {
      for (const { member } of refreshes)
        await this.#said(member, 'held', (event) => event.failpoint === 'before-check');
      return;
    }
    if (pace === 'settled') {
      for (const { member } of refreshes) await this.#until(member, isSettled);
      return;
    }
    await sleep(pace.pauseMs, undefined, { signal: this.#stage.signal });
  }

  /** Release a member from where it is held before a step, and wait for its word that the step is done. */
  async #walk(member: string, step: Walk['step']): Promise<void> {
    const before = this.#stage.recorder.trace.length;
    await this.#client(member)!.release(`before-${step}`);
    await this.#said(member, WALK_EVENTS[step], () => true, before);
  }

  /** The oldest notice of a kind that one member has sent to another, and that has not arrived. */
  async #arrive(from: string, to: string, kind: NoticeKind): Promise<void> {
    const { trace } = this.#stage.recorder;
    const sent = await this.#said(
      from,
      'notifying',
      (event) => event.kind === kind && !hasArrived(trace, to, event.notice),
    );
    const isIt = (event: { notice: string | null }): boolean => event.notice === sent.notice;
    await this.#said(to, 'held', isIt);
    await this.#client(to)!.release('on-notice', sent.notice);
    await this.#said(to, 'noticed', isIt);
  }

  /** Wait for an event of a member, the first that matches. @param after look only at what comes after this many events */
  async #said<Name extends EventName>(
    member: string,
    name: Name,
    matches: (event: MemberEvent & { event: Name }) => boolean,
    after = 0,
  ): Promise<MemberEvent & { event: Name }> {
    const { recorder, signal } = this.#stage;
    const find = (trace: Trace) =>
      trace
        .slice(after)
        .find(
          (event): event is MemberEvent & { event: Name } =>
            !isRigEvent(event) &&
            event.member === member &&
            event.event === name &&
            matches(event as MemberEvent & { event: Name }),
        );
    await recorder.until((trace) => find(trace) !== undefined, WALK_LIMIT_MS, signal);
    const found = find(recorder.trace);
    if (found === undefined) throw didNot(member, `say '${name}' where the plan has it`);
    return found;
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
    const status = await this.#client(member)
      ?.status()
      .catch(() => null);
    return status?.waitsFor ?? null;
  }

  async #load(): Promise<void> {
    const client = this.#client(this.#plan.members[0]!);
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
      [...this.#running].map(async ([member, running]) => {
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

  #client(member: string): MemberClient | null {
    const running = this.#running.get(member);
    return running === undefined ? null : this.#stage.kind.client(running.authority);
  }

  /** Wait for a member to say where it stands. */
  async #until(member: string, condition: (word: Word) => boolean): Promise<void> {
    const { recorder, signal } = this.#stage;
    const reached = await recorder.until((trace) => condition(lastWord(trace, member)), START_LIMIT_MS, signal);
    if (!reached) throw didNot(member, `park, open or exit within ${START_LIMIT_MS / 1000} s`);
  }
}

/** Where members of a plan that holds are held, and what they say when a step is done. */
const HOLDS: Readonly<Record<Action, readonly Failpoint[]>> = {
  bootstrap: ['on-notice'],
  join: ['on-notice'],
  start: ['before-check', 'before-park', 'before-notify', 'before-open', 'on-notice'],
};
const WALK_EVENTS: Readonly<Record<Walk['step'], EventName>> = {
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

function didNot(member: string, what: string): EnvironmentError {
  return new EnvironmentError(`${member} did not ${what}; its log says why`);
}
