/** From the faults of a scenario to steps of a plan, each at its place. Pure. */
import { InputError } from '../input/errors.ts';
import type { FaultEntry, FaultPlace } from '../input/fault-list.ts';
import { type Fault, lasts, namedBy } from './fault.ts';
import { faultWords } from './fault-words.ts';
import type { Step } from './plan.ts';

const AT_START: FaultPlace = { at: 'start' };
const AT_SETTLE: FaultPlace = { at: 'settle' };

/**
 * The steps of a roll with its faults among them.
 * @param steps what is done to a cluster that is there
 * @param members all who are ever of the cluster
 * @throws InputError where a fault names no member, has no place, ends before it begins, or contradicts another
 */
export function withFaults(steps: readonly Step[], entries: readonly FaultEntry[], members: readonly string[]): Step[] {
  const [before, after]: Step[][][] = [0, 1].map(() => Array.from({ length: steps.length + 1 }, () => []));
  for (const [index, entry] of entries.entries()) {
    const where = whereOf(index);
    const fault = faultOf(entry, members, where);
    const id = idOf(index);
    const begins = placeOf(steps, entry.begins ?? AT_START, members, `${where}.begins`);
    after![begins]!.push({ do: 'fault', id, fault });
    if (!lasts(fault)) continue;
    const ends = placeOf(steps, entry.ends ?? AT_SETTLE, members, `${where}.ends`);
    if (begins === steps.length && entry.ends === undefined)
      throw new InputError(
        `${where}.begins: it is undone there, once all are refreshed (${faultWords(fault)}): give an earlier place`,
      );
    if (ends < begins || (ends === begins && entry.ends !== undefined))
      throw new InputError(
        `${where}.ends: it ends before it has begun, so it is never undone (${faultWords(fault)}): give a later place`,
      );
    before![ends]!.unshift({ do: 'undo', id });
  }
  // What ends at a place ends before something else begins there.
  return Array.from({ length: steps.length + 1 }, (_, place) => [
    ...before![place]!,
    ...after![place]!,
    ...(steps[place] === undefined ? [] : [steps[place]]),
  ]).flat();
}

/** Where the entry stands of a fault, by its id; null of none. */
export function entryOf(id: string | null): string | null {
  return id === null ? null : whereOf(Number(id.slice(ID.length)) - 1);
}

const ID = 'f';
const idOf = (index: number): string => `${ID}${index + 1}`;
const whereOf = (index: number): string => `faults.${index}`;

function faultOf(entry: FaultEntry, members: readonly string[], where: string): Fault {
  const fault = plainFault(entry);
  for (const member of namedBy(fault)) refuseStranger(member, members, where);
  if ('from' in fault && fault.from === fault.to)
    throw new InputError(`${where}: from and to are both ${fault.from}: name two members`);
  if ('dialledBy' in fault && fault.dialledBy !== null && ![fault.from, fault.to].includes(fault.dialledBy))
    throw new InputError(`${where}.dialled_by: ${fault.dialledBy} is at neither end: say ${fault.from} or ${fault.to}`);
  if (fault.is === 'remove' && fault.member === fault.through)
    throw new InputError(`${where}.through: ${fault.member} cannot take itself out: name another member`);
  if (fault.is === 'kill' && fault.leading && fault.at === null)
    throw new InputError(`${where}.leading: it is made the leader where it is held: say at which point, too`);
  return fault;
}

function refuseStranger(member: string, members: readonly string[], where: string): void {
  if (!members.includes(member))
    throw new InputError(`${where}: there is no member ${member}; there are ${members.join(', ')}`);
}

function plainFault(entry: FaultEntry): Fault {
  const { fault: is, notice = 'any', nth = 1, direction = 'one-way' } = entry;
  const member = entry.member ?? '';
  const [from, to] = [entry.from ?? '', entry.to ?? ''];
  const link = { from, to, dialledBy: entry.dialled_by ?? null, direction };
  switch (is) {
    case 'lose-notice':
    case 'delay-notice':
    case 'duplicate-notice':
      return { is, from, to, notice, nth };
    case 'hold':
      return { is, member, at: entry.at! };
    case 'kill':
      return { is, member, at: entry.at ?? null, again: entry.again ?? true, leading: entry.leading ?? false };
    case 'fail-refresh':
      return { is, member, times: entry.times ?? null };
    case 'cut-link':
    case 'hold-link':
      return { is, ...link };
    case 'delay-link':
      return { is, ...link, byMs: entry.by! };
    case 'slow-link':
      return { is, ...link, bytesPerSecond: entry.rate! };
    case 'remove':
      return { is, member, through: entry.through ?? '' };
    default:
      return { is, member };
  }
}

/** Before which of the steps a place is. @throws InputError where nobody of that name is refreshed */
function placeOf(steps: readonly Step[], place: FaultPlace, members: readonly string[], where: string): number {
  if (!('member' in place)) return place.at === 'start' ? 0 : steps.length;
  refuseStranger(place.member, members, where);
  const index = steps.findIndex(
    (step) => 'refreshes' in step && step.refreshes.some(({ member }) => member === place.member),
  );
  if (index < 0) throw new InputError(`${where}: ${place.member} is not refreshed in this roll`);
  return place.at === 'before' ? index : index + 1;
}
