/**
 * The conductor: carries out a Plan on a Site, step by step, and hands back the Trace. It knows a daemon only by its
 * contract, and judges nothing: what a member does wrong is told in the trace.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Finding, RequestError } from '../daemon/contract.ts';
import { EnvironmentError } from '../input/errors.ts';
import { type Milestone, type Pace, type Plan, type Refresh, type Step, versionOf } from '../plan/plan.ts';
import { type Ending, type Records, TRACE_FORMAT } from '../trace/trace.ts';
import { all } from './all.ts';
import { Asking } from './asking.ts';
import { Faults } from './faults.ts';
import { Forming } from './forming.ts';
import { watchLag } from './lag.ts';
import { Members } from './members.ts';
import { Refreshing } from './refreshing.ts';
import { Replay } from './replay.ts';
import { Settling } from './settling.ts';
import type { Stage } from './stage.ts';
import { Traffic } from './traffic.ts';
import { UpdateProgram } from './update-program.ts';
import { Withholding } from './withholding.ts';

/**
 * Carry out a plan. All members have been stopped when it returns; the caller closes the site. What kept it from an end is
 * told in the trace.
 * @returns the fault of the environment, or of the rig, that ended it; null where there was none
 */
export async function conduct(plan: Plan, stage: Stage): Promise<Error | null> {
  const { recorder, site, alone } = stage;
  // What goes on beside the steps ends them where it cannot go on.
  const beside = new AbortController();
  const fail = (error: Error): void => beside.abort(error);
  const signal = AbortSignal.any([stage.signal, beside.signal]);
  const startedAt = new Date().toISOString();
  recorder.tell('began', { format: TRACE_FORMAT, plan: plan.name, runtime: site.runtime, startedAt, alone });
  for (const [version, given] of Object.entries(plan.given ?? {})) {
    const { internal: schema, extensions } = versionOf(plan, version);
    recorder.tell('given', { version, schema, api: extensions.length, ...given });
  }
  const lag = watchLag((forMs) => recorder.tell('lag', { forMs }));
  const roll = new Roll(plan, { ...stage, signal }, fail);
  let how: Ending = 'complete';
  let fault: Error | null = null;
  const failed = (thrown: unknown): void => {
    // What stopping them ends with follows from what ended the roll.
    if (how !== 'complete' && how !== 'unsettled') return;
    const said = signal.aborted ? signal.reason : thrown;
    // What members come to nothing for is not always theirs.
    const error = said instanceof Finding ? (site.lack() ?? said) : said;
    if (stage.signal.aborted && !(error instanceof EnvironmentError)) how = 'interrupted';
    else if (error instanceof Finding) {
      how = 'finding';
      const { member, message: because, waitedMs, doubt } = error;
      recorder.tell('finding', { member, because, waitedMs, doubt });
    } else {
      how = 'environment';
      fault = error as Error;
      recorder.tell('failure', { because: (error as Error).message });
    }
  };
  try {
    for (const [index, step] of plan.steps.entries()) {
      recorder.tell('step', { step: index });
      if (!(await roll.carryOut(step))) how = 'unsettled';
    }
  } catch (error) {
    failed(error);
  }
  await roll.stopAll().catch(failed);
  if (beside.signal.aborted) failed(beside.signal.reason);
  lag.end();
  for (const unmatched of stage.daemon.unmatched()) recorder.tell('unmatched', unmatched);
  recorder.tell('ended', { how, events: recorder.trace.length + 1 });
  return fault;
}

/** While something is wrong, a member may not come to rest: it is waited for so long, and then the roll goes on. */
const TROUBLED_PACE_MS = 3000;

class Roll {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #members: Members;
  readonly #forming: Forming;
  readonly #asking: Asking;
  readonly #faults: Faults;
  readonly #refreshing: Refreshing;
  readonly #traffic: Traffic | null;
  readonly #replay: Replay;
  readonly #withholding: Withholding;
  readonly #settling: Settling;
  /** How many events there were before the operator refreshed somebody last. */
  #sinceOperator = 0;

  /** @param fail ends the roll, by whatever goes on beside its steps */
  constructor(plan: Plan, stage: Stage, fail: (error: Error) => void) {
    this.#plan = plan;
    this.#stage = stage;
    this.#members = new Members(plan, stage, fail);
    this.#asking = new Asking(stage, this.#members);
    this.#faults = new Faults(plan, stage, this.#members, this.#asking);
    this.#refreshing = new Refreshing(plan, stage, this.#members);
    this.#forming = new Forming(plan, stage, this.#members);
    const isServing = (member: string): boolean => this.#members.standings.isServing(member);
    this.#traffic = plan.daemon.capabilities.records
      ? new Traffic(stage.recorder, plan.members.length, isServing, fail)
      : null;
    this.#replay = new Replay(stage, this.#members);
    this.#withholding = new Withholding(stage, this.#members);
    this.#settling = new Settling(plan, stage, this.#members, this.#faults);
  }

  /** Returns whether the cluster has settled, where the step was to wait for that. */
  async carryOut(step: Step): Promise<boolean> {
    this.#stage.signal.throwIfAborted();
    switch (step.do) {
      case 'bootstrap':
      case 'join':
      case 'form':
        if (!this.#forming.isOf(step)) await this.#join(step);
        else if (await this.#forming.carryOut(step)) await this.#beginTraffic(this.#members.names);
        return true;
      case 'load':
        await this.#load();
        return true;
      case 'refresh':
        await this.#refreshAll(step.refreshes, step.pace);
        return true;
      case 'stop':
        await this.#members.stop(step.member);
        return true;
      case 'leave':
        await this.#leave(step.member, step.by);
        return true;
      case 'update':
        await new UpdateProgram(step, this.#stage.recorder, this.#stage.signal, (refresh) =>
          this.#refreshing.refresh(refresh),
        ).run(this.#sinceOperator);
        return true;
      case 'release':
        await this.#replay.release(step.member, step.move.step);
        return true;
      case 'deliver':
        await this.#replay.deliver(step.from, step.to, step.kind);
        return true;
      case 'release-all':
        await this.#replay.releaseAll();
        return true;
      case 'fault':
        if (step.fault.is === 'duplicate-notice') this.#replay.double(step.fault);
        await this.#faults.begin(step.id, step.fault);
        return true;
      case 'undo':
        await this.#faults.undo(step.id);
        return true;
      case 'withhold':
        await this.#withholding.begin(step);
        return true;
      case 'let-through':
        await this.#withholding.end(step.member);
        return true;
      case 'await':
        await this.#await(step.member, step.until);
        return true;
      case 'settle':
        return this.#settling.settle();
      case 'verify':
        await this.#verify();
        return true;
    }
  }

  async stopAll(): Promise<void> {
    await this.#traffic?.stop();
    await this.#members.stopAll();
  }

  async #await(member: string, until: Milestone): Promise<void> {
    if (until === 'recorded') await this.#withholding.untilRecorded(member);
    else if (until === 'parked') await this.#members.untilSettled(member);
    else await this.#members.untilAtRest(member);
  }

  async #beginTraffic(members: readonly string[]): Promise<void> {
    const traffic = this.#traffic;
    if (traffic === null) return;
    await all(members.map((member) => traffic.run(member, () => this.#members.client(member)?.records ?? null)));
  }

  /** Somebody joins the cluster that is being rolled. */
  async #join(step: Step & { do: 'bootstrap' | 'join' | 'form' }): Promise<void> {
    if (step.do !== 'join') throw new Error('a cluster is formed once');
    // Only a member that is open lets anybody in.
    await this.#members.untilServing(step.through, this.#plan.settleLimitMs);
    await this.#forming.admit(step);
    await this.#beginTraffic(step.members);
  }

  async #leave(member: string, by: string): Promise<void> {
    await this.#members.stop(member);
    const from = this.#stage.recorder.trace.length;
    await this.#asking.takeOut(member, by);
    if (this.#plan.holds) await this.#replay.untilTold(by, from);
  }

  async #refreshAll(refreshes: readonly Refresh[], pace: Pace): Promise<void> {
    const from = this.#stage.recorder.trace.length;
    this.#sinceOperator = from;
    await all(refreshes.map((refresh) => this.#refreshing.refresh(refresh)));
    await this.#keepPace(refreshes, pace, from);
  }

  /** @param from how many events there were before the refreshes */
  async #keepPace(refreshes: readonly Refresh[], pace: Pace, from: number): Promise<void> {
    if (pace === 'eager') return;
    if (pace === 'held') {
      for (const { member } of refreshes)
        await this.#members.said(member, 'held', ({ failpoint }) => failpoint !== 'on-notice', from);
      return;
    }
    if (pace === 'settled' || pace.settled) {
      for (const { member } of refreshes)
        await this.#members.untilSettled(member, this.#faults.areStanding ? TROUBLED_PACE_MS : null);
    }
    if (pace !== 'settled') await sleep(pace.pauseMs, undefined, { signal: this.#stage.signal });
  }

  async #load(): Promise<void> {
    const [first] = this.#plan.members as readonly [string];
    const records = this.#members.client(first)?.records;
    if (records === null || records === undefined)
      throw new Finding(first, `${first} was gone before the records were loaded`);
    for (const { key, value } of this.#plan.records) {
      try {
        await records.write(key, value);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        throw new Finding(first, `${first} did not write the record ${key}: ${error.message}`);
      }
      this.#traffic?.acknowledge(key, value);
    }
  }

  async #verify(): Promise<void> {
    const { recorder } = this.#stage;
    await this.#traffic?.stop();
    const found: Record<string, Records> = {};
    await all(
      this.#members.names.map(async (member) => {
        const bytes = await this.#members.memoryBytes(member).catch(() => null);
        recorder.tell('memory', { member, bytes });
        const records = this.#members.client(member)?.records ?? null;
        if (records === null || !this.#members.standings.isServing(member)) return;
        try {
          found[member] = await records.readAll();
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          recorder.tell('unread', { member, how: error.how, because: error.message });
        }
      }),
    );
    if (this.#traffic !== null) recorder.tell('ledger', { acknowledged: this.#traffic.acknowledged, found });
  }
}
