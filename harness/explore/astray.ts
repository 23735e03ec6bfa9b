/**
 * The notices of a path that are lost on their way or arrive twice, by the step that sends them: what goes wrong with a real notice has to
 * be said to its sender before.
 */

import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import { InputError } from '../input/errors.ts';
import type { NoticeFault } from '../plan/fault.ts';
import type { Told } from './path.ts';
import { tell } from './tell.ts';

interface Sent {
  /** Of the step that sends it. */
  readonly index: number;
  readonly from: string;
  readonly to: string;
  readonly kind: NoticeKind;
  /** How many of it arrive. */
  copies: number;
}

/** @returns faults by the place in the path before which they begin. @throws InputError where a notice arrives more than twice */
export function astrayIn(
  path: readonly Told[],
  members: readonly string[],
): ReadonlyMap<number, readonly NoticeFault[]> {
  const all: Sent[] = [];
  /** On their way, by sender, receiver and kind, the oldest first; a copy comes last. */
  const flight = new Map<string, Sent[]>();
  const wayOf = ({ from, to, kind }: Pick<Sent, 'from' | 'to' | 'kind'>): Sent[] => {
    const name = `${from} ${to} ${kind}`;
    const known = flight.get(name) ?? [];
    flight.set(name, known);
    return known;
  };
  const send = (index: number, from: string, kind: NoticeKind): void => {
    for (const to of members) {
      if (to === from) continue;
      const sent: Sent = { index, from, to, kind, copies: 1 };
      all.push(sent);
      wayOf(sent).push(sent);
    }
  };
  for (const [index, told] of path.entries()) {
    if (told.is === 'notified') send(index, told.member, told.kind);
    else if (told.is === 'left') send(index, told.by, 'both');
    else if (told.is === 'arrived') wayOf(told.notice).shift();
    else if (told.is === 'lost') wayOf(told.notice).shift()!.copies -= 1;
    else if (told.is === 'duplicated') {
      const way = wayOf(told.notice);
      way[0]!.copies += 1;
      if (way[0]!.copies > 2)
        throw new InputError(`in this path ${tell(told)} for the second time: that cannot be replayed`);
      way.push(way[0]!);
    }
  }
  const faults = new Map<number, NoticeFault[]>();
  for (const { index, from, to, kind, copies } of all) {
    if (copies === 1) continue;
    const is = copies === 0 ? 'lose-notice' : 'duplicate-notice';
    faults.set(index, [...(faults.get(index) ?? []), { is, from, to, notice: kind, nth: 1 }]);
  }
  return faults;
}
