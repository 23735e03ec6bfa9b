/**
 * The ways to the peers: connections to each, open before a notice must leave, and open again soon after the peer has
 * been refreshed. Whoever is about to pass a gate has the notices to send that everybody waits for.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerClient } from './client.ts';
import { NOTICES, type Peer } from './notices.ts';

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
 * A notice that leaves while another to the same peer has not been answered takes a connection of its own, as do those of two gates
 * that are passed at once. It is open too, where there are so few peers that each can have it.
 */
const CONNECTIONS = { of: 2, upToPeers: 8 };
/**
 * Whoever passes a gate meanwhile does not wait for a peer that hangs; of many peers, not for most: as a rule it has time, parked
 * there. The last to be refreshed has none: handshakes that it has not made by then, everybody waits for.
 */
const FIRST_TRY_MS = { plain: { few: 250, many: 20 }, secure: { few: 250, many: 1000 } };

/** The way back to whoever is there again is open in a moment; who waits for that waits no longer. */
const BACK_MS = 250;

/** Of an older peer the refresh is to come: that ends its connections, and when it is back it opens its own way first. */
export interface PeerByNow extends Peer {
  readonly isOlder: boolean;
}

interface Way {
  readonly address: string;
  /** Whether it is open, or is opened again. */
  isKept: boolean;
  /** None where not all of them are to be had. */
  connections: readonly Socket[];
  opening: Promise<void> | null;
  /** Ends the pause before it is tried again. */
  hasten: () => void;
}

export class Ways {
  readonly #closing = new AbortController();
  /** By the name of the peer. */
  readonly #ways = new Map<string, Way>();
  readonly #peers: PeerClient;
  readonly #isSecure: boolean;
  readonly #firstTryMs: { readonly few: number; readonly many: number };

  /** @param isSecure whether a way takes a handshake, which is dearer than what is said over it, and tells who has opened it */
  constructor(peers: PeerClient, isSecure: boolean) {
    this.#peers = peers;
    this.#isSecure = isSecure;
    this.#firstTryMs = isSecure ? FIRST_TRY_MS.secure : FIRST_TRY_MS.plain;
  }

  /**
   * Keep a way open to each of these; where there are many, to those that are to be refreshed themselves only as of the moment in
   * which they open their own. Resolves when each has been tried, or soon after.
   */
  async keep(peers: readonly PeerByNow[]): Promise<void> {
    const isSparing = this.#isSecure && peers.length > CONNECTIONS.upToPeers;
    // To one of them there is a way: by its end, and by the refusal of another, a member learns that it has been taken out.
    const oneOlder = peers.findLast(({ isOlder }) => isOlder);
    const added = peers.flatMap((peer): Way[] => {
      const way = this.#ways.get(peer.name) ?? wayTo(peer.address);
      this.#ways.set(peer.name, way);
      const isSpared = isSparing && peer.isOlder && peer !== oneOlder;
      if (way.isKept || isSpared) return [];
      way.isKept = true;
      return [way];
    });
    const limitMs = added.length > OPENED_AT_ONCE ? this.#firstTryMs.many : this.#firstTryMs.few;
    const openInTurn = async (): Promise<void> => {
      for (let next = added.shift(); next !== undefined; next = added.shift()) await this.#keep(next);
    };
    const tried = Promise.all(Array.from({ length: OPENED_AT_ONCE }, openInTurn));
    await Promise.race([tried, sleep(limitMs, undefined, { ref: false })]);
  }

  /**
   * A peer has just opened its way to this member, so that it is there again: open the one back now, and not in the middle of what it
   * has come for. Resolves when that has been tried, or soon after; at once where there is nothing to open.
   */
  async openBack(name: string): Promise<void> {
    const way = this.#ways.get(name);
    // Its own first try is what a peer answers that dials back: it must not wait for that again.
    if (way === undefined || this.#closing.signal.aborted || way.opening !== null || isOpen(way)) return;
    const opening = way.isKept ? this.#open(way) : this.#keep(way);
    way.isKept = true;
    await Promise.race([opening, sleep(BACK_MS, undefined, { ref: false })]);
    way.hasten();
  }

  /** Let the ways go. */
  close(): void {
    this.#closing.abort();
    this.#peers.hangUp();
  }

  /** Resolves after the first try, and goes on. */
  async #keep(way: Way): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await this.#open(way);
    void this.#reopen(way);
  }

  /** Reach a peer, on an idle connection or on a new one. Resolves when that has been tried. */
  #open(way: Way): Promise<void> {
    way.opening ??= this.#ask(way).finally(() => {
      way.opening = null;
    });
    return way.opening;
  }

  async #ask(way: Way): Promise<void> {
    const connections: Socket[] = [];
    const onConnection = (used: Socket): void => void connections.push(used);
    const length = this.#ways.size <= CONNECTIONS.upToPeers ? CONNECTIONS.of : 1;
    const asking = Array.from({ length }, () =>
      this.#peers.ask(way.address, { method: 'GET', path: NOTICES, timeoutMs: TIMEOUT_MS, onConnection }),
    );
    const answers = await Promise.all(asking);
    way.connections = answers.every((answer) => answer.is === 'answered') ? connections : [];
  }

  async #reopen(way: Way): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = PAUSE.firstMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSE.longestMs)) {
      if (isOpen(way)) {
        await endOfAny(way.connections);
        pauseMs = PAUSE.firstMs;
      }
      const hastened = new Promise<void>((resolve) => {
        way.hasten = resolve;
      });
      await Promise.race([sleep(pauseMs, undefined, { ref: false }), hastened]);
      if (!signal.aborted && !isOpen(way)) await this.#open(way);
    }
  }
}

function wayTo(address: string): Way {
  return { address, isKept: false, connections: [], opening: null, hasten: () => undefined };
}

function isOpen({ connections }: Way): boolean {
  return connections.length > 0 && connections.every((connection) => !connection.destroyed);
}

/** Resolves when one of these has ended, for whatever reason. */
function endOfAny(connections: readonly Socket[]): Promise<void> {
  return new Promise((resolve) => {
    const ended = (): void => {
      for (const connection of connections) connection.off('close', ended);
      resolve();
    };
    for (const connection of connections) connection.on('close', ended);
  });
}
