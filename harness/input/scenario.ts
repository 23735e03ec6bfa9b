/** A scenario: what a person writes in YAML, or says with flags. Every key has a default: the reported case, fixed. */
import { z } from 'zod';
import { parseDuration } from '../../node/duration.ts';
import { FAILPOINTS } from '../../node/failpoints.ts';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN } from '../../node/upgrade/patch.ts';
import { STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { FaultEntry } from './fault-list.ts';
import { Duration, MemberName, oneOf, RollName, VersionName } from './values.ts';

/** How a scenario may name orders: given by numbers from 1, or by a word. */
export const ORDER_WORDS = ['forward', 'reverse', 'random', 'all', 'together'] as const;

export const DATABASES = ['sqlite', 'dqlite'] as const;
export type DatabaseName = (typeof DATABASES)[number];

/** The checks of the judge that a scenario may expect to be broken; of others it says in other words what it expects. */
export const EXPECTED_BROKEN = ['patched-once', 'rows-true', 'asked', 'no-record-lost', 'open-serves'] as const;

/** More members than this do not fit one machine, and Raft clusters of this kind are smaller. */
export const MOST_MEMBERS = 50;

const Flag = z.boolean('must be true or false');
const OrderNumbers = z.array(z.int('must be the number of a member').min(1, 'members count from 1'));
const OrderText = z.string().transform((text, context) => {
  const word = ORDER_WORDS.find((known) => known === text.trim());
  if (word !== undefined) return word;
  if (/^\d+(\s*,\s*\d+)*$/.test(text.trim())) return text.split(',').map(Number);
  context.addIssue({ code: 'custom', message: `must be one of ${ORDER_WORDS.join(', ')}, or numbers such as 3,1,2` });
  return z.NEVER;
});

/** When the next refresh comes, in words: `together` all at once, `auto` when a member asks for it itself. */
export const PACE_WORDS = ['settled', 'eager', 'together', 'auto'] as const;

/** So long after the last refresh has begun; or after its member has settled. */
export interface Pause {
  readonly pauseMs: number;
  readonly settled?: boolean | undefined;
}

/** Before a pause that begins only then. */
const SETTLED_AND = 'settled+';

/** As it is read. @param duration what says how long it is */
export function pauseText({ settled }: Pause, duration: string): string {
  return `${settled ? SETTLED_AND : ''}${duration}`;
}

const PaceText = z.string().transform((text, context): (typeof PACE_WORDS)[number] | Pause => {
  const word = PACE_WORDS.find((known) => known === text);
  if (word !== undefined) return word;
  const settled = text.startsWith(SETTLED_AND);
  const pauseMs = parseDuration(settled ? text.slice(SETTLED_AND.length) : text);
  if (pauseMs !== null) return settled ? { pauseMs, settled } : { pauseMs };
  const words = `${PACE_WORDS.join(', ')}, a pause such as 500ms, or both, as ${SETTLED_AND}500ms`;
  context.addIssue({ code: 'custom', message: `must be ${words}` });
  return z.NEVER;
});

/** One thing that is done to a member: it is refreshed; or it joins, leaves for good, or is stopped and stays away. */
const Turn = z
  .strictObject({
    member: MemberName.optional(),
    to: VersionName.optional(),
    crash: z.strictObject({ at: oneOf(FAILPOINTS), leading: Flag.default(false) }).optional(),
    join: MemberName.optional(),
    through: MemberName.optional(),
    leave: MemberName.optional(),
    by: MemberName.optional(),
    stop: MemberName.optional(),
  })
  .superRefine((turn, context) => {
    const fault = (message: string, key: string): void => context.addIssue({ code: 'custom', message, path: [key] });
    const said = (['member', 'join', 'leave', 'stop'] as const).filter((key) => turn[key] !== undefined);
    if (said.length !== 1) fault('must say one of member (with to), join, leave and stop', said[1] ?? 'member');
    const belongs = { to: 'member', crash: 'member', through: 'join', by: 'leave' } as const;
    for (const [key, of] of Object.entries(belongs))
      if (turn[key as keyof typeof belongs] !== undefined && turn[of] === undefined) fault(`belongs to ${of}`, key);
    if (turn.member !== undefined && turn.to === undefined) fault('must be the name of a version, such as v2', 'to');
  });

const ExpectationFile = z
  .strictObject({
    open: z.union([oneOf(['all', 'none']), z.array(MemberName)], { error: 'must be all, none, or a list of members' }),
    woken: oneOf(['notice', 'timer', 'either']),
    safe: Flag,
    exits: z.record(MemberName, oneOf(['ahead', 'forked', 'unsupported', 'update-failed', 'patch-failed', 'failed'])),
    broken: z.array(oneOf(EXPECTED_BROKEN), 'must be a list of checks').describe('checks that a known flaw breaks'),
    budgets: z
      .strictObject({ time_to_open: Duration, unblock_latency: Duration, stall: Duration, downtime: Duration })
      .partial(),
  })
  .partial();

export const Scenario = z
  .strictObject({
    name: RollName,
    about: z.string('must be a text'),
    daemon: z.string('must be the name of a daemon, or the file of its description').min(1, 'must not be empty'),
    members: z
      .int('must be a number of members')
      .min(1, 'must be 1 or more')
      .max(MOST_MEMBERS, `must be ${MOST_MEMBERS} or fewer`),
    from: VersionName,
    to: z.union([VersionName, z.record(MemberName, VersionName)], {
      error: 'must be a version, or a version for each member to refresh',
    }),
    order: z.union([OrderNumbers, OrderText], {
      error: `must be one of ${ORDER_WORDS.join(', ')}, or a list of numbers`,
    }),
    seed: z.int('must be a whole number').min(0, 'must not be negative'),
    refreshes: z.array(Turn, 'must be a list of member and to').min(1, 'must name a refresh'),
    versions: z.array(VersionName, 'must be a list of versions').min(2, 'must name two versions at least'),
    between: oneOf(['settled', 'at-once']),
    skips: z.record(MemberName, z.array(VersionName), 'must be a list of versions for a member'),
    back_after: z.int('must be a number of members').min(1, 'must be 1 or more'),
    updates: z
      .strictObject({
        within: Duration.describe('the longest wait of a member before it asks (as long as one park)'),
        takes: Duration.describe('how long the update program is at it before it stops the member'),
        fails: z.record(MemberName, z.int('must be a number of times').min(1).max(10)),
      })
      .partial(),
    strategy: oneOf(STRATEGY_NAMES),
    wakeups: oneOf(WAKEUPS),
    ahead: oneOf(AHEAD_POLICIES),
    patch_when: oneOf(PATCH_WHEN),
    patch_by: oneOf(PATCH_BY),
    wait: Duration,
    pace: PaceText,
    aim: Duration,
    runtime: oneOf(['auto', 'process', 'container']),
    database: oneOf(DATABASES),
    handover: Flag,
    network_latency: Duration,
    insecure: Flag,
    faults: z
      .array(FaultEntry, 'must be a list of faults')
      .min(1, 'must name a fault')
      .max(100, 'must be 100 or fewer'),
    records: z.string('must be the name of a file of records'),
    expect: ExpectationFile,
  })
  .partial();

/** A scenario as it was read: every key may be missing. */
export type Scenario = z.output<typeof Scenario>;

/** A file of records: keys and values. */
export const RecordsFile = z.record(z.string().min(1), z.string('must be a text'), 'must be keys with texts');
