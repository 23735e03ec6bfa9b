/** Collects the events of a roll as they come, and lets the conductor wait for one. */
import { nowNs } from '../../node/clock.ts';
import type { Observer, RigEventName, RigFields, Trace, TraceEvent } from '../trace/trace.ts';

export class Recorder {
  readonly #trace: TraceEvent[] = [];
  readonly #observers = new Set<Observer>();
  /** Who waits for an event, by the member that it is to be about; null where it may be about any. */
  readonly #waiting = new Map<string | null, Set<() => void>>();

  get trace(): Trace {
    return this.#trace;
  }

  observe(observer: Observer): void {
    this.#observers.add(observer);
  }

  add(event: TraceEvent): void {
    this.#trace.push(event);
    for (const observer of this.#observers) observer(event);
    if ('member' in event) this.#wake(event.member);
    this.#wake(null);
  }

  #wake(member: string | null): void {
    for (const look of [...(this.#waiting.get(member) ?? [])]) look();
  }

  tell<Name extends RigEventName>(rig: Name, fields: RigFields[Name]): void {
    this.add({ atNs: nowNs(), rig, ...fields } as TraceEvent);
  }

  /**
   * Resolves with true at the first event after which the condition holds, looking at once and then after each event about a
   * member, or about any where that is null; with false when the limit has passed. The condition must not grow dearer with
   * the trace.
   * @throws the signal's reason when it aborts
   */
  async until(member: string | null, condition: () => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    const found = await this.#first(member, () => (condition() ? true : null), limitMs, signal);
    return found ?? false;
  }

  /**
   * The first event about a member that matches, among those from a place of the trace on and those to come; null when the
   * limit has passed. Each event is looked at once.
   * @throws the signal's reason when it aborts
   */
  async next<Found extends TraceEvent>(
    member: string,
    matches: (event: TraceEvent) => event is Found,
    from: number,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<Found | null> {
    let cursor = from;
    const look = (): Found | null => {
      for (; cursor < this.#trace.length; cursor += 1) {
        const event = this.#trace[cursor]!;
        if (matches(event)) return event;
      }
      return null;
    };
    return this.#first(member, look, limitMs, signal);
  }

  async #first<Found>(
    member: string | null,
    look: () => Found | null,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<Found | null> {
    signal.throwIfAborted();
    const already = look();
    if (already !== null) return already;
    const waiting = this.#waiting.get(member) ?? new Set();
    this.#waiting.set(member, waiting);
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        waiting.delete(onEvent);
        settle();
      };
      const onEvent = (): void => {
        const found = look();
        if (found !== null) finish(() => resolve(found));
      };
      const onAbort = (): void => finish(() => reject(signal.reason as Error));
      const timer = setTimeout(() => finish(() => resolve(null)), limitMs);
      signal.addEventListener('abort', onAbort);
      waiting.add(onEvent);
    });
  }
}
