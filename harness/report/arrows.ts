/** The notices of a roll, each from who sent it to who received it, and what came of it. Pure, and free of Node. */
import type { MemberEvent, NotifyOutcome } from '../../node/events.ts';
import type { Disposition } from '../../node/upgrade/machine.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';

/** A notice to one peer, from when it was sent to when it had arrived, or was given up. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly sentNs: number;
  readonly arrivedNs: number;
  /** `delivered`: it woke the receiver. `latched`: it was kept. `dropped`: it came for nothing. `failed`: it never came. */
  readonly fate: Fate;
  /** What its sender made of it; where it failed, the reason. */
  readonly outcome: NotifyOutcome;
}

export type Fate = Disposition | 'failed';

type Sent = MemberEvent & { readonly event: 'notified' };
type Received = MemberEvent & { readonly event: 'noticed' };

/** A line that tells of a receipt may be read a little before the one that tells of its sending. */
const READ_EARLY_NS = 0.1e9;
/** What comes later than this is another notice. */
const LATEST_NS = 5e9;

export function arrowsOf(trace: Trace): Arrow[] {
  const sent: Sent[] = [];
  const received: Received[] = [];
  for (const event of trace) {
    if (isRigEvent(event)) continue;
    if (event.event === 'notified') sent.push(event);
    if (event.event === 'noticed') received.push(event);
  }
  // A daemon that is observed gives its notices no names that both ends tell.
  const byName = new Map(received.map((event) => [`${event.notice} ${event.member}`, event]));
  const seen = new Seen(received.filter(({ observed }) => observed !== undefined));
  return sent.flatMap((event): Arrow[] => {
    const { member: from, peer: to, notice, kind, sentNs, atNs, outcome, observed } = event;
    const arrival = observed === undefined ? byName.get(`${notice} ${to}`) : seen.take(from, to, sentNs);
    // Where nobody tells of receipts, it is not known what came of a notice, and nothing is drawn of it.
    if (arrival === undefined && observed !== undefined && seen.isEmpty) return [];
    const fate = arrival?.disposition ?? 'failed';
    return [{ from, to, kind, sentNs, arrivedNs: arrival?.atNs ?? atNs, fate, outcome }];
  });
}

/** Receipts that were seen, each to be matched with one sending from the same member to the same member, in their order. */
class Seen {
  readonly isEmpty: boolean;
  readonly #waiting = new Map<string, Received[]>();

  constructor(received: readonly Received[]) {
    this.isEmpty = received.length === 0;
    for (const [between, own] of Map.groupBy(received, ({ from, member }) => `${from} ${member}`))
      this.#waiting.set(between, own);
  }

  take(from: string, to: string, sentNs: number): Received | undefined {
    const own = this.#waiting.get(`${from} ${to}`) ?? [];
    while (own[0] !== undefined && own[0].atNs < sentNs - READ_EARLY_NS) own.shift();
    const [next] = own;
    return next !== undefined && next.atNs < sentNs + LATEST_NS ? own.shift() : undefined;
  }
}
