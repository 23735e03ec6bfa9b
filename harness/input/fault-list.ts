/** The faults of a scenario: what is done to whom, and from where to where of the roll. */
import { z } from 'zod';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { NOTICE_KINDS } from '../../node/upgrade/strategy.ts';
import { Duration, MemberName, oneOf } from './values.ts';

/** Every fault by its name; which of them last until they are undone, and which keys each takes. */
export const FAULTS = {
  'lose-notice': { lasts: false, needs: ['from', 'to'], may: ['notice', 'nth'] },
  'delay-notice': { lasts: true, needs: ['from', 'to'], may: ['notice', 'nth'] },
  'duplicate-notice': { lasts: false, needs: ['from', 'to'], may: ['notice', 'nth'] },
  freeze: { lasts: true, needs: ['member'], may: [] },
  hold: { lasts: true, needs: ['member', 'at'], may: [] },
  kill: { lasts: false, needs: ['member'], may: ['at', 'again', 'leading'] },
  down: { lasts: true, needs: ['member'], may: [] },
  'fail-refresh': { lasts: false, needs: ['member'], may: ['times'] },
  'cut-link': { lasts: true, needs: ['from', 'to'], may: ['dialled_by', 'direction'] },
  'hold-link': { lasts: true, needs: ['from', 'to'], may: ['dialled_by', 'direction'] },
  'delay-link': { lasts: true, needs: ['from', 'to', 'by'], may: ['dialled_by', 'direction'] },
  'slow-link': { lasts: true, needs: ['from', 'to', 'rate'], may: ['dialled_by', 'direction'] },
  'disk-full': { lasts: true, needs: ['member'], may: [] },
  'disk-read-only': { lasts: true, needs: ['member'], may: [] },
  'timer-jumps': { lasts: false, needs: ['member'], may: [] },
  remove: { lasts: false, needs: ['member', 'through'], may: [] },
  'leader-moves': { lasts: false, needs: ['member'], may: [] },
  'certificate-expires': { lasts: false, needs: ['member'], may: [] },
  'certificate-rotates': { lasts: false, needs: ['member'], may: [] },
  'hold-truststore': { lasts: true, needs: ['member'], may: [] },
} as const satisfies Record<string, { lasts: boolean; needs: readonly FaultKey[]; may: readonly FaultKey[] }>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

type FaultKey = (typeof FAULT_KEYS)[number];
const FAULT_KEYS = [
  'member',
  'from',
  'to',
  'notice',
  'nth',
  'at',
  'again',
  'leading',
  'times',
  'through',
  'dialled_by',
  'direction',
  'by',
  'rate',
] as const;

export const LINK_DIRECTIONS = ['one-way', 'both'] as const;
/** Of a fault of notices: any kind, or one of these. */
export const FAULT_NOTICES = ['any', ...NOTICE_KINDS] as const;

/** Where in a roll a fault begins or ends: at its start, at its end (just before it settles), or beside a refresh. */
export type FaultPlace =
  | { readonly at: 'start' | 'settle' }
  | { readonly at: 'before' | 'after'; readonly member: string };

const PlaceText = z.string('must say where, such as after node02').transform((text, context): FaultPlace => {
  if (text === 'start' || text === 'settle') return { at: text };
  const [, at, member] = /^(before|after) ([a-z][a-z0-9-]{0,30})$/.exec(text) ?? [];
  if (at !== undefined) return { at: at as 'before' | 'after', member: member! };
  context.addIssue({
    code: 'custom',
    message: 'must be start, settle, or before or after a member, such as after node02',
  });
  return z.NEVER;
});

export const FaultEntry = z
  .strictObject({
    fault: oneOf(FAULT_NAMES as readonly [FaultName, ...FaultName[]]),
    member: MemberName.optional(),
    from: MemberName.optional(),
    to: MemberName.optional(),
    begins: PlaceText.optional(),
    ends: PlaceText.optional(),
    notice: oneOf(FAULT_NOTICES).optional(),
    nth: z.int('must be a whole number').min(1, 'must be 1 or more').max(100).optional(),
    at: oneOf(FAILPOINTS).optional(),
    again: z.boolean('must be true or false').optional(),
    leading: z.boolean('must be true or false').optional(),
    times: z.int('must be a number of times').min(1, 'must be 1 or more').max(10).optional(),
    through: MemberName.optional(),
    dialled_by: MemberName.optional(),
    direction: oneOf(LINK_DIRECTIONS).optional(),
    by: Duration.optional(),
    rate: z.int('must be a number of bytes a second').min(1, 'must be 1 or more').optional(),
  })
  .superRefine((entry, context) => {
    const { needs, may, lasts } = FAULTS[entry.fault];
    const wrong = (key: string, message: string): void => context.addIssue({ code: 'custom', message, path: [key] });
    for (const key of needs) if (entry[key] === undefined) wrong(key, `must be there: ${entry.fault} needs it`);
    const known: readonly string[] = [...needs, ...may];
    for (const key of FAULT_KEYS)
      if (entry[key] !== undefined && !known.includes(key)) wrong(key, `does not belong to ${entry.fault}`);
    if (!lasts && entry.ends !== undefined) wrong('ends', `${entry.fault} is over at once: drop it`);
  });

/** A fault as a scenario has it. */
export type FaultEntry = z.output<typeof FaultEntry>;
