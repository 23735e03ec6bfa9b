/** Waiting until a cluster has settled: all members are open or gone, and stay so. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../node/clock.ts';
import { RequestError } from '../daemon/contract.ts';
import type { Plan } from '../plan/plan.ts';
import type { Faults } from './faults.ts';
import { LatePatches } from './late-patches.ts';
import { EXITING_LIMIT_MS, type Members } from './members.ts';
import type { Stage } from './stage.ts';

export class Settling {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #members: Members;
  readonly #faults: Faults;
  readonly #latePatches: LatePatches;

  constructor(plan: Plan, stage: Stage, members: Members, faults: Faults) {
    this.#plan = plan;
    this.#stage = stage;
    this.#members = members;
    this.#faults = faults;
    this.#latePatches = new LatePatches(plan, stage, members);
  }

  /** @returns whether it has, within the plan's limit; what each member waits for that has not is told */
  async settle(): Promise<boolean> {
    const { recorder, signal } = this.#stage;
    const { standings } = this.#members;
    const limit = AbortSignal.timeout(this.#plan.settleLimitMs);
    const { steadyMs } = this.#plan.daemon.capabilities;
    let goings: number;
    do {
      goings = standings.goings;
      await this.#faults.idle();
      await recorder.until(null, () => standings.isOver() || limit.aborted, this.#plan.settleLimitMs, signal);
      // Its supervisor may be about to start a member again, or the member be about to exit.
      await this.#staySteady(steadyMs, limit);
      await this.#latePatches.untilRun();
      // Whoever says that it exits, of a patch it may be, is gone a moment later, in a container seconds later, and may be started
      // again then: nothing is waited for after this.
      await recorder.until(null, () => !standings.isAnyExiting, EXITING_LIMIT_MS, signal);
      // One that went meanwhile may be there again, and go again; one that is being killed is there, and goes.
    } while ((!standings.isOver() || standings.goings !== goings || this.#faults.areKilling) && !limit.aborted);
    const left = standings.underWay();
    if (left.length === 0) return true;
    const says = await Promise.all(left.map(async (member) => [member, await this.#waitsFor(member)] as const));
    recorder.tell('unsettled', { members: Object.fromEntries(says) });
    return false;
  }

  /** Look on for a while: so long after the end, and after the last patch that a member was seen to run, which it may exit by. */
  async #staySteady(steadyMs: number, limit: AbortSignal): Promise<void> {
    const { signal } = this.#stage;
    if (steadyMs === 0) await setImmediate(undefined, { signal });
    for (let leftMs = steadyMs; leftMs > 0 && !limit.aborted; ) {
      await sleep(leftMs, undefined, { signal });
      leftMs = steadyMs - (nowNs() - this.#members.standings.patchingNs) / 1e6;
    }
  }

  /** What a member says that it waits for; null where it does not answer. */
  async #waitsFor(member: string): Promise<string | null> {
    try {
      return (await this.#members.client(member)?.status())?.waitsFor ?? null;
    } catch (error) {
      if (error instanceof RequestError) return null;
      throw error;
    }
  }
}
