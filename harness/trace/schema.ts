/**
 * The shape of every event of a trace, as zod checks it: what a daemon pushes, and what a saved trace holds. Keys that are
 * not known are kept: a newer daemon may tell more.
 */
import { z } from 'zod';
import { ACTIONS, EVENT_GATES, EXIT_REASONS, NOTIFY_OUTCOMES } from '../../node/events.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { ENDINGS, OPERATIONS, REQUEST_FAILURES, STOP_WAYS, TRACE_FORMAT } from './trace.ts';

const Ns = z.number();
const Count = z.int().min(0);
const Text = z.string();
const Texts = z.array(Text);
const Records = z.record(Text, Text);

const EventGate = z.enum(EVENT_GATES);
const Gate = EventGate.exclude(['barrier']);
const NoticeKind = z.enum(['schema', 'api', 'both']);
const Schema = z.object({ internal: Count, external: Count });
export const Version = Schema.extend({ name: Text, extensions: Texts });
const Row = Schema.extend({ member: Text, extensions: Texts });
const Difference = z.object({
  member: Text.nullable(),
  axis: z.enum(['internal', 'external', 'api']),
  has: Count,
  wants: Count,
});
const Outcome = z.discriminatedUnion('is', [
  z.object({ is: z.literal('pass') }),
  z.object({ is: z.literal('blocked'), by: z.array(Difference) }),
  z.object({ is: z.literal('ahead'), of: z.array(Difference) }),
  z.object({
    is: z.literal('forked'),
    from: z.array(z.object({ member: Text, theirs: Texts, mine: Texts })),
  }),
  z.object({ is: z.literal('unsupported'), why: Text }),
]);

const About = z.looseObject({
  atNs: Ns,
  member: Text,
  observed: z.object({ sinceNs: Ns, by: Text }).optional(),
});
function member<Name extends string, Shape extends z.ZodRawShape>(event: Name, shape: Shape) {
  return About.extend({ event: z.literal(event), ...shape });
}

const Notice = { notice: Text, kind: NoticeKind };

export const MemberEvent = z.discriminatedUnion('event', [
  member('started', { pid: z.int(), action: z.enum(ACTIONS), version: Version }),
  member('listening', { address: Text }),
  member('recorded', { gate: EventGate.nullable(), row: Row, decidedNs: Ns }),
  member('checked', { gate: Gate, outcome: Outcome, decidedNs: Ns }),
  member('applied', { from: Schema, to: Schema, seeded: Texts.nullable(), decidedNs: Ns }),
  // What a daemon of one barrier need not say has a default: the events that any daemon may push are to be few and short.
  member('parked', { gate: EventGate.default('barrier'), waitMs: z.number().min(0).nullable().default(null) }),
  member('noticed', { from: Text, ...Notice, disposition: z.enum(['delivered', 'latched', 'dropped']) }),
  member('woken', {
    gate: EventGate.default('barrier'),
    by: z.enum(['notice', 'timer', 'unknown']).default('unknown'),
  }),
  member('notifying', { ...Notice, peers: Texts }),
  member('notified', { peer: Text, ...Notice, outcome: z.enum(NOTIFY_OUTCOMES), sentNs: Ns }),
  member('leader', { leader: Text.nullable() }),
  member('handed-over', { to: Text.nullable(), because: Text.nullable() }),
  member('open', {}),
  member('held', { failpoint: z.enum(FAILPOINTS), notice: Text.nullable() }),
  member('exiting', { reason: z.enum(EXIT_REASONS), message: Text }),
]);

function rig<Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.looseObject({ atNs: Ns, rig: z.literal(name), ...shape });
}
const Operation = { member: Text, operation: z.enum(OPERATIONS) };
const RequestFailure = { how: z.enum(REQUEST_FAILURES), because: Text };

export const RigEvent = z.discriminatedUnion('rig', [
  rig('began', {
    format: z.literal(TRACE_FORMAT),
    plan: Text,
    runtime: z.enum(['process', 'container']),
    startedAt: Text,
    alone: z.boolean(),
  }),
  rig('step', { step: Count }),
  rig('formed', { how: z.enum(['now', 'earlier']) }),
  rig('launching', { member: Text, version: Text }),
  rig('stopping', { member: Text, by: z.enum(STOP_WAYS) }),
  rig('killing', { member: Text, at: z.enum(FAILPOINTS) }),
  rig('gone', { member: Text, code: z.int().nullable(), signal: Text.nullable(), killed: z.boolean() }),
  rig('restarting', { member: Text, attempt: z.int().min(1), most: z.int().min(1), afterMs: z.number().min(0) }),
  rig('available', Operation),
  rig('unavailable', { ...Operation, ...RequestFailure, sinceNs: Ns }),
  rig('tally', { ...Operation, served: Count, failed: Count }),
  rig('ledger', { acknowledged: Records, found: z.record(Text, Records) }),
  rig('unread', { member: Text, ...RequestFailure }),
  rig('memory', { member: Text, bytes: z.number().min(0).nullable() }),
  rig('lag', { forMs: z.number().min(0) }),
  rig('remark', { member: Text, text: Text }),
  rig('contradiction', { member: Text, text: Text }),
  rig('unsettled', { members: z.record(Text, Text.nullable()) }),
  rig('finding', { member: Text, because: Text, waitedMs: z.number().min(0).nullable().default(null) }),
  rig('failure', { because: Text }),
  rig('ended', { how: z.enum(ENDINGS) }),
]);
