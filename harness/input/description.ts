/**
 * The description of a daemon that is not ours: what a person writes in YAML, so that the rig can start, join, observe and
 * stop it. Everything but how it is started may be missing; what is missing costs the checks that need it.
 *
 *     name: thing
 *     versions:
 *       old: { program: [/opt/thing-1/thingd] }
 *       new: { program: [/opt/thing-2/thingd] }
 *     start:
 *       args: [--name, '{member.name}', --listen, '{member.address}', --state, '{member.state}']
 *     patterns:
 *       - { event: open, match: 'serving' }
 */
import { z } from 'zod';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { PATCH_BY } from '../../node/upgrade/patch.ts';
import { COMPARED, STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import {
  Arguments,
  Command,
  ENGINE_RIGHTS,
  Environment,
  isJsonTemplate,
  isPattern,
  isQuery,
  Name,
  RIGHTS,
  Template,
} from './description-values.ts';
import { Count, Duration, oneOf, VersionName } from './values.ts';

/** The events that a line of a log can be taken for. */
export const PATTERN_EVENTS = [
  'listening',
  'parked',
  'woken',
  'open',
  'applied',
  'notified',
  'noticed',
  'patching',
  'patched',
  'exiting',
] as const;
export type PatternEvent = (typeof PATTERN_EVENTS)[number];

/** Packages of a suite of Debian's archive, of which the rig makes an image. */
const Debian = z.strictObject({
  suite: z
    .string('must be the name of a suite')
    .regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a suite, such as trixie'),
  packages: z
    .array(
      z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a package'),
      'must be a list of names of packages',
    )
    .min(1, 'must name at least one package'),
});

const Version = z.strictObject({
  about: z.string('must be a text').default(''),
  program: Command.optional().describe('the program on this host, and its first arguments'),
  image: z.string('must be the name of a Docker image').min(1).optional(),
  debian: Debian.optional().describe('packages of a Debian suite, of which an image is made (as root, by mmdebstrap)'),
  command: Command.optional().describe('the program inside the image, and its first arguments'),
  env: Environment.default({}),
  schema: Count.optional(),
  api: Count.optional(),
});

const Run = z.strictObject({
  run: Command,
  stdin: Template.optional(),
  timeout: Duration.default(30_000),
});

/** The last line of what the command prints, or what the group `token` of a pattern finds in it. */
const Token = Run.extend({ match: z.string().superRefine(isPattern).optional() });

const Forming = z.strictObject({
  how: oneOf(['one-by-one', 'together']).default('one-by-one'),
  bootstrap: Run.optional(),
  token: Token.optional(),
  join: Run.optional(),
  within: Duration.default(60_000).describe('how long the cluster may take until it counts as formed'),
  keep: z.boolean('must be true or false').default(true),
});

const Pattern = z.strictObject({
  event: oneOf(PATTERN_EVENTS),
  match: z.string('must be a regular expression').superRefine(isPattern),
  on: oneOf(['stdout', 'stderr', 'both', 'file']).default('both'),
  by: oneOf(['notice', 'timer']).optional().describe('what woke it, where the line tells that'),
  reason: oneOf(['ahead', 'forked', 'unsupported', 'update-failed', 'failed'])
    .optional()
    .describe('why it exits, where the line tells that'),
});

const Request = z.strictObject({
  socket: Template.optional().describe('a unix socket; without it the member’s address is asked over TCP'),
  method: oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path: Template,
  json: z.unknown().superRefine(isJsonTemplate).optional(),
  body: Template.optional(),
});

/** What an answer must be like: its status or exit code, and a pattern that its body or output must match. */
const Answer = z.strictObject({
  status: z.int('must be an HTTP status').optional(),
  exit: z.int('must be an exit code').optional(),
  match: z.string('must be a regular expression').superRefine(isPattern).optional(),
});

/** Over HTTP, or by a command. */
const Asked = { http: Request.optional(), run: Command.optional(), stdin: Template.optional() };
function isOneWay({ http, run }: { http?: unknown; run?: unknown }, context: z.RefinementCtx): void {
  if ((http === undefined) === (run === undefined))
    context.addIssue({ code: 'custom', message: 'must have either http or run' });
}

const Probe = z
  .strictObject({
    name: Name,
    ...Asked,
    when: oneOf(['always', 'settled'])
      .default('always')
      .describe(
        'settled: only of a member of the cluster that is seen to wait or to be open: one that starts, or enters, cannot bear it',
      ),
    every: Duration.default(100),
    timeout: Duration.default(2000),
    open: Answer.optional().describe('the answer of a member that is open'),
    waiting: Answer.optional().describe('the answer of a member that waits for others'),
    formed: Answer.optional().describe('the answer of a member whose cluster is formed'),
    rows: z
      .string('must be a JMESPath expression')
      .superRefine(isQuery)
      .optional()
      .describe('JMESPath to a list of {member, schema, api}: what every member has recorded'),
    patches: z
      .string('must be a JMESPath expression')
      .superRefine(isQuery)
      .optional()
      .describe('JMESPath to a list of names: the patches that the member has noted as run'),
  })
  .superRefine(isOneWay);

const Access = z.strictObject({ ...Asked, timeout: Duration.default(10_000) }).superRefine(isOneWay);

const START_MS = 60_000;

const DescriptionFile = z.strictObject({
  name: Name,
  about: z.string('must be a text').default(''),
  versions: z.record(VersionName, Version, 'must be versions by name'),
  rights: z
    .array(oneOf(RIGHTS), 'must be a list of names')
    .default([...ENGINE_RIGHTS])
    .describe(
      'what of root’s rights a member has that comes with a root file system (capabilities, as Linux names them)',
    ),
  port: z.int('must be a port').min(1).max(65_535).default(8443),
  start: z
    .strictObject({
      args: Arguments.default([]),
      env: Environment.default({}),
      within: Duration.default(START_MS).describe(
        'how long a member may take until it waits for others, opens or exits',
      ),
    })
    .default({ args: [], env: {}, within: START_MS }),
  form: Forming.optional(),
  stop: z
    .strictObject({
      signal: oneOf(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL']).default('SIGTERM'),
      run: Command.optional().describe('a command that stops the member, in place of a signal'),
      grace: Duration.default(5000),
      parked: oneOf(['as-told', 'kill'])
        .default('as-told')
        .describe('kill: a member that waits for others does not stop when it is told to, and is killed at once'),
      together: oneOf(['as-told', 'kill'])
        .default('as-told')
        .describe(
          'kill: members that are all stopped lose their quorum, and do not stop without it, so they are killed',
        ),
    })
    .default({ signal: 'SIGTERM', grace: 5000, parked: 'as-told', together: 'as-told' }),
  supervisor: z
    .strictObject({
      restart: oneOf(['on-failure', 'always']).default('on-failure'),
      delay: Duration.default(500),
      most: z.int('must be a count').min(1, 'must be 1 or more').default(5),
    })
    .optional(),
  steady: Duration.default(1000).describe(
    'how long all must have been at rest until the rig believes it: a member may exit soon after it has opened',
  ),
  events: oneOf(['ndjson']).optional().describe('the daemon prints the rig’s own events, one JSON object a line'),
  log: Template.optional().describe('a file that the member logs to, for patterns on: file'),
  patterns: z.array(Pattern, 'must be a list of patterns').default([]),
  probes: z.array(Probe, 'must be a list of probes').default([]),
  patch_by: oneOf(PATCH_BY)
    .optional()
    .describe('by whom a patch of the cluster is run: each member, or once, by one for all'),
  waits: oneOf(['yes', 'no'])
    .default('yes')
    .describe('no: a member never waits for others after a refresh, so that nothing can stall'),
  model: z
    .strictObject({
      strategy: oneOf(STRATEGY_NAMES).default('pair'),
      compares: oneOf(COMPARED).optional(),
      wakeups: oneOf(WAKEUPS).default('lossy'),
      ahead: oneOf(AHEAD_POLICIES).default('exit'),
    })
    .optional(),
  timer: z
    .strictObject({
      every: Duration.describe('how long one park lasts before the timer ends it'),
      tolerance: Duration.optional().describe('how far from a whole number of timers a park may be that one ended'),
    })
    .optional(),
  records: z.strictObject({ write: Access, read: Access }).optional(),
});

/** What no single key can say. */
function isWhole(description: z.output<typeof DescriptionFile>, context: z.RefinementCtx): void {
  const { versions, model, form, probes, patterns, log, events } = description;
  const complain = (path: readonly string[], message: string): void =>
    context.addIssue({ code: 'custom', path: [...path], message });
  if (Object.keys(versions).length === 0) complain(['versions'], 'there must be at least one');
  for (const [name, { program, image, debian, command, schema, api }] of Object.entries(versions)) {
    if (program === undefined && image === undefined && debian === undefined)
      complain(
        ['versions', name],
        'it needs a program of this host (program: [PATH, …]), or what a container is made of (image: NAME, or debian: {suite, packages}), or both',
      );
    if (image !== undefined && debian !== undefined)
      complain(['versions', name], 'its image is either made (debian) or there (image): drop one');
    if (debian !== undefined && command === undefined)
      complain(['versions', name, 'debian'], 'packages do not say what a container runs: name it (command: [PATH, …])');
    if (model !== undefined && (schema === undefined || api === undefined))
      complain(
        ['versions', name],
        'a daemon with a model needs the counts of each version (schema: N, api: N): the model compares them',
      );
  }
  if (form?.join !== undefined && form.how === 'together')
    complain(['form', 'join'], 'members that start together do not join: drop it, or how: together');
  if (form?.how === 'together' && !probes.some(({ formed }) => formed !== undefined))
    complain(
      ['form', 'how'],
      'together needs a probe that knows a formed cluster (probes: … formed: …), or it cannot be told when it is there',
    );
  for (const [index, { on }] of patterns.entries()) {
    if (on === 'file' && log === undefined)
      complain(['patterns', String(index), 'on'], 'there is no such file: say which with log: PATH');
  }
  const isOpeningTold =
    events !== undefined ||
    patterns.some(({ event }) => event === 'open') ||
    probes.some(({ open }) => open !== undefined);
  if (!isOpeningTold)
    complain(
      [],
      'nothing tells when a member opens, and without that no roll can go on: give a pattern (event: open), or a probe (open: …)',
    );
}

export const Description = DescriptionFile.superRefine(isWhole);

/** A description as it was read, with every default filled in. */
export type Description = z.output<typeof Description>;
export type Debian = z.output<typeof Debian>;
export type DescribedVersion = Description['versions'][string];
export type Pattern = Description['patterns'][number];
export type Probe = Description['probes'][number];
export type Answer = z.output<typeof Answer>;
export type Asked = Pick<Probe, 'http' | 'run' | 'stdin' | 'timeout'>;
export type Run = z.output<typeof Run>;
