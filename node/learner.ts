/**
 * Learning that a peer is newer, and asking to be refreshed: the member looks at the rows every so often, and when a notice has
 * come in, whatever it is at itself, and asks after a random wait, so that not all members ask at once. Whoever plays the update
 * program is told by the event `asked`; as long as the member runs its old build it asks again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database/database.ts';
import { readMembers } from './database/members.ts';
import { withSaidPatches } from './database/patches.ts';
import type { Phase, Tell } from './events.ts';
import { randomFrom } from './random.ts';
import { isNewer, type Row, type Version } from './upgrade/version.ts';

export interface LearnerOptions {
  readonly member: string;
  readonly version: Version;
  readonly database: Database;
  readonly tell: Tell;
  readonly phase: () => Phase;
  /** Whether members say how many patches they have, as they do where patches wait for all. */
  readonly readsPatches: boolean;
  /** How often it looks. */
  readonly everyMs: number;
  /** The longest wait before it asks. */
  readonly withinMs: number;
  /** Draws the waits: the same seed, the same waits. */
  readonly seed: number;
}

/** Whoever asks the database for a look does not wait for one that is not to be had: it looks again. */
const PATIENCE_MS = 1000;

export class Learner {
  readonly #options: LearnerOptions;
  readonly #closing = new AbortController();
  readonly #random: () => number;
  #isAsking = false;

  constructor(options: LearnerOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  /** Look every so often, until it is closed. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(this.#options.everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      await this.look('rows');
    }
  }

  /** Look now, and ask where there is a newer peer and nothing has been asked yet. */
  async look(by: 'rows' | 'notice'): Promise<void> {
    const { signal } = this.#closing;
    if (this.#isAsking || signal.aborted) return;
    const of = await this.#newerPeer().catch(() => null);
    if (of === null || this.#isAsking || signal.aborted) return;
    this.#isAsking = true;
    const { withinMs, tell, phase } = this.#options;
    const afterMs = Math.round(this.#random() * withinMs);
    await sleep(afterMs, undefined, { signal, ref: false }).catch(() => undefined);
    this.#isAsking = false;
    if (!signal.aborted) tell('asked', { of, by, afterMs, phase: phase() });
  }

  close(): void {
    this.#closing.abort();
  }

  /** A peer whose row is ahead of this build; null where there is none, or the database is not to be had. */
  async #newerPeer(): Promise<string | null> {
    const { database, member, version, readsPatches } = this.#options;
    const rows = await database.read(async (transaction) => {
      const members: readonly Row[] = await readMembers(transaction);
      return readsPatches ? withSaidPatches(transaction, members) : members;
    }, PATIENCE_MS);
    return rows.find((row) => row.member !== member && isNewer(row, version))?.member ?? null;
  }
}
