/** Collects the events of a roll as they come, and lets the conductor wait for one. */
import { nowNs } from '../../node/clock.ts';
import type { Observer, RigEventName, RigFields, Trace, TraceEvent } from '../trace/trace.ts';

export class Recorder {
  readonly #trace: TraceEvent[] = [];
  readonly #observers = new Set<Observer>();

  get trace(): Trace {
    return this.#trace;
  }

  observe(observer: Observer): void {
    this.#observers.add(observer);
  }

  add(event: TraceEvent): void {
    this.#trace.push(event);
    for (const observer of [...this.#observers]) observer(event);
  }

  tell<Name extends RigEventName>(rig: Name, fields: RigFields[Name]): void {
    this.add({ atNs: nowNs(), rig, ...fields } as TraceEvent);
  }

  /**
   * Resolves with true at the first event after which the condition holds, looking at once and then after each event; with
   * false when the limit has passed. The condition must not grow dearer with the trace.
   * @throws the signal's reason when it aborts
   */
  async until(condition: () => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    const found = await this.#first(() => (condition() ? true : null), limitMs, signal);
    return found ?? false;
  }

  /**
   * The first event that matches, among those from a place of the trace on and those to come; null when the limit has
   * passed. Each event is looked at once.
   * @throws the signal's reason when it aborts
   */
  async next<Found extends TraceEvent>(
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
    return this.#first(look, limitMs, signal);
  }

  async #first<Found>(look: () => Found | null, limitMs: number, signal: AbortSignal): Promise<Found | null> {
    signal.throwIfAborted();
    const already = look();
    if (already !== null) return already;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#observers.delete(onEvent);
        settle();
      };
      const onEvent = (): void => {
        const found = look();
        if (found !== null) finish(() => resolve(found));
      };
      const onAbort = (): void => finish(() => reject(signal.reason as Error));
      const timer = setTimeout(() => finish(() => resolve(null)), limitMs);
      signal.addEventListener('abort', onAbort);
      this.#observers.add(onEvent);
    });
  }
}
