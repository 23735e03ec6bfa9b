/** Checks of safety: nobody opens too early, and no schema update is applied twice. */
import { axesOf } from '../../node/upgrade/gate.ts';
import { type Hindrance, hindranceOf, isApplied } from '../../node/upgrade/safety.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { lastUntil } from '../trace/instants.ts';
import { eventsOf, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';
import {
  broken,
  type Check,
  cannotTell,
  type Evidence,
  eachOf,
  holds,
  isCutShort,
  judged,
  listed,
  notApplicable,
} from './evidence.ts';
import { type History, tellsOfUpdates } from './history.ts';
import { type Incarnation, incarnationAt, incarnationsOf, refreshedIncarnations } from './incarnations.ts';
import { reckonsGates } from './rows-read.ts';
import { untoldLives } from './spells.ts';

/**
 * When a member decides to open, every row and the schema are at its version, and every member really runs it. A row can
 * lie: a member that was turned away under `ahead: exit` leaves the version behind that it recorded before.
 */
export function nobodyOpenedEarly(evidence: Evidence): Check {
  const name = 'nobody-early';
  const { plan, trace } = evidence;
  if (!plan.daemon.capabilities.waits)
    return notApplicable(name, `a member of ${plan.daemon.name} never waits for others`);
  if (!tells(plan.daemon, 'open')) return cannotTell(name, 'nothing tells when a member opens');
  const openings = plan.members
    .flatMap((member) => refreshedIncarnations(plan, trace, member))
    .filter((incarnation) => incarnation.open !== null && !isReturn(plan, trace, incarnation));
  if (openings.length === 0) return notApplicable(name, 'no refreshed member opened');
  const byRows = reckonsGates(plan, trace);
  const early = openings.flatMap((opening) => {
    const missing = byRows ? missingRows(evidence, opening) : missingStarts(plan, trace, opening);
    const { member } = opening;
    return missing.length === 0 ? [] : [{ member, fault: `${member} opened early: ${missing.join(', ')}` }];
  });
  // Of whom different things are said, it is not known when it opened.
  const doubted = new Set(rigEvents(trace, 'contradiction').map(({ member }) => member));
  const faults = early.flatMap(({ member, fault }) => (doubted.has(member) ? [] : [fault]));
  if (faults.length === 0 && early.length > 0)
    return cannotTell(name, `${listed(early.map(({ fault }) => fault))}; or what tells of that is wrong`);
  const fine = byRows
    ? `${eachOf(openings.length, 'opening')} came after all members had recorded its version, ran it, and the schema was applied`
    : `${eachOf(openings.length, 'opening')} came after all members had been started in its version`;
  if (plan.expect.safe) return judged(name, faults, fine);
  if (faults.length === 0 && isCutShort(trace)) return cannotTell(name, 'the roll was cut short');
  return faults.length > 0
    ? holds(name, `as expected: ${listed(faults)}`)
    : broken(name, 'nobody opened early, and somebody was expected to');
}

/**
 * Whether a member that had been open has only come back, in the version that it had: then it goes on serving beside those that have
 * recorded another meanwhile, as whoever has not been refreshed does.
 */
function isReturn(plan: Plan, trace: Trace, { member, started }: Incarnation): boolean {
  const lives = incarnationsOf(plan, trace, member).filter((life) => life.started.atNs < started.atNs);
  return (
    lives.findLast(({ open }) => open !== null)?.started.version.name === started.version.name &&
    !isRolledBack(lives, started.version.name)
  );
}

/** Whether it has run another version in between: then it has been refreshed back to this one. */
function isRolledBack(lives: readonly Incarnation[], version: string): boolean {
  return lives.at(-1)?.started.version.name !== version;
}

/** What the database did not say yet, or what a row said that was not so. */
function missingRows({ plan, trace, history }: Evidence, opening: Incarnation): string[] {
  const decidedNs = lastPass(opening);
  return decidedNs === null ? ['it had passed no gate'] : missingAt(plan, trace, history, opening, decidedNs);
}

/** When the gate was passed last before the opening; the opening itself where the daemon does not tell of its gates. */
function lastPass({ checks, open }: Incarnation): number | null {
  if (checks.length === 0) return open!.atNs;
  const passes = checks.filter((check) => check.outcome.is === 'pass' && check.decidedNs <= open!.atNs);
  return passes.at(-1)?.decidedNs ?? null;
}

/** What was not at the member's version at an instant, as far as its gates look. */
function missingAt(
  plan: Plan,
  trace: Trace,
  history: History,
  { member: opening, started }: Incarnation,
  atNs: number,
): string[] {
  const { version } = started;
  const axes = axesOf(rulesOf(plan.daemon.model!).strategy);
  // What was observed may have come about before it was seen: nobody is accused for the rig's being late.
  const view = history.earliest.viewAt(atNs);
  const rows = new Map(view.rows.map((row) => [row.member, row]));
  const faults = plan.members.flatMap((member) => {
    const row = rows.get(member) ?? null;
    if (row === null && !isMemberAt(trace, plan, member, atNs)) return [];
    const looked = member === opening ? null : lookedWith(plan, trace, member, atNs);
    const hindrance = hindranceOf(version, row, looked, axes);
    // Who was killed just after it had recorded something may not have come to tell of it.
    const isOfRecord = hindrance === 'no-row' || hindrance === 'not-recorded';
    if (isOfRecord && mayHaveDoneMore(trace, member, atNs)) return [];
    return hindrance === null ? [] : [HINDRANCE_WORDS[hindrance](member, looked?.name ?? '')];
  });
  const mayBeUntold = plan.members.some((member) => mayHaveDoneMore(trace, member, atNs));
  const schemaIsOff = tellsOfUpdates(plan, trace) && !mayBeUntold && !isApplied(view.applied, version);
  return [...faults, ...(schemaIsOff ? ['the schema was not applied'] : [])];
}

/** Whether a member that was killed may have done something by an instant that it never came to tell. */
function mayHaveDoneMore(trace: Trace, member: string, atNs: number): boolean {
  return untoldLives(trace, member).some(({ killedNs }) => {
    const last = lastUntil(eventsOf(trace, member), killedNs);
    return last === undefined || last.atNs <= atNs;
  });
}

/** Whether somebody had joined by an instant and had not left. */
function isMemberAt(trace: Trace, plan: Plan, member: string, atNs: number): boolean {
  const { joinedNs, leftNs } = attendanceOf(trace, plan).get(member)!;
  return joinedNs <= atNs && atNs < leftNs;
}

/** From when to when somebody was a member: without end, where nothing else was told. */
interface Attendance {
  joinedNs: number;
  leftNs: number;
}

const ATTENDANCES = new WeakMap<Trace, ReadonlyMap<string, Attendance>>();

/** Worked out once for each trace: it is asked of every member at every opening. */
function attendanceOf(trace: Trace, { members }: Plan): ReadonlyMap<string, Attendance> {
  const known = ATTENDANCES.get(trace);
  if (known !== undefined) return known;
  const found = new Map(
    members.map((member): [string, Attendance] => {
      const first = eventsOf(trace, member).find((event) => event.event === 'recorded');
      // Who has neither recorded anything nor opened has not come to be one.
      const isIn = first !== undefined || eventsOf(trace, member).some(({ event }) => event === 'open');
      const none = isIn ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      const joinedNs = first?.event === 'recorded' && first.gate === null ? first.decidedNs : none;
      return [member, { joinedNs, leftNs: Number.POSITIVE_INFINITY }];
    }),
  );
  for (const event of members.flatMap((member) => eventsOf(trace, member))) {
    const left = event.event === 'removed' ? found.get(event.peer) : undefined;
    if (event.event === 'removed' && left !== undefined) left.leftNs = Math.min(left.leftNs, event.decidedNs);
  }
  ATTENDANCES.set(trace, found);
  return found;
}

const HINDRANCE_WORDS: Readonly<Record<Hindrance, (member: string, running: string) => string>> = {
  'no-row': (member) => `${member} had no row`,
  'not-recorded': (member) => `${member} had not recorded it`,
  lie: (member, running) => `the row of ${member} was a lie, it ran ${running}`,
};

/** The version with which a member had looked at its gates by an instant, since its last start; null where it had not yet. */
function lookedWith(plan: Plan, trace: Trace, member: string, atNs: number): Version | null {
  const incarnation = incarnationAt(plan, trace, member, atNs);
  if (incarnation === null) return null;
  const { started } = incarnation;
  const hasLooked = started.action !== 'start' || firstLookNs(plan, incarnation) <= atNs;
  return hasLooked ? started.version : null;
}

/** When a member looked at a gate first: of one that does not tell of its gates, once it has recorded something, waits, or is open. */
function firstLookNs({ daemon }: Plan, { checks, parks, records, open }: Incarnation): number {
  if (tells(daemon, 'checked')) return checks[0]?.decidedNs ?? Number.POSITIVE_INFINITY;
  const looks = [records[0]?.atNs, parks[0]?.fromNs, open?.atNs];
  return Math.min(...looks.map((lookNs) => lookNs ?? Number.POSITIVE_INFINITY));
}

/** Where nothing tells what members have recorded: who had not even been started in the version. */
function missingStarts(plan: Plan, trace: Trace, { member: opening, started, open }: Incarnation): string[] {
  return plan.members.flatMap((member) => {
    if (member === opening) return [];
    const launched = lastUntil(rigEventsOf(trace, 'launching', member), open!.atNs);
    if (launched === undefined || launched.version === started.version.name) return [];
    return [`${member} had not been started in ${started.version.name} yet, and ran ${launched.version}`];
  });
}

export function appliedOnce({ plan, trace }: Evidence): Check {
  const name = 'applied-once';
  if (!tells(plan.daemon, 'applied')) return notApplicable(name, 'nothing tells when a schema update is applied');
  const by = new Map<string, string[]>();
  for (const { member, update } of plan.members.flatMap((known) => appliedBy(trace, known))) {
    const members = by.get(update) ?? [];
    members.push(member);
    by.set(update, members);
  }
  if (by.size === 0) return notApplicable(name, 'no schema update was applied');
  const twice = [...by].filter(([, members]) => members.length > 1);
  const faults = twice.map(
    ([update, members]) => `schema update ${update} was applied ${members.length} times, by ${members.join(' and ')}`,
  );
  return judged(name, faults, `${eachOf(by.size, 'schema update')} was applied once`);
}

function appliedBy(trace: Trace, member: string): Array<{ member: string; update: string }> {
  return eventsOf(trace, member).flatMap((event) => {
    if (event.event !== 'applied') return [];
    return (['internal', 'external'] as const).flatMap((kind) => {
      const applied = Math.max(0, event.to[kind] - event.from[kind]);
      return Array.from({ length: applied }, (_, index) => ({
        member,
        update: `${kind} ${event.from[kind] + index + 1}`,
      }));
    });
  });
}
