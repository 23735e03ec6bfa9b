/**
 * Watches the engine in which members live. One that has gone, or that hangs, answers nobody: whoever waits for it is told
 * within a bound.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { EnvironmentError } from '../input/errors.ts';

const EVERY_MS = 1000;
/** Long: a busy engine may take seconds over an answer. */
const ANSWER_LIMIT_MS = 5000;
const MOST_MISSED = 3;

export class EngineWatch {
  readonly #docker: Dockerode;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #whenLost: Promise<never>;

  constructor(docker: Dockerode) {
    this.#docker = docker;
    this.#whenLost = new Promise((_resolve, reject) => {
      this.lost.addEventListener('abort', () => reject(this.lost.reason as Error));
    });
    // Most of the time nobody waits.
    this.#whenLost.catch(() => undefined);
    void this.#watch();
  }

  /** Aborts with an EnvironmentError. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Wait for what the engine was asked. What it refuses is thrown as it says it. @throws EnvironmentError where it is lost */
  async ask<Answer>(request: Promise<Answer>): Promise<Answer> {
    try {
      return await Promise.race([request, this.#whenLost]);
    } catch (error) {
      if (isBrokenOff(error as NodeJS.ErrnoException)) this.#lose((error as Error).message);
      throw this.lost.aborted ? this.lost.reason : error;
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #watch(): Promise<void> {
    for (let missed = 0; !this.#ended.signal.aborted && !this.lost.aborted; ) {
      const because = await this.#trouble();
      missed = because === null ? 0 : missed + 1;
      if (because !== null && missed === MOST_MISSED) this.#lose(because);
      await sleep(EVERY_MS, undefined, { signal: this.#ended.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Why it does not answer; null where it does, or where nobody wants to know any more. */
  async #trouble(): Promise<string | null> {
    const late = sleep(ANSWER_LIMIT_MS, `it did not answer within ${ANSWER_LIMIT_MS / 1000} s`, {
      signal: this.#ended.signal,
      ref: false,
    }).catch(() => null);
    const asked = this.#docker.ping().then(
      () => null,
      (error: Error) => error.message,
    );
    return Promise.race([asked, late]);
  }

  #lose(because: string): void {
    if (this.#ended.signal.aborted) return;
    this.#lost.abort(
      new EnvironmentError(
        `the Docker engine is gone (${because}): start it again; the next roll removes what this one has left in it`,
      ),
    );
  }
}

/** Whether a request ended because nobody was there to answer it, or not any more. */
function isBrokenOff({ code, syscall }: NodeJS.ErrnoException): boolean {
  return syscall === 'connect' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** Do something with an engine, and no longer than it answers. @throws EnvironmentError */
export async function withEngine<Result>(
  docker: Dockerode,
  use: (watch: EngineWatch) => Promise<Result>,
): Promise<Result> {
  const watch = new EngineWatch(docker);
  try {
    return await watch.ask(use(watch));
  } finally {
    watch.end();
  }
}
