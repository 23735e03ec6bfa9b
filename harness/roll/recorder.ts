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
   * Resolves with true at the first event for which the condition holds, looking at once and then after each event;
   * with false when the limit has passed.
   * @throws the signal's reason when it aborts
   */
  async until(condition: (trace: Trace) => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (condition(this.#trace)) return true;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#observers.delete(look);
        settle();
      };
      const look = (): void => {
        if (condition(this.#trace)) finish(() => resolve(true));
      };
      const onAbort = (): void => finish(() => reject(signal.reason as Error));
      const timer = setTimeout(() => finish(() => resolve(false)), limitMs);
      signal.addEventListener('abort', onAbort);
      this.#observers.add(look);
    });
  }
}
