/**
 * The daemon's configuration: every option is a flag and an environment variable (`--notice-timeout`,
 * `MEMBER_NOTICE_TIMEOUT`); the flag wins. One table says what there is, one loop reads it.
 */
import { parseArgs } from 'node:util';
import { type Address, parseAddress } from './address.ts';
import { DEFECTS, type Defect } from './defects.ts';
import { parseDuration } from './duration.ts';
import type { Action } from './events.ts';
import { FAILPOINTS, type Failpoint } from './failpoints.ts';
import { NAME } from './name.ts';
import { holdsMember } from './state.ts';
import { type NoticeRule, ruleOf } from './tampering.ts';
import { type Token, tokenOf } from './trust/token.ts';
import { AHEAD_POLICIES, type AheadPolicy } from './upgrade/gate.ts';
import { WAKEUPS, type Wakeups } from './upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN, type PatchBy, type PatchWhen } from './upgrade/patch.ts';
import { STRATEGY_NAMES, type StrategyName } from './upgrade/strategy.ts';

/** The engine of the cluster database, and what it needs to know. */
export type DatabaseChoice =
  | { readonly engine: 'sqlite'; readonly file: string }
  /** `networkLatencyMs` scales the timing of elections; null for dqlite's own. */
  | { readonly engine: 'dqlite'; readonly networkLatencyMs: number | null };

export interface Config {
  readonly name: string;
  /** Where to listen, and how peers reach this member. */
  readonly listen: Address;
  readonly action: Exclude<Action, 'reform'>;
  /** The live members to join through, in turn; set exactly where the action is `join`. */
  readonly join: readonly Address[] | null;
  /** What lets a newcomer in; set exactly where the action is `join`, and members ask who somebody is. */
  readonly token: Token | null;
  /** Whether members speak plain HTTP, and ask nobody who they are. */
  readonly isInsecure: boolean;
  /** The fingerprint of the certificate by which an operator is known; null where there is none. */
  readonly operator: string | null;
  /** Whether its truststore stays as it is until somebody lets it go. */
  readonly holdsTruststore: boolean;
  readonly stateFolder: string;
  readonly database: DatabaseChoice;
  /** Whether a member that leads the database hands the leadership over before it stops. */
  readonly handover: boolean;
  readonly versionFile: string;
  readonly strategy: StrategyName;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
  readonly patchWhen: PatchWhen;
  readonly patchBy: PatchBy;
  /** How long one park lasts before the timer ends it. */
  readonly waitMs: number;
  /** How long the sending of one notice to one peer may take. */
  readonly noticeTimeoutMs: number;
  /** How the member asks to be refreshed once a peer is newer; null where it does not. */
  readonly update: { readonly withinMs: number; readonly seed: number } | null;
  readonly failpoints: readonly Failpoint[];
  /** What is wrong with it on purpose; null where nothing is. */
  readonly defect: Defect | null;
  /** Whether it can be driven at a control socket in its state folder. */
  readonly control: boolean;
  /** By which rules its notices go wrong. */
  readonly tampering: readonly NoticeRule[];
  /** Whether to stop when stdin ends: with the process that started this one. */
  readonly tether: boolean;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
}

interface Option {
  readonly says: string;
  readonly fallback?: string;
  readonly flag?: true;
}

const OPTIONS = {
  name: { says: 'NAME of this member: letters, digits, dots and hyphens' },
  listen: { says: 'HOST:PORT to listen at, and where peers reach this member' },
  bootstrap: { says: 'be the first member of a new cluster', flag: true },
  join: {
    says: 'HOST:PORT of a live member to join through; without --bootstrap and --join: start again',
    fallback: '',
  },
  token: { says: 'TOKEN that a live member has issued for this one; joins through that, without --join', fallback: '' },
  insecure: { says: 'speak plain HTTP, and ask nobody who they are', flag: true },
  operator: { says: 'SHA-256 (hexadecimal) of the certificate that may read and write the data', fallback: '' },
  resume: {
    says: 'with --bootstrap or --join: start again instead, where the state folder holds the member',
    flag: true,
  },
  state: { says: 'FOLDER of this member’s own state' },
  database: { says: 'sqlite:FILE, which all members share, or dqlite, which the members replicate' },
  'network-latency': {
    says: 'DURATION by which dqlite times its elections (dqlite’s own takes 3 s to 6 s)',
    fallback: '',
  },
  'no-handover': { says: 'stop without handing the leadership of dqlite to another member', flag: true },
  'version-file': { says: 'FILE (JSON) that says what this build pins' },
  strategy: { says: `one of ${STRATEGY_NAMES.join(', ')}`, fallback: 'split' },
  wakeups: { says: `one of ${WAKEUPS.join(', ')}`, fallback: 'latched' },
  ahead: { says: `what to do when a peer is ahead: one of ${AHEAD_POLICIES.join(', ')}`, fallback: 'exit' },
  'patch-when': { says: `when local patches are run: one of ${PATCH_WHEN.join(', ')}`, fallback: 'after-open' },
  'patch-by': { says: `and by whom: one of ${PATCH_BY.join(', ')}`, fallback: 'each' },
  wait: { says: 'DURATION of one park, such as 30s', fallback: '30s' },
  'notice-timeout': { says: 'DURATION that one notice may take', fallback: '5s' },
  'update-within': { says: 'DURATION within which it asks to be refreshed that learns of a newer peer', fallback: '' },
  'update-seed': { says: 'NUMBER that draws those waits', fallback: '1' },
  control: { says: 'have a control socket in the state folder, by which the member can be driven', flag: true },
  failpoints: { says: `places to be held at, for tests: some of ${FAILPOINTS.join(',')}`, fallback: '' },
  'hold-truststore': { says: 'trust nobody anew until it is let go at the control socket, for tests', flag: true },
  tampering: { says: 'rules by which notices go wrong, for tests: some of ID:FATE:PEER:KIND:NTH', fallback: '' },
  defect: { says: `a rule to break, for tests of tests: one of ${DEFECTS.join(', ')}`, fallback: '' },
  tether: { says: 'stop when stdin ends', flag: true },
} as const satisfies Record<string, Option>;

/** How long one notice may take where nobody says otherwise. */
export const USUAL_NOTICE_TIMEOUT_MS = parseDuration(OPTIONS['notice-timeout'].fallback)!;

type OptionName = keyof typeof OPTIONS;

/** The text that `--help` prints. */
export function usage(): string {
  const lines = Object.entries<Option>(OPTIONS).map(([name, { says, fallback }]) => {
    const standard = fallback === undefined || fallback === '' ? '' : ` (default ${fallback})`;
    return `  --${name.padEnd(16)} ${says}${standard}`;
  });
  return [
    'The member daemon of refresh-rig. Options, each also as an environment variable (--notice-timeout is',
    'MEMBER_NOTICE_TIMEOUT):',
    '',
    ...lines,
    '',
  ].join('\n');
}

/**
 * Read the configuration.
 * @param args the arguments after the program's name
 * @throws ConfigError naming the option and what it should be
 */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const given = givenFlags(args);
  const text = (name: OptionName): string => {
    const option: Option = OPTIONS[name];
    const value = given[name] ?? env[variableOf(name)] ?? option.fallback;
    if (value === undefined || value === true) {
      throw new ConfigError(`--${name} (or ${variableOf(name)}) is missing: ${option.says}`);
    }
    return String(value);
  };
  const yes = (name: OptionName): boolean => {
    const value = env[variableOf(name)] ?? '';
    if (given[name] === true || value === 'true') return true;
    if (value === '' || value === 'false') return false;
    throw new ConfigError(`${variableOf(name)}=${value}: it must be true or false`);
  };
  const reject = (name: OptionName, value: string): never => {
    throw new ConfigError(`--${name} ${value}: it must be ${OPTIONS[name].says}`);
  };
  const choice = <Value extends string>(name: OptionName, values: readonly Value[]): Value => {
    const value = text(name);
    return values.find((candidate) => candidate === value) ?? reject(name, value);
  };
  const duration = (name: OptionName): number => parseDuration(text(name)) ?? reject(name, text(name));
  const whole = (name: OptionName): number =>
    /^\d{1,10}$/.test(text(name)) ? Number(text(name)) : reject(name, text(name));
  const address = (name: OptionName): Address => parseAddress(text(name)) ?? reject(name, text(name));

  const name = text('name');
  if (!NAME.test(name)) reject('name', name);
  const listen = address('listen');
  const token = text('token') === '' ? null : (tokenOf(text('token')) ?? reject('token', '…'));
  const joins = text('join') !== '' || token !== null;
  const bootstraps = yes('bootstrap');
  if (joins && bootstraps) throw new ConfigError('--bootstrap and --join exclude each other: give one of them');
  const isInsecure = yes('insecure');
  const stateFolder = text('state');
  const isResumed = yes('resume') && holdsMember(stateFolder);
  const joinsNow = joins && !isResumed;
  const operator = text('operator');
  if (operator !== '' && !/^[0-9a-f]{64}$/.test(operator)) reject('operator', operator);
  if (yes('hold-truststore') && !yes('control'))
    throw new ConfigError('--hold-truststore: it can only be let go at a control socket: give --control too');
  const database = text('database');
  const sqliteFile = /^sqlite:(.+)/.exec(database)?.[1];
  const latency = text('network-latency');
  if (sqliteFile === undefined && database !== 'dqlite') reject('database', database);
  if (sqliteFile !== undefined && latency !== '') {
    throw new ConfigError('--network-latency is about dqlite: drop it, or give --database dqlite');
  }
  const failpoints = text('failpoints')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => FAILPOINTS.find((point) => point === part) ?? reject('failpoints', part));
  const ruleTexts = text('tampering')
    .split(',')
    .filter((part) => part !== '');
  if (failpoints.length > 0 && !yes('control'))
    throw new ConfigError('--failpoints: who is held can only be let go at a control socket: give --control too');
  return {
    name,
    listen,
    token: joinsNow && !isInsecure ? tokenFor(name, token) : null,
    isInsecure,
    operator: operator === '' ? null : operator,
    holdsTruststore: yes('hold-truststore'),
    action: isResumed ? 'start' : bootstraps ? 'bootstrap' : joins ? 'join' : 'start',
    join: !joinsNow ? null : text('join') !== '' ? [address('join')] : addressesIn(token!),
    stateFolder,
    database:
      sqliteFile === undefined
        ? { engine: 'dqlite', networkLatencyMs: latency === '' ? null : duration('network-latency') }
        : { engine: 'sqlite', file: sqliteFile },
    handover: !yes('no-handover'),
    versionFile: text('version-file'),
    strategy: choice('strategy', STRATEGY_NAMES),
    wakeups: choice('wakeups', WAKEUPS),
    ahead: choice('ahead', AHEAD_POLICIES),
    patchWhen: choice('patch-when', PATCH_WHEN),
    patchBy: choice('patch-by', PATCH_BY),
    waitMs: duration('wait'),
    noticeTimeoutMs: duration('notice-timeout'),
    update: text('update-within') === '' ? null : { withinMs: duration('update-within'), seed: whole('update-seed') },
    failpoints,
    tampering: ruleTexts.map((part) => ruleOf(part) ?? reject('tampering', part)),
    defect: text('defect') === '' ? null : choice('defect', DEFECTS),
    control: yes('control'),
    tether: yes('tether'),
  };
}

/** @throws ConfigError where there is none, or it is somebody else's */
function tokenFor(name: string, token: Token | null): Token {
  if (token === null)
    throw new ConfigError(`--token (or MEMBER_TOKEN) is missing: have a live member issue one (control token ${name})`);
  if (token.name !== name) throw new ConfigError(`--token: it is for ${token.name}, not for ${name}`);
  return token;
}

/** @throws ConfigError where it names none */
function addressesIn({ addresses }: Token): Address[] {
  const known = addresses.map(parseAddress).filter((address) => address !== null);
  if (known.length === 0) throw new ConfigError('--token: it names no member to join through: give --join too');
  return known;
}

function variableOf(name: OptionName): string {
  return `MEMBER_${name.replaceAll('-', '_').toUpperCase()}`;
}

function givenFlags(args: readonly string[]): Partial<Record<string, string | boolean>> {
  const options = Object.entries<Option>(OPTIONS).map(
    ([name, option]) => [name, { type: option.flag ? 'boolean' : 'string' }] as const,
  );
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(options), strict: true }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
