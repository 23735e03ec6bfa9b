/**
 * What one-off patch a member was running when it went by itself, and who was running the same at that time: several that open at
 * once run their patches at once, and some of these change what all of them share.
 */
import type { MemberEvent } from '../../node/events.ts';
import { firstFrom, lastUntil } from '../trace/instants.ts';
import { eventsOf, rigEventsOf, type Trace } from '../trace/trace.ts';
import { sinceNs } from './incarnations.ts';

export interface Patching {
  readonly patch: string;
  /** The other members that were running it at some instant of the time in which this one did. */
  readonly beside: string[];
}

type Begun = MemberEvent & { readonly event: 'patching' };

/**
 * @param fromNs when the incarnation began that went
 * @param goneNs when it went
 * @param others all other members
 * @returns null where it was not seen to run one
 */
export function patchingAt(
  trace: Trace,
  member: string,
  fromNs: number,
  goneNs: number,
  others: readonly string[],
): Patching | null {
  const last = lastUntil(begunBy(trace, member), goneNs);
  if (last === undefined || last.atNs < fromNs) return null;
  const { patch } = last;
  const beside = others.filter((other) =>
    begunBy(trace, other).some(
      (begun) => begun.patch === patch && sinceNs(begun) <= goneNs && endOf(trace, begun) >= sinceNs(last),
    ),
  );
  return { patch, beside };
}

/** `, while it ran the patch migrate, as did node01` */
export function patchingWords(patching: Patching | null): string {
  if (patching === null) return '';
  const { patch, beside } = patching;
  return `, while it ran the patch ${patch}, as ${beside.length === 0 ? 'nobody else did' : `did ${beside.join(' and ')}`}`;
}

function begunBy(trace: Trace, member: string): Begun[] {
  return eventsOf(trace, member).filter((event): event is Begun => event.event === 'patching');
}

/** A patch is over when the next begins, or its member has gone; of the last of them it is not told. */
function endOf(trace: Trace, { member, atNs }: Begun): number {
  const ends = [begunBy(trace, member), rigEventsOf(trace, 'gone', member)].flatMap((list) => {
    const next = firstFrom<{ atNs: number }>(list, atNs + 1);
    return next === undefined ? [] : [next.atNs];
  });
  return Math.min(...ends, Number.POSITIVE_INFINITY);
}
