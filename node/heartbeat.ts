/** A member's heartbeat: an open member says in its row that it is alive; any member looks whom to trust, and whether it still belongs. */
import type { Database } from './database/database.ts';
import { beat } from './database/members.ts';
import type { Membership } from './membership.ts';

const EVERY_MS = 10_000;

export class Heartbeat {
  readonly #name: string;
  readonly #database: Database;
  readonly #membership: Membership;
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;

  constructor(name: string, database: Database, membership: Membership, log: (line: string) => void) {
    this.#name = name;
    this.#database = database;
    this.#membership = membership;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#beat().catch((error: Error) => this.#log(`${this.#name} could not do its heartbeat: ${error.message}`));
    }, EVERY_MS);
  }

  /** The member serves from now on. */
  opened(): void {
    this.#isOpen = true;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #beat(): Promise<void> {
    if (this.#isOpen) await this.#database.write((transaction) => beat(transaction, this.#name));
    await this.#membership.converge();
  }
}
