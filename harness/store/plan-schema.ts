/** The shape of a saved plan, as zod checks it: nothing of a plan that somebody has edited reaches the conductor unchecked. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { DEFECTS } from '../../node/defects.ts';
import { LONGEST_MS } from '../../node/duration.ts';
import { EXIT_REASONS } from '../../node/events.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN } from '../../node/upgrade/patch.ts';
import { COMPARED, NOTICE_KINDS, STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { Description } from '../input/description.ts';
import { Name } from '../input/description-values.ts';
import { EXPECTED_BROKEN, MOST_MEMBERS } from '../input/scenario.ts';
import { MemberName, RollName, VersionName } from '../input/values.ts';
import { MILESTONES, PLAN_FORMAT } from '../plan/plan.ts';
import { MemberEvent, Version } from '../trace/schema.ts';
import { Fault, FaultId } from './fault-schema.ts';

/** A path of the explorer has some dozens. */
const MOST_STEPS = 10_000;

const Members = z.array(MemberName).max(MOST_MEMBERS);
const Kind = z.enum(NOTICE_KINDS);
/** Timers of Node fire at once past this length. */
const Ms = z.number().positive().max(LONGEST_MS);

const Refresh = z.object({
  member: MemberName,
  from: VersionName,
  to: VersionName,
  aim: z.object({ leadMs: Ms }).optional(),
  crash: z.object({ at: z.enum(FAILPOINTS), leading: z.boolean() }).optional(),
});

const Move = z.discriminatedUnion('step', [
  z.object({ step: z.literal('check'), outcome: z.enum(['pass', 'blocked', 'ahead', 'forked', 'unsupported']) }),
  z.object({ step: z.literal('park'), wokenAtOnce: z.boolean() }),
  z.object({ step: z.literal('notify'), kind: Kind }),
  z.object({ step: z.literal('open') }),
  z.object({ step: z.literal('begin') }),
  z.object({ step: z.literal('patch'), outcome: z.enum(['ran', 'found', 'patch-failed']) }),
  z.object({ step: z.literal('note') }),
]);

const Step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('bootstrap'), member: MemberName, version: VersionName }),
  z.object({ do: z.literal('join'), members: Members, version: VersionName, through: MemberName }),
  z.object({ do: z.literal('form'), members: Members, version: VersionName }),
  z.object({ do: z.literal('load'), records: z.int().min(0) }),
  z.object({
    do: z.literal('refresh'),
    refreshes: z.array(Refresh).min(1),
    pace: z.union([
      z.enum(['settled', 'eager', 'held']),
      z.object({ pauseMs: z.number().min(0).max(LONGEST_MS), settled: z.boolean().optional() }),
    ]),
  }),
  z.object({ do: z.literal('stop'), member: MemberName }),
  z.object({ do: z.literal('leave'), member: MemberName, by: MemberName }),
  z.object({
    do: z.literal('update'),
    refreshes: z.array(Refresh).min(1),
    takesMs: z.number().min(0).max(LONGEST_MS),
    fails: z.record(MemberName, z.int().min(0)),
    limitMs: Ms,
    unheard: z.string().optional(),
  }),
  z.object({ do: z.literal('release'), member: MemberName, move: Move }),
  z.object({
    do: z.literal('deliver'),
    from: MemberName,
    to: MemberName,
    kind: Kind,
    disposition: z.enum(['delivered', 'latched', 'dropped']),
  }),
  z.object({ do: z.literal('release-all') }),
  z.object({ do: z.literal('fault'), id: FaultId, fault: Fault }),
  z.object({ do: z.literal('undo'), id: FaultId }),
  z.object({ do: z.literal('withhold'), member: MemberName, from: MemberName, isHeld: z.boolean() }),
  z.object({ do: z.literal('let-through'), member: MemberName }),
  z.object({ do: z.literal('await'), member: MemberName, until: z.enum(MILESTONES) }),
  z.object({ do: z.literal('settle') }),
  z.object({ do: z.literal('verify') }),
]);

const Capabilities = z.object({
  tells: z.array(z.enum(MemberEvent.options.map(({ shape }) => shape.event.value))),
  cause: z.enum(['told', 'reckoned', 'unknown']),
  waits: z.boolean(),
  records: z.boolean(),
  failpoints: z.boolean(),
  leader: z.boolean(),
  removal: z.boolean().optional(),
  trust: z.boolean().optional(),
  asks: z.boolean().optional(),
  patchBy: z.enum(PATCH_BY).optional(),
  supervisor: z
    .object({
      restart: z.enum(['on-failure', 'always']),
      delayMs: z.number().min(0),
      most: z.int().min(1),
    })
    .nullable(),
  steadyMs: z.number().min(0),
});

const OurSettings = z.strictObject({
  database: z.enum(['sqlite', 'dqlite']),
  handover: z.boolean(),
  networkLatencyMs: Ms.nullable(),
  insecure: z.boolean().optional(),
  defect: z.enum(DEFECTS).optional(),
  update: z
    .object({ withinMs: Ms, seed: z.int().min(0) })
    .nullable()
    .optional(),
});
/** As a description is written, only that its durations are milliseconds by now. */
const SavedDescription = z.custom<Description>().superRefine((value, context) => {
  for (const issue of z.safeEncode(Description, value).error?.issues ?? []) {
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
  }
});
const Path = z.string().refine((path) => isAbsolute(path) && !/\p{Cc}/u.test(path), 'must be a whole path');
const DescribedSettings = z.strictObject({
  description: SavedDescription,
  folder: Path,
  file: Path.optional(),
});

const Daemon = z.object({
  name: Name,
  capabilities: Capabilities,
  model: z
    .object({
      strategy: z.enum(STRATEGY_NAMES),
      compares: z.enum(COMPARED).nullable(),
      wakeups: z.enum(WAKEUPS),
      ahead: z.enum(AHEAD_POLICIES),
      patching: z.object({ when: z.enum(PATCH_WHEN), by: z.enum(PATCH_BY) }).optional(),
    })
    .nullable(),
  timer: z.object({ everyMs: Ms, toleranceMs: z.number().min(0) }).nullable(),
  forming: z.enum(['one-by-one', 'together']),
  settings: z.union([OurSettings, DescribedSettings], { error: 'must be the settings of a daemon' }),
});

const Budget = z.number().min(0).optional();

export const SavedPlan = z.object({
  format: z.literal(PLAN_FORMAT),
  name: RollName,
  about: z.string(),
  members: Members.min(1),
  from: VersionName,
  to: VersionName,
  order: Members,
  seed: z.int().nullable(),
  versions: z.record(VersionName, Version),
  given: z
    .record(
      VersionName,
      z.object({ suite: z.string(), packages: z.record(z.string(), z.string()), isRead: z.boolean() }),
    )
    .optional(),
  daemon: Daemon,
  runtime: z.enum(['auto', 'process', 'container']),
  records: z.array(z.object({ key: z.string(), value: z.string() })),
  holds: z.boolean(),
  steps: z.array(Step).min(1).max(MOST_STEPS),
  expect: z.object({
    open: Members,
    wokenBy: z.enum(['notice', 'timer', 'either']),
    safe: z.boolean(),
    exits: z.record(MemberName, z.enum(EXIT_REASONS)),
    broken: z.array(z.enum(EXPECTED_BROKEN)).optional(),
    budgets: z.object({ timeToOpenMs: Budget, unblockLatencyMs: Budget, stallMs: Budget, downtimeMs: Budget }),
  }),
  settleLimitMs: Ms,
});
