/** What a member knows of the leader, and what troubles it; and who is told when that changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PassingError } from '../database.ts';
import { type Connection, RESPONSE_TIMEOUT_MS } from './connection.ts';
import type { Reach } from './leader.ts';

export interface Observers {
  /** Told whenever this member learns of another leader, HOST:PORT; null where it knows of none. */
  readonly onLeader: (leader: string | null) => void;
  /** Told why there is no leader, and null when there is one again. */
  readonly onTrouble: (trouble: string | null) => void;
}

/** How often the own node is asked who leads: it tells nobody by itself. */
const WATCH_MS = 100;

export class LeaderWatch {
  readonly #observers: Observers;
  #leader: string | null = null;
  #trouble: string | null = null;

  constructor(observers: Observers) {
    this.#observers = observers;
  }

  get leader(): string | null {
    return this.#leader;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  learn(leader: string | null): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#observers.onLeader(leader);
    if (leader !== null) this.fret(null);
  }

  fret(trouble: string | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#observers.onTrouble(trouble);
  }

  /** Ask the own node, until the signal aborts. */
  async watch(reach: Reach, own: string, signal: AbortSignal): Promise<void> {
    let connection: Connection | null = null;
    let before: string | null = null;
    while (!signal.aborted) {
      try {
        connection ??= await reach.to(own, RESPONSE_TIMEOUT_MS);
        const now: string | null = (await connection.leader())?.address ?? null;
        // A node that has just started has heard of no leader yet; that is not to say that there is none.
        if (now !== before) this.learn(now);
        before = now;
      } catch (error) {
        connection?.close();
        connection = null;
        const isExpected = error instanceof PassingError || signal.aborted;
        if (!isExpected) this.fret(`the own node cannot be asked who leads: ${(error as Error).message}`);
      }
      await sleep(WATCH_MS, undefined, { ref: false });
    }
    connection?.close();
  }
}
