/** The steps of a plan that holds members: each is let go for one step of its upgrade, or for one notice. */
import type { MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import { type FailpointsClient, Finding, RequestError } from '../daemon/contract.ts';
import type { NoticeFault } from '../plan/fault.ts';
import type { Move } from '../plan/plan.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';
import { all } from './all.ts';
import { WORD_LIMIT_MS } from './awaiting.ts';
import type { Members } from './members.ts';
import type { Recorder } from './recorder.ts';
import type { Stage } from './stage.ts';

/** Where a member is held before a step, the first of these at which it is; and what it says when the step is done. */
const MOVES: Readonly<Record<Move['step'], { readonly held: readonly Failpoint[]; readonly said: Said }>> = {
  check: { held: ['before-check'], said: (event) => event.event === 'checked' },
  park: { held: ['before-park'], said: (event) => event.event === 'parked' },
  notify: { held: ['before-notify'], said: (event) => event.event === 'notifying' },
  open: { held: ['before-open'], said: (event) => event.event === 'open' },
  begin: { held: ['before-patch'], said: (event) => event.event === 'held' && event.failpoint === 'in-patch' },
  // Where nobody can be in the way, the model takes no step into the middle of a patch.
  patch: { held: ['before-patch', 'in-patch'], said: (event) => event.event === 'patched' },
  note: { held: ['before-note'], said: (event) => event.event === 'noted' },
};
type Said = (event: MemberEvent) => boolean;
type Sent = MemberEvent & { readonly event: 'notifying' };

export class Replay {
  readonly #recorder: Recorder;
  readonly #signal: AbortSignal;
  readonly #members: Members;
  /** How many events there were when a member was last let go. */
  readonly #released = new Map<string, number>();

  /** The notices that the present life of a member holds, or has held; and those to a peer that were not answered. */
  readonly #held = new Map<string, Map<string, number>>();
  readonly #unanswered = new Set<string>();
  /** Those that never arrive, those that arrive twice, and how often they have: each by its name and its receiver. */
  readonly #lost = new Set<string>();
  readonly #doubled = new Set<string>();
  readonly #delivered = new Map<string, number>();
  /** What is to arrive twice, once it is sent. */
  #doubling: Array<NoticeFault> = [];

  constructor({ recorder, signal }: Pick<Stage, 'recorder' | 'signal'>, members: Members) {
    this.#recorder = recorder;
    this.#signal = signal;
    this.#members = members;
    recorder.observe((event) => this.#fold(event));
  }

  /** Let a member go from where it is held before a step, and wait for its word that the step is done. @throws Finding */
  async release(member: string, step: Move['step']): Promise<void> {
    const { held, said } = MOVES[step];
    let at = await this.#heldAt(member);
    for (;;) {
      const from = this.#recorder.trace.length;
      this.#released.set(member, from);
      const failpoint = held.includes(at) ? at : held[0]!;
      await this.#let(member, `take the step '${step}'`, (failpoints) => failpoints.release(failpoint));
      const isNext = (event: MemberEvent): boolean =>
        said(event) || isHeldAt(event, held.slice(held.indexOf(failpoint) + 1));
      const next = await this.#members.saidAny(member, `be through with the step '${step}'`, isNext, from);
      if (next.event === 'notifying') await this.#untilThere(next);
      if (said(next)) return;
      at = next.event === 'held' ? next.failpoint : at;
    }
  }

  /** Let the oldest notice of a kind arrive that one member has sent to another, and that has not arrived. @throws Finding */
  async deliver(from: string, to: string, kind: NoticeKind): Promise<void> {
    const { standings } = this.#members;
    const isLeft = (name: string): boolean =>
      this.#doubled.has(name) ? (this.#delivered.get(name) ?? 0) < 2 : !this.#lost.has(name);
    const isDue = ({ kind: sent, notice, peers }: Sent): boolean =>
      sent === kind &&
      peers.includes(to) &&
      isLeft(`${notice} ${to}`) &&
      (this.#doubled.has(`${notice} ${to}`) || !standings.hasArrived(notice, to));
    const { notice } = await this.#members.said(from, 'notifying', isDue);
    const times = (this.#delivered.get(`${notice} ${to}`) ?? 0) + 1;
    this.#delivered.set(`${notice} ${to}`, times);
    // One that came to an earlier life of its receiver has gone with it.
    const isHeld = (): boolean => this.#heldOf(to, notice) >= times;
    if (!(await this.#recorder.until(to, isHeld, WORD_LIMIT_MS, this.#signal)))
      throw this.#members.didNot(to, `hear of ${from}`, WORD_LIMIT_MS);
    await this.#let(to, `take the notice from ${from}`, (failpoints) => failpoints.release('on-notice', notice));
    let noticed = 0;
    await this.#members.said(to, 'noticed', (event) => {
      if (event.notice === notice) noticed += 1;
      return noticed === times;
    });
  }

  /** A notice that a member is about to send arrives twice. */
  double(fault: NoticeFault): void {
    this.#doubling.push(fault);
  }

  /** Somebody has taken a member out, and tells all others. @param from how many events there were before. @throws Finding */
  async untilTold(by: string, from: number): Promise<void> {
    await this.#untilThere(await this.#members.said(by, 'notifying', () => true, from));
  }

  /** Each peer holds its notice, or cannot be reached: before that nobody may be stopped, or it would be lost on its way. */
  async #untilThere({ member, notice, peers }: Sent): Promise<void> {
    const areThere = (): boolean =>
      peers.every((peer) => {
        const copies = this.#doubled.has(`${notice} ${peer}`) ? 2 : 1;
        return this.#heldOf(peer, notice) >= copies || this.#unanswered.has(`${notice} ${peer}`);
      });
    if (!(await this.#recorder.until(null, areThere, WORD_LIMIT_MS, this.#signal)))
      throw this.#members.didNot(member, 'reach all its peers', WORD_LIMIT_MS);
  }

  #fold(event: TraceEvent): void {
    if (isRigEvent(event)) return;
    const { member } = event;
    if (event.event === 'started') this.#held.set(member, new Map());
    if (event.event === 'held' && event.notice !== null)
      this.#held.get(member)?.set(event.notice, this.#heldOf(member, event.notice) + 1);
    if (event.event === 'notified' && event.outcome !== 'accepted')
      this.#unanswered.add(`${event.notice} ${event.peer}`);
    if (event.event === 'notified' && event.outcome === 'lost') this.#lost.add(`${event.notice} ${event.peer}`);
    if (event.event === 'notifying') this.#takeDoubles(event);
  }

  #takeDoubles({ member, kind, notice, peers }: Sent): void {
    this.#doubling = this.#doubling.filter(({ from, to, notice: wanted }) => {
      const isIt = from === member && wanted === kind && peers.includes(to);
      if (isIt) this.#doubled.add(`${notice} ${to}`);
      return !isIt;
    });
  }

  /** How often the present life of a member holds a notice, or has held it. */
  #heldOf(member: string, notice: string): number {
    return this.#held.get(member)?.get(notice) ?? 0;
  }

  /** Hold nobody any more. Whoever gives up just then is held nowhere. */
  async releaseAll(): Promise<void> {
    const isGone = (error: unknown): boolean => error instanceof RequestError && error.how === 'unreachable';
    const disarm = (failpoints: FailpointsClient): Promise<void> =>
      failpoints.disarm().catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    await all(this.#members.names.map((member) => this.#let(member, 'go on', disarm)));
  }

  /** What woke a member is told before it has come to where it is held next. @throws Finding */
  async #heldAt(member: string): Promise<Failpoint> {
    const started = this.#recorder.trace.findLastIndex(
      (event) => !isRigEvent(event) && event.member === member && event.event === 'started',
    );
    // Entering a transaction is told by being held in it.
    const from = Math.max(started, this.#released.get(member) ?? 0, 0);
    const held = await this.#members.said(member, 'held', ({ failpoint }) => failpoint !== 'on-notice', from);
    return held.failpoint;
  }

  /** A member that is not where its path says is what the replay was to find out. */
  async #let(member: string, what: string, go: (failpoints: FailpointsClient) => Promise<void>): Promise<void> {
    const failpoints = this.#members.client(member)?.failpoints ?? null;
    if (failpoints === null) throw new Finding(member, `${member} was to ${what}, and is not running`);
    try {
      await go(failpoints);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw new Finding(member, `${member} was to ${what}, and it is not held where the model says: ${error.message}`);
    }
  }
}

function isHeldAt(event: MemberEvent, failpoints: readonly Failpoint[]): boolean {
  return event.event === 'held' && failpoints.includes(event.failpoint);
}
