/**
 * The shape of every event of a trace, as zod checks it: what a daemon pushes, and what a saved trace holds. Keys that are
 * not known are kept: a newer daemon may tell more.
 */
import { z } from 'zod';
import { ACTIONS, EVENT_GATES, EXIT_REASONS, NOTIFY_OUTCOMES, PHASES } from '../../node/events.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { REFUSAL_REASONS } from '../../node/trust/truststore.ts';
import { NOTICE_KINDS } from '../../node/upgrade/strategy.ts';
import { PATTERN_EVENTS } from '../input/description.ts';
import { Label } from '../input/values.ts';
import { ENDINGS, OPERATIONS, REQUEST_FAILURES, STOP_WAYS, TRACE_FORMAT, UPDATE_ANSWERS } from './trace.ts';

/** A reading of a monotonic clock: nanoseconds, of no more than thirty years. */
const Ns = z.number().min(0).max(1e18);
const Count = z.int().min(0).max(10_000);
/** Of what a roll does for as long as it goes on. */
const Times = z.int().min(0);
const Ms = z.number().min(0).max(1e12);
/** What a person reads. */
const Text = z.string();
const Labels = z.array(Label);
const Records = z.record(Text, Text);

const EventGate = z.enum(EVENT_GATES);
const Gate = EventGate.exclude(['barrier']);
const NoticeKind = z.enum(NOTICE_KINDS);
const Schema = z.object({ internal: Count, external: Count });
const Patch = z.object({
  name: Label,
  changes: z.enum(['database', 'state']),
  interrupted: z.enum(['again', 'never']),
  waits: z.boolean(),
});
export const Version = Schema.extend({ name: Label, extensions: Labels, patches: z.array(Patch).optional() });
const Row = Schema.extend({ member: Label, extensions: Labels, patchCount: Count.optional() });
const Difference = z.object({
  member: Label.nullable(),
  axis: z.enum(['internal', 'external', 'api', 'patch']),
  has: Count,
  wants: Count,
});
const Outcome = z.discriminatedUnion('is', [
  z.object({ is: z.literal('pass') }),
  z.object({ is: z.literal('blocked'), by: z.array(Difference) }),
  z.object({ is: z.literal('ahead'), of: z.array(Difference) }),
  z.object({
    is: z.literal('forked'),
    from: z.array(z.object({ member: Label, theirs: Labels, mine: Labels })),
  }),
  z.object({ is: z.literal('unsupported'), why: Text }),
]);

const About = z.looseObject({
  atNs: Ns,
  member: Label,
  observed: z.object({ sinceNs: Ns, by: Text }).optional(),
});
function member<Name extends string, Shape extends z.ZodRawShape>(event: Name, shape: Shape) {
  return About.extend({ event: z.literal(event), ...shape });
}

const Notice = { notice: Label, kind: NoticeKind };

export const MemberEvent = z.discriminatedUnion('event', [
  member('started', { pid: z.int(), action: z.enum(ACTIONS), version: Version }),
  member('listening', { address: Label }),
  member('recorded', { gate: EventGate.nullable(), row: Row, decidedNs: Ns }),
  member('checked', { gate: Gate, outcome: Outcome, decidedNs: Ns }),
  member('applied', { from: Schema, to: Schema, seeded: Labels.nullable(), decidedNs: Ns }),
  // What a daemon of one barrier need not say has a default: the events that any daemon may push are to be few and short.
  member('parked', { gate: EventGate.default('barrier'), waitMs: Ms.nullable().default(null) }),
  member('noticed', { from: Label, ...Notice, disposition: z.enum(['delivered', 'latched', 'dropped']) }),
  member('woken', {
    gate: EventGate.default('barrier'),
    by: z.enum(['notice', 'timer', 'unknown']).default('unknown'),
  }),
  member('notifying', { ...Notice, peers: Labels }),
  member('notified', { peer: Label, ...Notice, outcome: z.enum(NOTIFY_OUTCOMES), sentNs: Ns }),
  member('leader', { leader: Label.nullable() }),
  member('handed-over', { to: Label.nullable(), because: Text.nullable() }),
  member('open', { patches: Labels.optional() }),
  member('patched', {
    patch: Label,
    changes: Patch.shape.changes,
    outcome: z.union([z.enum(['ran', 'found']), z.object({ is: z.literal('patch-failed'), patch: Label, why: Text })]),
    decidedNs: Ns,
  }),
  member('noted', { patch: Label, born: z.boolean() }),
  member('removed', { peer: Label, decidedNs: Ns }),
  member('asked', { of: Label, by: z.enum(['rows', 'notice']), afterMs: Ms, phase: z.enum(PHASES) }),
  member('patching', { patch: Label }),
  member('refused', { by: Label.nullable(), why: z.enum(REFUSAL_REASONS), path: Text, untold: z.int().min(0) }),
  member('held', { failpoint: z.enum(FAILPOINTS), notice: Label.nullable() }),
  member('exiting', { reason: z.enum(EXIT_REASONS), message: Text }),
]);

function rig<Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.looseObject({ atNs: Ns, rig: z.literal(name), ...shape });
}
const Operation = { member: Label, operation: z.enum(OPERATIONS) };
const RequestFailure = { how: z.enum(REQUEST_FAILURES), because: Text };

export const RigEvent = z.discriminatedUnion('rig', [
  rig('began', {
    format: z.literal(TRACE_FORMAT),
    plan: Label,
    runtime: z.enum(['process', 'container']),
    startedAt: z.iso.datetime(),
    alone: z.boolean(),
  }),
  rig('given', {
    version: Label,
    suite: Label,
    packages: Records,
    isRead: z.boolean(),
    schema: Count,
    api: Count,
  }),
  rig('step', { step: Count }),
  rig('formed', { how: z.enum(['now', 'earlier']) }),
  rig('aimed', { member: Label, at: Label.nullable(), dueNs: Ns.nullable() }),
  rig('launching', { member: Label, version: Label }),
  rig('stopping', { member: Label, by: z.enum(STOP_WAYS) }),
  rig('unasked', { member: Label, waitedMs: z.number(), because: z.string() }),
  rig('updating', { member: Label, to: Label, how: z.enum(UPDATE_ANSWERS) }),
  rig('killing', { member: Label, at: z.enum(FAILPOINTS).nullable() }),
  rig('fault', { id: Label, says: Text }),
  rig('undone', { id: Label, says: Text }),
  rig('withheld', { member: Label, from: Label, bytes: Count, answers: Count }),
  rig('let-through', { member: Label, from: Label }),
  rig('gone', { member: Label, code: z.int().nullable(), signal: Label.nullable(), killed: z.boolean() }),
  rig('restarting', { member: Label, attempt: Count.min(1), most: Count.min(1), afterMs: Ms }),
  rig('available', Operation),
  rig('unavailable', { ...Operation, ...RequestFailure, sinceNs: Ns }),
  rig('tally', { ...Operation, served: Times, failed: Times }),
  rig('ledger', { acknowledged: Records, found: z.record(Label, Records) }),
  rig('unread', { member: Label, ...RequestFailure }),
  rig('memory', { member: Label, bytes: z.number().min(0).nullable() }),
  rig('lag', { forMs: Ms }),
  rig('remark', { member: Label, text: Text }),
  rig('missed', { member: Label, text: Text }),
  rig('contradiction', { member: Label, text: Text }),
  rig('unmatched', { tellsOf: z.enum(PATTERN_EVENTS), pattern: Text }),
  rig('unsettled', { members: z.record(Label, Text.nullable()) }),
  rig('finding', {
    member: Label,
    because: Text,
    waitedMs: Ms.nullable().default(null),
    doubt: Text.nullable().default(null),
  }),
  rig('failure', { because: Text }),
  rig('ended', { how: z.enum(ENDINGS), events: Times.optional() }),
]);
