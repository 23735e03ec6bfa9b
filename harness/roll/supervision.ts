/** The supervisor of each member, as that of a real machine would be: it starts one again that has exited by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor } from '../plan/daemon.ts';
import type { Exit } from '../runtime/runtime.ts';
import type { Recorder } from './recorder.ts';

export class Supervision {
  readonly #supervisor: Supervisor | null;
  readonly #recorder: Recorder;
  readonly #signal: AbortSignal;
  /** How often it has started each member again. */
  readonly #restarts = new Map<string, number>();
  readonly #restarting = new Map<string, Promise<void>>();
  #isEnding = false;

  constructor(supervisor: Supervisor | null, recorder: Recorder, signal: AbortSignal) {
    this.#supervisor = supervisor;
    this.#recorder = recorder;
    this.#signal = signal;
  }

  /** Nobody is started again from now on. */
  end(): void {
    this.#isEnding = true;
  }

  /** A member has exited by itself. @param start starts it again @param fail told what kept it from being */
  exited(member: string, exit: Exit, start: () => Promise<void>, fail: (error: Error) => void): void {
    const restart = this.#restart(member, exit, start).catch((error: Error) => {
      if (!this.#signal.aborted) fail(error);
    });
    const restarting: Promise<void> = restart.finally(() => {
      // It may have gone again meanwhile, and be about to be started once more.
      if (this.#restarting.get(member) === restarting) this.#restarting.delete(member);
    });
    this.#restarting.set(member, restarting);
  }

  /** Until a member is not about to be started. */
  async settled(member: string): Promise<void> {
    await this.#restarting.get(member);
  }

  async allSettled(): Promise<void> {
    while (this.#restarting.size > 0) await Promise.allSettled(this.#restarting.values());
  }

  async #restart(member: string, exit: Exit, start: () => Promise<void>): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === null || this.#isEnding || this.#signal.aborted) return;
    if (supervisor.restart === 'on-failure' && exit.code === 0) return;
    const attempt = (this.#restarts.get(member) ?? 0) + 1;
    if (attempt > supervisor.most) return;
    this.#restarts.set(member, attempt);
    this.#recorder.tell('restarting', { member, attempt, most: supervisor.most, afterMs: supervisor.delayMs });
    await sleep(supervisor.delayMs, undefined, { signal: this.#signal });
    if (this.#isEnding || this.#signal.aborted) return;
    await start();
  }
}
