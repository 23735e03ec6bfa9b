/** Draws the faults of a roll, one by one, each with its place. */
import type { Arbitrary } from 'fast-check';
import { GATE_FAILPOINTS } from '../../node/failpoints.ts';
import type { FaultEntry, FaultName, FaultPlace } from '../input/fault-list.ts';

export type FastCheck = typeof import('fast-check');

/** Drawn so often, in proportion; what takes long, or leaves nobody open, is rare. */
const WEIGHTS: Readonly<Partial<Record<FaultName, number>>> = {
  'lose-notice': 6,
  'delay-notice': 3,
  'duplicate-notice': 4,
  freeze: 6,
  hold: 7,
  kill: 6,
  down: 3,
  'fail-refresh': 2,
  'cut-link': 1,
  'hold-link': 2,
  'delay-link': 2,
  'slow-link': 1,
  'disk-full': 2,
  'disk-read-only': 2,
  'timer-jumps': 2,
  remove: 2,
  'leader-moves': 2,
  'certificate-rotates': 3,
  'certificate-expires': 1,
  'hold-truststore': 3,
};

/** @param order the members in the order of their refreshes */
export function faultEntries(fc: FastCheck, order: readonly string[]): Arbitrary<FaultEntry> {
  const members = order.length;
  const name = fc.constantFrom(...order);
  const place = fc.integer({ min: 0, max: members }).map((refreshed) => placeAfter(order, refreshed));
  const begins = { begins: place };
  const spell = {
    spell: fc.record({ from: fc.integer({ min: 0, max: members - 1 }), lasting: fc.integer({ min: 1, max: members }) }),
  };
  const notice = {
    from: name,
    to: name,
    nth: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 3 })),
  };
  const entry = <Name extends FaultName>(fault: Name, fields: Record<string, Arbitrary<unknown>>) => ({
    weight: WEIGHTS[fault] ?? 0,
    arbitrary: fc.record({ fault: fc.constant(fault), ...fields }).map((drawn) => placed(order, drawn as Spelt)),
  });
  const link = { from: name, to: name, ...spell };
  const points = fc.constantFrom(...GATE_FAILPOINTS);
  const holds = fc.constantFrom(
    ...(['before-check', 'after-check', 'before-park', 'before-notify', 'before-open'] as const),
  );
  const all = [
    entry('lose-notice', { ...notice, ...begins }),
    entry('delay-notice', { ...notice, ...spell }),
    entry('duplicate-notice', { ...notice, ...begins }),
    entry('freeze', { member: name, ...spell }),
    entry('hold', { member: name, at: holds, ...spell }),
    entry('kill', { member: name, ...begins }),
    entry('kill', { member: name, at: points }),
    {
      ...entry('kill', {
        member: name,
        at: fc.constantFrom('before-check', 'before-commit'),
        again: fc.constant(false),
      }),
      weight: 1,
    },
    entry('down', { member: name, ...spell }),
    entry('fail-refresh', { member: name, times: fc.integer({ min: 1, max: 2 }) }),
    { ...entry('fail-refresh', { member: name }), weight: 1 },
    entry('cut-link', link),
    entry('hold-link', link),
    entry('delay-link', { ...link, by: fc.integer({ min: 1, max: 20 }).map((tenths) => tenths * 100) }),
    entry('slow-link', { ...link, rate: fc.integer({ min: 1, max: 50 }).map((kib) => kib * 1024) }),
    entry('disk-full', { member: name, ...spell }),
    entry('disk-read-only', { member: name, ...spell }),
    entry('timer-jumps', { member: name, ...begins }),
    entry('remove', { member: name, through: name, ...begins }),
    entry('leader-moves', { member: name, ...begins }),
    entry('certificate-rotates', { member: name, ...begins }),
    entry('certificate-expires', { member: name, ...begins }),
    entry('hold-truststore', { member: name, ...spell }),
  ];
  return fc.oneof(...all.filter(({ weight }) => weight > 0));
}

/** Once so many members have been refreshed. */
function placeAfter(order: readonly string[], refreshed: number): FaultPlace {
  if (refreshed === 0) return { at: 'start' };
  return refreshed < order.length ? { at: 'after', member: order[refreshed - 1]! } : { at: 'settle' };
}

/** Drawn with the number of refreshes after which it begins, and for how many more it lasts. */
type Spelt = FaultEntry & { readonly spell?: { readonly from: number; readonly lasting: number } };

function placed(order: readonly string[], { spell, ...entry }: Spelt): FaultEntry {
  if (spell === undefined) return entry;
  let { from } = spell;
  let to = Math.min(from + spell.lasting, order.length);
  // Who is frozen cannot be refreshed.
  const own = entry.fault === 'freeze' ? order.indexOf(entry.member ?? '') : -1;
  if (own >= from && own < to) [from, to] = own > from ? [from, own] : [own + 1, Math.max(to, own + 2)];
  // Who is to be held has to be started meanwhile.
  const held = entry.fault === 'hold' ? order.indexOf(entry.member ?? '') : -1;
  if (held >= 0) [from, to] = [Math.min(from, held), Math.max(to, held + 1)];
  return { ...entry, begins: placeAfter(order, from), ends: placeAfter(order, Math.min(to, order.length)) };
}
