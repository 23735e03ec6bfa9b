/**
 * Sending notices: to all peers at once, each with a timeout of its own, and never in the way of the sender. A peer that
 * is gone, slow or refuses costs an event, nothing else.
 */
import { setImmediate } from 'node:timers/promises';
import { nowNs } from '../clock.ts';
import type { NotifyOutcome, Tell } from '../events.ts';
import type { Leaving, Tampering } from '../tampering.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';
import type { Answer, PeerClient } from './client.ts';

/** Where a member is told, and where whoever will have something to tell opens the way. */
export const NOTICES = '/internal/database';

/** Names the sender; a notice without it comes from an older build. */
export const FROM_HEADER = 'x-member';
/** Names the notice, so that sender and receiver can be matched in a trace. */
export const NOTICE_HEADER = 'x-notice';

export interface Peer {
  readonly name: string;
  readonly address: string;
}

export function peerOf({ member, address }: { readonly member: string; readonly address: string }): Peer {
  return { name: member, address };
}

export class Notices {
  readonly #from: string;
  readonly #peers: PeerClient;
  readonly #timeoutMs: number;
  readonly #tell: Tell;
  readonly #tampering: Tampering | null;
  /** Tells the lives of a member apart; in a container its process number is always 1. */
  readonly #life = Date.now().toString(36);
  readonly #underWay = new Set<Promise<unknown>>();
  #sent = 0;

  constructor(from: string, peers: PeerClient, timeoutMs: number, tell: Tell, tampering: Tampering | null = null) {
    this.#from = from;
    this.#peers = peers;
    this.#timeoutMs = timeoutMs;
    this.#tell = tell;
    this.#tampering = tampering;
  }

  /**
   * Send to all peers. Returns before anything has been sent: first the event loop reads the end of whatever connection has
   * ended, so that no notice leaves on one of these.
   * @returns what resolves as soon as all have left
   */
  send(kind: NoticeKind, peers: readonly Peer[]): Promise<void> {
    this.#sent += 1;
    const notice = `${this.#from}.${this.#life}.${this.#sent}`;
    this.#tell('notifying', { notice, kind, peers: peers.map((peer) => peer.name) });
    const left = Promise.withResolvers<void>();
    const sending = freshLook()
      .then(async () => {
        const answers = peers.map((peer) => {
          const leaving = this.#tampering?.leaving(peer.name, kind) ?? null;
          return leaving === null ? this.#sendTo(peer, kind, notice) : this.#leave(leaving, peer, kind, notice);
        });
        // A request is written when the code that made it has come to its end, and what awaits this would go first.
        await setImmediate();
        left.resolve();
        return Promise.all(answers);
      })
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    return left.promise;
  }

  /** Resolves once every notice under way has been answered or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** As a test has it leave: late, twice, or never. */
  async #leave({ times, after }: Leaving, peer: Peer, kind: NoticeKind, notice: string): Promise<void> {
    if (after !== null) await after;
    if (times === 0) this.#tell('notified', { peer: peer.name, notice, kind, outcome: 'lost', sentNs: nowNs() });
    await Promise.all(Array.from({ length: times }, () => this.#sendTo(peer, kind, notice)));
  }

  async #sendTo(peer: Peer, kind: NoticeKind, notice: string): Promise<void> {
    const sentNs = nowNs();
    const answer = await this.#peers.ask(peer.address, {
      method: 'PATCH',
      path: kind === 'both' ? NOTICES : `${NOTICES}?upgrade=${kind}`,
      timeoutMs: this.#timeoutMs,
      headers: { [FROM_HEADER]: this.#from, [NOTICE_HEADER]: notice },
    });
    this.#tell('notified', { peer: peer.name, notice, kind, outcome: outcomeOf(answer), sentNs });
  }
}

/** Resolves when the event loop has looked for whatever had come in by now. */
async function freshLook(): Promise<void> {
  // The first turn may belong to a look that is being worked off; before the second there is another.
  await setImmediate();
  await setImmediate();
}

function outcomeOf(answer: Answer): NotifyOutcome {
  if (answer.is !== 'answered') return answer.is;
  return answer.status >= 200 && answer.status < 300 ? 'accepted' : 'refused';
}
