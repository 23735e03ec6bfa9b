/** Refreshing one member: stopped, and started in another version; and what a plan does to it on the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../node/clock.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Crash, Plan, Refresh } from '../plan/plan.ts';
import { holdsOf } from './holds.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

/** What a member may take to stop whose start is aimed: it must be gone in time. */
const STOP_MS = 10_000;

export class Refreshing {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #members: Members;

  constructor(plan: Plan, stage: Stage, members: Members) {
    this.#plan = plan;
    this.#stage = stage;
    this.#members = members;
  }

  async refresh({ member, to, crash, aim }: Refresh): Promise<void> {
    if (aim !== undefined) await this.#untilBefore(aim.leadMs + STOP_MS);
    await this.#members.stop(member);
    if (aim !== undefined) this.#stage.recorder.tell('aimed', { member, ...(await this.#untilBefore(aim.leadMs)) });
    if (crash !== undefined) await this.#crash(member, to, crash);
    await this.#members.startRefreshed(member, to, holdsOf(this.#plan, 'start'));
  }

  /** Wait until so long before the timer of a member is due that waits. @returns whose that is */
  async #untilBefore(leadMs: number): Promise<{ at: string | null; dueNs: number | null }> {
    const next = this.#members.standings.nextTimer(nowNs() + leadMs * 1e6);
    if (next === null) return { at: null, dueNs: null };
    await sleep((next.dueNs - nowNs()) / 1e6 - leadMs, undefined, { signal: this.#stage.signal });
    return { at: next.member, dueNs: next.dueNs };
  }

  /** Start a member, and kill it where the plan has it. */
  async #crash(member: string, version: string, { at, leading }: Crash): Promise<void> {
    const from = this.#stage.recorder.trace.length;
    await this.#members.start('start', member, version, null, leading ? ['before-check', at] : [at]);
    if (leading) {
      await this.#members.said(member, 'held', () => true, from);
      await this.#lead(member);
      if (at !== 'before-check') await this.#members.client(member)!.failpoints!.release('before-check');
    }
    await this.#members.said(member, 'held', (event) => event.failpoint === at, from);
    const life = this.#members.running(member);
    if (life === null || !(await this.#members.killHeld(member, life, at)))
      throw this.#members.didNot(member, 'live until it was to be killed');
  }

  async #lead(member: string): Promise<void> {
    try {
      await this.#members.client(member)!.leader!.lead();
    } catch (error) {
      throw new EnvironmentError(`${member} could not be made the leader: ${(error as Error).message}`);
    }
  }
}
