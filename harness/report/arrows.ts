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
  /** Where its ends were observed: by when it had been sent, and when it had arrived at the earliest. Null where they were told. */
  readonly seen: { readonly sentByNs: number; readonly arrivedSinceNs: number } | null;
  /** `delivered`: it woke the receiver. `latched`: it was kept. `dropped`: it came for nothing. `failed`: it never came. */
  readonly fate: Fate;
  /** What its sender made of it; where it failed, the reason. */
  readonly outcome: NotifyOutcome;
}

export type Fate = Disposition | 'failed';

type Sent = MemberEvent & { readonly event: 'notified' };
type Received = MemberEvent & { readonly event: 'noticed' };

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
  const isSeen = received.some(({ observed }) => observed !== undefined);
  const arrivals = isSeen ? matched(sent, received) : named(sent, received);
  return sent.flatMap((event): Arrow[] => {
    const { member: from, peer: to, kind, sentNs, atNs, outcome, observed } = event;
    const arrival = arrivals.get(event);
    // Where nobody tells of receipts, it is not known what came of a notice, and nothing is drawn of it.
    if (arrival === undefined && observed !== undefined && !isSeen) return [];
    const fate = arrival?.disposition ?? 'failed';
    const arrivedNs = arrival?.atNs ?? atNs;
    const arrivedSinceNs = arrival?.observed?.sinceNs ?? arrivedNs;
    const seen = observed === undefined ? null : { sentByNs: atNs, arrivedSinceNs };
    return [{ from, to, kind, sentNs, arrivedNs, seen, fate, outcome }];
  });
}

/** By the name that both ends tell. */
function named(sent: readonly Sent[], received: readonly Received[]): Map<Sent, Received> {
  const byName = new Map(received.map((event) => [`${event.notice} ${event.member}`, event]));
  return new Map(
    sent.flatMap((event) => {
      const arrival = byName.get(`${event.notice} ${event.peer}`);
      return arrival === undefined ? [] : [[event, arrival]];
    }),
  );
}

/**
 * A daemon that is observed gives its notices no names that both ends tell: from the last receipt backwards, each is that of the
 * last notice between the two that was sent before it, so that one of which no receipt is told takes none of a later one's.
 */
function matched(sent: readonly Sent[], received: readonly Received[]): Map<Sent, Received> {
  const arrivals = new Map<Sent, Received>();
  const open = Map.groupBy(
    sent.toSorted((one, other) => one.sentNs - other.sentNs),
    ({ member, peer }) => `${member} ${peer}`,
  );
  for (const arrival of received.toReversed()) {
    const own = open.get(`${arrival.from} ${arrival.member}`) ?? [];
    // What is sent later than this receipt was is sent later than any earlier one, too.
    while (own.length > 0 && own.at(-1)!.sentNs > arrival.atNs) own.pop();
    if (own.length > 0 && own.at(-1)!.sentNs > arrival.atNs - LATEST_NS) arrivals.set(own.pop()!, arrival);
  }
  return arrivals;
}
