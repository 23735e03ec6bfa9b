/** Saved plans, read by a schema: nothing of a plan that somebody has edited reaches the conductor unchecked. */
import { z } from 'zod';
import { EXIT_REASONS } from '../../node/events.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { COMPARED, STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { Description } from '../input/description.ts';
import { InputError } from '../input/errors.ts';
import { MOST_MEMBERS } from '../input/scenario.ts';
import { readText } from '../input/yaml.ts';
import { PLAN_FORMAT, type Plan } from '../plan/plan.ts';
import { Version } from '../trace/schema.ts';

/** Names become paths, and parts of names in an engine. */
const Member = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be the name of a member, such as node01');
const VersionName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._+-]{0,60}$/, 'must be the name of a version');
const Members = z.array(Member).max(MOST_MEMBERS);
const Kind = z.enum(['schema', 'api', 'both']);
const Ms = z.number().positive().max(1e9);

const Refresh = z.object({
  member: Member,
  from: VersionName,
  to: VersionName,
  crash: z.object({ at: z.enum(FAILPOINTS), leading: z.boolean() }).optional(),
});

const Move = z.discriminatedUnion('step', [
  z.object({ step: z.literal('check'), outcome: z.enum(['pass', 'blocked', 'ahead', 'forked', 'unsupported']) }),
  z.object({ step: z.literal('park'), wokenAtOnce: z.boolean() }),
  z.object({ step: z.literal('notify'), kind: Kind }),
  z.object({ step: z.literal('open') }),
]);

const Step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('bootstrap'), member: Member, version: VersionName }),
  z.object({ do: z.literal('join'), members: Members, version: VersionName, through: Member }),
  z.object({ do: z.literal('form'), members: Members, version: VersionName }),
  z.object({ do: z.literal('load'), records: z.int().min(0) }),
  z.object({
    do: z.literal('refresh'),
    refreshes: z.array(Refresh).min(1),
    pace: z.union([z.enum(['settled', 'eager', 'held']), z.object({ pauseMs: z.number().min(0).max(1e9) })]),
  }),
  z.object({ do: z.literal('release'), member: Member, move: Move }),
  z.object({
    do: z.literal('deliver'),
    from: Member,
    to: Member,
    kind: Kind,
    disposition: z.enum(['delivered', 'latched', 'dropped']),
  }),
  z.object({ do: z.literal('release-all') }),
  z.object({ do: z.literal('settle') }),
  z.object({ do: z.literal('verify') }),
]);

const Capabilities = z.object({
  tells: z.array(z.string()),
  cause: z.enum(['told', 'reckoned', 'unknown']),
  waits: z.boolean(),
  records: z.boolean(),
  failpoints: z.boolean(),
  leader: z.boolean(),
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
});
/** Durations of a description are milliseconds by the time it is in a plan, so it is checked as the object that it is. */
const DescribedSettings = z.strictObject({
  description: z.custom<Description>((value) => typeof value === 'object' && value !== null && isDescription(value)),
  folder: z.string(),
});

function isDescription(value: object): boolean {
  return Object.keys(Description.shape).every((key) => key in value || OPTIONAL.includes(key));
}
const OPTIONAL = Object.entries(Description.shape).flatMap(([key, schema]) =>
  schema.safeParse(undefined).success ? [key] : [],
);

const Daemon = z.object({
  name: z.string(),
  capabilities: Capabilities,
  model: z
    .object({
      strategy: z.enum(STRATEGY_NAMES),
      compares: z.enum(COMPARED).nullable(),
      wakeups: z.enum(WAKEUPS),
      ahead: z.enum(AHEAD_POLICIES),
    })
    .nullable(),
  timer: z.object({ everyMs: Ms, toleranceMs: z.number().min(0) }).nullable(),
  forming: z.enum(['one-by-one', 'together']),
  settings: z.union([OurSettings, DescribedSettings], { error: 'must be the settings of a daemon' }),
});

const Budget = z.number().min(0).optional();

const SavedPlan = z
  .object({
    format: z.literal(PLAN_FORMAT),
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,100}$/, 'must be lower-case letters, digits, dots and hyphens'),
    about: z.string(),
    members: Members.min(1),
    from: VersionName,
    to: VersionName,
    order: Members,
    seed: z.int().nullable(),
    versions: z.record(VersionName, Version),
    daemon: Daemon,
    runtime: z.enum(['auto', 'process', 'container']),
    records: z.array(z.object({ key: z.string(), value: z.string() })),
    holds: z.boolean(),
    steps: z.array(Step).min(1),
    expect: z.object({
      open: Members,
      wokenBy: z.enum(['notice', 'timer', 'either']),
      safe: z.boolean(),
      exits: z.record(Member, z.enum(EXIT_REASONS)),
      budgets: z.object({ timeToOpenMs: Budget, unblockLatencyMs: Budget, stallMs: Budget, downtimeMs: Budget }),
    }),
    settleLimitMs: Ms,
  })
  .superRefine((plan, context) => {
    for (const [path, fault] of faultsOf(plan)) context.addIssue({ code: 'custom', path: [...path], message: fault });
  });

type Saved = z.output<typeof SavedPlan>;
type Fault = readonly [path: ReadonlyArray<string | number>, message: string];

/** What refers to members and versions that the plan does not have. */
function faultsOf({ members, versions, order, from, to, steps, expect, daemon }: Saved): Fault[] {
  const unknownMember = (path: ReadonlyArray<string | number>, names: readonly string[]): Fault[] =>
    names.filter((name) => !members.includes(name)).map((name) => [path, `there is no member ${name} in this plan`]);
  const unknownVersion = (path: ReadonlyArray<string | number>, names: readonly string[]): Fault[] =>
    names.filter((name) => !(name in versions)).map((name) => [path, `there is no version ${name} in this plan`]);
  return [
    ...(new Set(members).size === members.length ? [] : [[['members'], 'a member is named twice'] as const]),
    ...unknownMember(['order'], order),
    ...unknownVersion(['from'], [from]),
    ...unknownVersion(['to'], [to]),
    ...unknownMember(['expect', 'open'], expect.open),
    ...unknownMember(['expect', 'exits'], Object.keys(expect.exits)),
    ...('database' in daemon.settings && (daemon.model === null || daemon.timer === null)
      ? [[['daemon'], 'our own daemon has a model and a timer'] as const]
      : []),
    ...steps.flatMap((step, index): Fault[] => {
      const path = ['steps', index];
      switch (step.do) {
        case 'bootstrap':
          return [...unknownMember(path, [step.member]), ...unknownVersion(path, [step.version])];
        case 'join':
          return [...unknownMember(path, [...step.members, step.through]), ...unknownVersion(path, [step.version])];
        case 'form':
          return [...unknownMember(path, step.members), ...unknownVersion(path, [step.version])];
        case 'refresh':
          return step.refreshes.flatMap(({ member, from: before, to: after }) => [
            ...unknownMember(path, [member]),
            ...unknownVersion(path, [before, after]),
          ]);
        case 'release':
          return unknownMember(path, [step.member]);
        case 'deliver':
          return unknownMember(path, [step.from, step.to]);
        default:
          return [];
      }
    }),
  ];
}

/**
 * Read a plan.
 * @throws InputError naming the file and the key
 */
export function readPlan(file: string): Plan {
  let document: unknown;
  const text = readText(file, 'plan');
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: not JSON: ${(error as Error).message}`);
  }
  const format = (document as { format?: unknown } | null)?.format;
  if (format === 1)
    throw new InputError(
      `${file}: a plan of format 1, which an earlier rig wrote; make it anew with: refresh-rig plan --json`,
    );
  const parsed = SavedPlan.safeParse(document);
  if (parsed.success) return parsed.data as unknown as Plan;
  const [issue] = parsed.error.issues;
  const key = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new InputError(
    `${file}: ${key}${issue?.message}: not a plan of format ${PLAN_FORMAT}; make one with: refresh-rig plan --json`,
  );
}
