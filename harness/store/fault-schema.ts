/** The shape of a fault in a saved plan, as zod checks it. */
import { z } from 'zod';
import { LONGEST_MS } from '../../node/duration.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { FAULT_NOTICES, LINK_DIRECTIONS } from '../input/fault-list.ts';
import { MemberName } from '../input/values.ts';

const Notice = { from: MemberName, to: MemberName, notice: z.enum(FAULT_NOTICES), nth: z.int().min(1).max(100) };
const Link = {
  from: MemberName,
  to: MemberName,
  dialledBy: MemberName.nullable(),
  direction: z.enum(LINK_DIRECTIONS),
};
const Member = { member: MemberName };

export const Fault = z.discriminatedUnion('is', [
  z.object({ is: z.enum(['lose-notice', 'delay-notice', 'duplicate-notice']), ...Notice }),
  z.object({ is: z.enum(['freeze', 'down', 'disk-full', 'disk-read-only', 'timer-jumps', 'leader-moves']), ...Member }),
  z.object({ is: z.enum(['certificate-expires', 'certificate-rotates', 'hold-truststore']), ...Member }),
  z.object({ is: z.literal('hold'), ...Member, at: z.enum(FAILPOINTS) }),
  z.object({
    is: z.literal('kill'),
    ...Member,
    at: z.enum(FAILPOINTS).nullable(),
    again: z.boolean(),
    leading: z.boolean(),
  }),
  z.object({ is: z.literal('fail-refresh'), ...Member, times: z.int().min(1).max(10).nullable() }),
  z.object({ is: z.enum(['cut-link', 'hold-link']), ...Link }),
  z.object({ is: z.literal('delay-link'), ...Link, byMs: z.number().positive().max(LONGEST_MS) }),
  z.object({ is: z.literal('slow-link'), ...Link, bytesPerSecond: z.int().min(1) }),
  z.object({ is: z.literal('remove'), ...Member, through: MemberName }),
]);

/** By which the steps of a plan name a fault. */
export const FaultId = z.string().regex(/^f\d{1,4}$/, 'must be f and a number, such as f1');
