/** Waiting for what members do and say, and what is found where they do not. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventName, MemberEvent } from '../../node/events.ts';
import { Finding } from '../daemon/contract.ts';
import type { Plan } from '../plan/plan.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';
import { LastLines } from './last-lines.ts';
import type { Stage } from './stage.ts';
import { Standings } from './standing.ts';

/** How long a member may take to say what the plan has it say; mostly it takes milliseconds, with an election seconds. */
export const WORD_LIMIT_MS = 20_000;

export class Awaiting {
  readonly standings: Standings;
  protected readonly lastLines = new LastLines();
  readonly #stage: Stage;
  readonly #plan: Plan;

  constructor(plan: Plan, stage: Stage) {
    this.#stage = stage;
    this.#plan = plan;
    this.standings = new Standings(plan.members, plan.daemon.timer);
    stage.recorder.observe((event) => this.standings.fold(event));
  }

  /** Wait for a member to open or to have ended. @throws Finding where it does neither in time */
  async untilEnded(member: string, limitMs: number): Promise<void> {
    await this.#until(member, () => this.standings.isEnded(member), ['open'], limitMs);
  }

  /** Wait for a member to serve, also where it waits to run a patch, or to have ended. @throws Finding where it does neither in time */
  async untilServing(member: string, limitMs: number): Promise<void> {
    await this.#until(
      member,
      () => this.standings.isServing(member) || this.standings.isEnded(member),
      ['open'],
      limitMs,
    );
  }

  /** Wait for a member to have ended, and to be so for as long as the rig does not believe it at once. @throws Finding */
  async untilAtRest(member: string): Promise<void> {
    const { settleLimitMs, daemon } = this.#plan;
    let goings: number;
    do {
      goings = this.standings.goings;
      await this.untilEnded(member, settleLimitMs);
      await sleep(daemon.capabilities.steadyMs, undefined, { signal: this.#stage.signal });
    } while (this.standings.goings !== goings || !this.standings.isEnded(member));
  }

  /**
   * Wait for a member to park, open or exit.
   * @param patienceMs for so long, and no matter if it does not; null where it has to
   * @throws Finding where it has to, and does none in time
   */
  async untilSettled(member: string, patienceMs: number | null = null): Promise<void> {
    const { recorder, signal } = this.#stage;
    if (patienceMs !== null) {
      await recorder.until(member, () => this.standings.isSettled(member), patienceMs, signal);
      return;
    }
    await this.#until(
      member,
      () => this.standings.isSettled(member),
      ['parked', 'open'],
      this.#stage.daemon.startLimitMs,
    );
  }

  /**
   * Wait for an event of a member, the first that matches.
   * @param from look only at what comes after this many events
   * @throws Finding where it does not come
   */
  async said<Name extends EventName>(
    member: string,
    name: Name,
    matches: (event: MemberEvent & { event: Name }) => boolean,
    from = 0,
  ): Promise<MemberEvent & { event: Name }> {
    const isIt = (event: MemberEvent): boolean =>
      event.event === name && matches(event as MemberEvent & { event: Name });
    const found = await this.saidAny(member, `say '${name}' where the plan has it`, isIt, from);
    return found as MemberEvent & { event: Name };
  }

  /**
   * Wait for the first event of a member that matches, of whatever kind.
   * @param what the member does thereby, for a person
   * @throws Finding where it does not come
   */
  async saidAny(
    member: string,
    what: string,
    matches: (event: MemberEvent) => boolean,
    from: number,
  ): Promise<MemberEvent> {
    const { recorder, signal } = this.#stage;
    const isIt = (event: TraceEvent): event is MemberEvent =>
      !isRigEvent(event) && event.member === member && matches(event);
    const found = await recorder.next(member, isIt, from, WORD_LIMIT_MS, signal);
    if (found === null) throw this.didNot(member, what, WORD_LIMIT_MS);
    return found;
  }

  /** What a member failed to do, where the rig waited for it in what time, and the last lines that it printed. */
  didNot(member: string, what: string, waitedMs: number | null = null): Finding {
    return new Finding(member, `${member} did not ${what}; ${this.lastLines.of(member)}`, waitedMs);
  }

  async #until(member: string, condition: () => boolean, events: readonly Awaited[], limitMs: number): Promise<void> {
    const { recorder, signal } = this.#stage;
    const reached = await recorder.until(member, condition, limitMs, signal);
    if (reached) return;
    const words = [...events.map((event) => AWAITED[event]), 'exit'].join(' or ');
    const { message } = this.didNot(member, `${words} within ${limitMs / 1000} s`);
    throw new Finding(member, message, limitMs, this.#stage.daemon.doubt(events));
  }
}

/** What a member may be waited for to do. */
const AWAITED = { parked: 'park', open: 'open' } as const;
type Awaited = keyof typeof AWAITED;
