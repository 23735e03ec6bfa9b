/** What a member keeps of trust in its state folder: its certificate, the cluster's, and its truststore. Keys are for its user only. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from './certificate.ts';
import type { Trusted } from './truststore.ts';

const FOLDER = 'trust';
const STORE = 'truststore.json';

/** Whose a pair is: the member's own, or the one that all members of its cluster share. */
type Whose = 'member' | 'cluster';

export class TrustFiles {
  readonly #folder: string;

  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, FOLDER);
  }

  pair(whose: Whose): KeyPair | null {
    const [certificate, key] = [this.#read(`${whose}.crt`), this.#read(`${whose}.key`)];
    return certificate === null || key === null ? null : { certificate, key };
  }

  savePair(whose: Whose, { certificate, key }: KeyPair): void {
    this.#write(`${whose}.key`, key);
    this.#write(`${whose}.crt`, certificate);
  }

  trusted(): readonly Trusted[] {
    return JSON.parse(this.#read(STORE) ?? '[]') as readonly Trusted[];
  }

  saveTrusted(trusted: readonly Trusted[]): void {
    this.#write(STORE, `${JSON.stringify(trusted)}\n`);
  }

  #read(name: string): string | null {
    const file = join(this.#folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  /** Whole or not at all, and never there with more rights than it is to have. */
  #write(name: string, content: string): void {
    const file = join(this.#folder, name);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
