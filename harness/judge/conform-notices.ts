/**
 * The notices of a roll, each to one peer: whoever tells of one that comes in has been sent it, whoever has sent one tells how that
 * ended, and whoever has taken one in tells of it.
 */
import { USUAL_NOTICE_TIMEOUT_MS } from '../../node/config.ts';
import { rigEventsOf, type Trace } from '../trace/trace.ts';
import { Deviation } from './deviation.ts';
import type { Of } from './follower.ts';

/** A notice on its way to one peer. */
interface Sent {
  readonly kind: string;
  readonly by: string;
  readonly to: string;
  readonly atNs: number;
  /** When its receiver took it in. */
  arrivedNs: number | null;
  answered: boolean;
  accepted: boolean;
}

export class NoticesOnTheirWay {
  readonly #trace: Trace;
  /** By their name and peer, with what is known of them. */
  readonly #sent = new Map<string, Sent>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  send({ notice, kind, member: by, atNs }: Of<'notifying'>, to: string): void {
    this.#sent.set(nameOf(notice, to), { kind, by, to, atNs, arrivedNs: null, answered: false, accepted: false });
  }

  isSent(notice: string, to: string): boolean {
    return this.#sent.has(nameOf(notice, to));
  }

  answer({ member, notice, peer, outcome }: Of<'notified'>): void {
    const sent = this.#sent.get(nameOf(notice, peer));
    if (sent === undefined) throw new Deviation(`${member} tells of a notice to ${peer} that it did not send`);
    sent.answered = true;
    sent.accepted = outcome === 'accepted';
  }

  /** One that is known to have been sent. */
  arrive({ member, notice, kind, atNs }: Of<'noticed'>): void {
    const sent = this.#sent.get(nameOf(notice, member))!;
    if (sent.kind !== kind) throw new Deviation(`${member} tells of a notice '${kind}', and '${sent.kind}' was sent`);
    sent.arrivedNs = atNs;
  }

  /** Once everything has been told. @throws Deviation where something is left untold */
  end(): void {
    for (const [name, sent] of this.#sent) {
      const { by, to, arrivedNs, answered, accepted } = sent;
      if (!answered && !this.#isKilledSince(by, sent) && !this.#isStoppedUnder(sent))
        throw new Deviation(`notice ${name} was sent, and nobody tells how that ended`);
      if (accepted && arrivedNs === null && !this.#isKilledSince(to, sent))
        throw new Deviation(`notice ${name} was accepted, and its receiver does not tell of it`);
    }
  }

  /** Of what a member had sent, or taken in, that was killed, it cannot tell any more. */
  #isKilledSince(member: string, { atNs }: Sent): boolean {
    return rigEventsOf(this.#trace, 'killing', member).some((killing) => killing.atNs > atNs);
  }

  /** Its sender was told to stop while it was on its way, and does not wait for its answer then. */
  #isStoppedUnder({ by, atNs, arrivedNs }: Sent): boolean {
    const endNs = Math.min(atNs + USUAL_NOTICE_TIMEOUT_MS * 1e6, arrivedNs ?? Number.POSITIVE_INFINITY);
    return rigEventsOf(this.#trace, 'stopping', by).some((stopping) => stopping.atNs > atNs && stopping.atNs < endNs);
  }
}

function nameOf(notice: string, peer: string): string {
  return `${notice} to ${peer}`;
}
