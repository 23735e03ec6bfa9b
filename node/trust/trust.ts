/**
 * Trust between members: over TLS each shows its own certificate to whom it dials, and all of a cluster show the same one to
 * whoever dials them. Whose certificates count, the truststore says; heartbeats keep it as the database has it.
 */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Address } from '../address.ts';
import { fingerprintOf, type KeyPair, makeCertificate } from './certificate.ts';
import { connectPinned, contextOf } from './connect.ts';
import { TrustFiles } from './files.ts';
import { type Trusted, Truststore } from './truststore.ts';

/** What a newcomer is given when it is let in. */
export interface Welcome {
  readonly cluster: KeyPair;
  readonly trusted: readonly Trusted[];
}

/** What has changed: whom the member trusts, what it shows to whom it dials, or to who dials it. */
export type Change = 'trusted' | 'own' | 'cluster';

export class Trust {
  readonly store = new Truststore();
  readonly #files: TrustFiles;
  readonly #listeners: Array<(change: Change) => void> = [];
  #own: KeyPair;
  /** Null until it is first dialled with. */
  #context: SecureContext | null = null;
  #cluster: KeyPair | null;
  /** What came while the truststore was held; null where it is not held. */
  #held: { newest: readonly Trusted[] | null } | null = null;
  /** As of when the newest list is that came. */
  #asOfNs = Number.NEGATIVE_INFINITY;

  private constructor(files: TrustFiles, own: KeyPair) {
    this.#files = files;
    this.#own = own;
    this.#cluster = files.pair('cluster');
    this.store.replace(files.trusted());
  }

  /** Of a state folder that is there; a member that has no certificate yet makes itself one. */
  static async of(stateFolder: string, name: string): Promise<Trust> {
    const files = new TrustFiles(stateFolder);
    const known = files.pair('member');
    if (known !== null) return new Trust(files, known);
    const own = await makeCertificate(name);
    files.savePair('member', own);
    return new Trust(files, own);
  }

  /** The first member of a cluster makes what all will share. */
  async found(name: string): Promise<void> {
    this.welcome({
      cluster: await makeCertificate('cluster'),
      trusted: [{ fingerprint: this.fingerprint, member: name, isRemoved: false }],
    });
  }

  /** The member has been let in. */
  welcome({ cluster, trusted }: Welcome): void {
    this.#cluster = cluster;
    this.#files.savePair('cluster', cluster);
    this.#changed('cluster');
    this.converge(trusted, this.#asOfNs);
  }

  /** What whoever dials this member is shown: what all share, or, until it has been let in, its own. */
  get shown(): KeyPair {
    return this.#cluster ?? this.#own;
  }

  /** Null where the member has not been let in yet. */
  get cluster(): KeyPair | null {
    return this.#cluster;
  }

  /** Of the member's own certificate. */
  get fingerprint(): string {
    return fingerprintOf(this.#own.certificate);
  }

  /**
   * Dial a member of the cluster, or, before this one is of it, who has the certificate of a token.
   * @param givenUp aborts when nobody waits for it any more
   * @throws Error
   */
  async dial(to: Address, givenUp: AbortSignal, fingerprint?: string): Promise<Socket> {
    const pinned = fingerprint ?? (this.#cluster === null ? null : fingerprintOf(this.#cluster.certificate));
    if (pinned === null) throw new Error('this member has not been let into a cluster');
    this.#context ??= contextOf(this.#own);
    return connectPinned(to, this.#context, pinned, givenUp);
  }

  /**
   * Trust whom the database says, and nobody else; once it is not held any more, where it is.
   * @param asOfNs on the member's clock: the list has all that was committed by then. One that is older than another that came is not taken
   */
  converge(trusted: readonly Trusted[], asOfNs: number): void {
    if (asOfNs < this.#asOfNs) return;
    this.#asOfNs = asOfNs;
    if (this.#held !== null) {
      this.#held.newest = trusted;
      return;
    }
    const isSame = JSON.stringify(trusted) === JSON.stringify(this.store.all);
    if (isSame) return;
    this.store.replace(trusted);
    this.#files.saveTrusted(trusted);
    this.#changed('trusted');
  }

  /** Have the truststore stay as it is, for tests. */
  hold(): void {
    this.#held ??= { newest: null };
  }

  letGo(): void {
    const newest = this.#held?.newest ?? null;
    this.#held = null;
    if (newest !== null) this.converge(newest, this.#asOfNs);
  }

  /** Show another certificate from now on. */
  renew(own: KeyPair): void {
    this.#own = own;
    this.#context = null;
    this.#files.savePair('member', own);
    this.#changed('own');
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  #changed(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
