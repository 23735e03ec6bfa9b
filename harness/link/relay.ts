/** The rig's end of one relay: it gives it orders, and hears what it says. */
import type { Readable, Writable } from 'node:stream';
import { readLines } from '../host/lines.ts';
import { EnvironmentError } from '../input/errors.ts';
import { relayProgram } from './program.ts';
import type { Arrival, Order, RelaySettings, Word } from './words.ts';

/** How a relay is spoken to: it is a program somewhere, and ends with its stdin. */
export interface Pipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** A relay answers in a millisecond, and starts within half a second. */
const ANSWER_LIMIT_MS = 20_000;

/** The arguments of Node that make it a relay. */
export const RELAY_ARGUMENTS: readonly string[] = ['--eval', `(${relayProgram.toString()})()`];

export class Relay {
  readonly #member: string;
  readonly #stdin: Writable;
  readonly #onArrival: (arrival: Arrival) => void;
  readonly #asked = new Map<number, PromiseWithResolvers<number>>();
  readonly #ready = Promise.withResolvers<number>();
  readonly #lost: (because: EnvironmentError) => void;
  #orders = 0;
  #isClosed = false;

  /**
   * @param member who dials through it
   * @param lost told where it ends before it is closed
   */
  constructor(
    member: string,
    { stdin, stdout }: Pipes,
    onArrival: (arrival: Arrival) => void,
    lost: (because: EnvironmentError) => void,
  ) {
    this.#member = member;
    this.#stdin = stdin;
    this.#onArrival = onArrival;
    this.#lost = lost;
    this.#asked.set(0, this.#ready);
    // Whoever waits for an answer is told by the end of its stdout.
    stdin.on('error', () => undefined);
    this.#ready.promise.catch(() => undefined);
    let last = 'nobody says why';
    void readLines(stdout, (line) => {
      const word = JSON.parse(line) as Word;
      if (word.is === 'failed') last = word.because;
      this.#hear(word);
    }).then(() => this.#end(last));
  }

  /** Resolves when whatever its member dials goes through it. @throws EnvironmentError */
  async begin(settings: RelaySettings): Promise<void> {
    this.#stdin.write(`${JSON.stringify(settings)}\n`);
    await this.#inTime(this.#ready.promise, 'start');
  }

  /** @returns how many bytes were let go, or are kept. @throws EnvironmentError where it does not answer */
  async order(order: Order): Promise<number> {
    this.#orders += 1;
    const id = this.#orders;
    const answer = Promise.withResolvers<number>();
    answer.promise.catch(() => undefined);
    this.#asked.set(id, answer);
    this.#stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    return this.#inTime(answer.promise, order.do);
  }

  close(): void {
    this.#isClosed = true;
    this.#stdin.end();
  }

  #hear(word: Word): void {
    if (word.is === 'arrived') this.#onArrival(word);
    else if (word.is === 'ready') this.#asked.get(0)?.resolve(0);
    else if (word.is === 'done') {
      this.#asked.get(word.order)?.resolve(word.bytes);
      this.#asked.delete(word.order);
    }
  }

  #end(because: string): void {
    const error = new EnvironmentError(`the relay of ${this.#member}'s links has ended: ${because}`);
    for (const { reject } of this.#asked.values()) reject(error);
    if (!this.#isClosed) this.#lost(error);
  }

  async #inTime(answer: Promise<number>, what: string): Promise<number> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(
          new EnvironmentError(
            `the relay of ${this.#member}'s links did not ${what} within ${ANSWER_LIMIT_MS / 1000} s`,
          ),
        ),
      ANSWER_LIMIT_MS,
    );
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
