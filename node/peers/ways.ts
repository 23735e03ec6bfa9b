/**
 * The ways to the peers: a connection to each, open before a notice must leave, and open again soon after the peer has
 * been refreshed. Whoever is about to pass a gate has the notices to send that everybody waits for.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerClient } from './client.ts';
import { NOTICES } from './notices.ts';

/** A peer that is there answers in a millisecond. */
const TIMEOUT_MS = 1000;
/** A peer that is being refreshed is back in a moment; in a large cluster everybody asks, so nobody asks often. */
const PAUSE = { firstMs: 250, longestMs: 2000 };
/**
 * How many are opened at a time. All at once would keep the only thread of a member of a large cluster busy for as long as
 * its start takes, and its peers with it.
 */
const OPENED_AT_ONCE = 4;
/**
 * Whoever passes a gate meanwhile does not wait for a peer that hangs; of many peers, not for most: as a rule it has time, parked
 * there. The last to be refreshed has none: handshakes that it has not made by then, everybody waits for.
 */
const FIRST_TRY_MS = { plain: { few: 250, many: 20 }, secure: { few: 250, many: 1000 } };

export class Ways {
  readonly #closing = new AbortController();
  readonly #kept = new Set<string>();
  readonly #peers: PeerClient;
  readonly #firstTryMs: { readonly few: number; readonly many: number };

  /** @param isSecure whether a way takes a handshake, which is dearer than what is said over it */
  constructor(peers: PeerClient, isSecure: boolean) {
    this.#peers = peers;
    this.#firstTryMs = isSecure ? FIRST_TRY_MS.secure : FIRST_TRY_MS.plain;
  }

  /** Keep a way open to each of these addresses. Resolves when each has been tried, or soon after. */
  async keep(addresses: readonly string[]): Promise<void> {
    const added = addresses.filter((address) => !this.#kept.has(address));
    for (const address of added) this.#kept.add(address);
    const openInTurn = async (): Promise<void> => {
      for (let next = added.shift(); next !== undefined; next = added.shift()) await this.#keep(next);
    };
    const limitMs = added.length > OPENED_AT_ONCE ? this.#firstTryMs.many : this.#firstTryMs.few;
    const tried = Promise.all(Array.from({ length: OPENED_AT_ONCE }, openInTurn));
    await Promise.race([tried, sleep(limitMs, undefined, { ref: false })]);
  }

  /** Let the ways go. */
  close(): void {
    this.#closing.abort();
    this.#peers.hangUp();
  }

  /** Resolves after the first try, and goes on. */
  async #keep(address: string): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const first = await this.#open(address);
    void this.#reopen(address, first);
  }

  /** Reach a peer, on an idle connection or on a new one; null where it does not answer. */
  async #open(address: string): Promise<Socket | null> {
    let way: Socket | null = null;
    const answer = await this.#peers.ask(address, {
      method: 'GET',
      path: NOTICES,
      timeoutMs: TIMEOUT_MS,
      onConnection: (connection) => {
        way = connection;
      },
    });
    return answer.is === 'answered' ? way : null;
  }

  async #reopen(address: string, first: Socket | null): Promise<void> {
    const { signal } = this.#closing;
    let way = first;
    for (let pauseMs = PAUSE.firstMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSE.longestMs)) {
      if (way !== null && !way.destroyed) {
        await end(way);
        pauseMs = PAUSE.firstMs;
      }
      await sleep(pauseMs, undefined, { ref: false });
      if (!signal.aborted) way = await this.#open(address);
    }
  }
}

/** Resolves when a connection has ended, for whatever reason. */
function end(way: Socket): Promise<void> {
  return new Promise((resolve) => way.once('close', () => resolve()));
}
