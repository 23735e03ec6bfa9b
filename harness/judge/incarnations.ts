/** The incarnations of a member: from each start of its process to the end of it, with what happened at its gates. */
import type { Cause, EventGate, MemberEvent } from '../../node/events.ts';
import { once } from '../host/once.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { reckonedCause } from '../trace/cause.ts';
import { lastUntil, placeUntil } from '../trace/instants.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import { type Spell, spellsOf } from './spells.ts';

type Of<Name extends MemberEvent['event']> = MemberEvent & { readonly event: Name };

/** One park: from the waiting's start until a waking, or until the process ended. */
export interface Park {
  readonly gate: EventGate;
  readonly fromNs: number;
  /** Null where the member was never woken. */
  readonly toNs: number | null;
  /** When it may have begun at the earliest, and have been ended at the earliest. The same as above where that is known. */
  readonly sinceNs: number;
  readonly wokenSinceNs: number | null;
  /** What ended it, told or reckoned; null where nothing did. */
  readonly by: Cause | null;
  /** Whether that is reckoned, and not told. */
  readonly isReckoned: boolean;
}

export interface Incarnation {
  readonly member: string;
  readonly started: Of<'started'>;
  readonly checks: ReadonlyArray<Of<'checked'>>;
  readonly parks: readonly Park[];
  /** What each park began with, in the same order. */
  readonly parkings: ReadonlyArray<Of<'parked'>>;
  readonly notices: ReadonlyArray<Of<'noticed'>>;
  readonly records: ReadonlyArray<Of<'recorded'>>;
  readonly open: Of<'open'> | null;
  readonly exiting: Of<'exiting'> | null;
}

/** When an event happened at the earliest: its own time, unless it was observed. */
export function sinceNs(event: MemberEvent): number {
  return event.observed?.sinceNs ?? event.atNs;
}

/** All incarnations of a member, in order. */
export function incarnationsOf(plan: Plan, trace: Trace, member: string): readonly Incarnation[] {
  const events = eventsOf(trace, member);
  return once(INCARNATIONS, events, () => {
    const starts = events.flatMap((event, index) => (event.event === 'started' ? [index] : []));
    const frozen = spellsOf(plan, trace).filter(({ fault }) => fault.is === 'freeze' && fault.member === member);
    return starts.map((start, index) =>
      incarnationOf(plan.daemon, member, events.slice(start, starts[index + 1]), frozen),
    );
  });
}

/** A member's events are the same list every time. */
const INCARNATIONS = new WeakMap<readonly MemberEvent[], readonly Incarnation[]>();

/** Every start of a member, in order. */
export function startsOf(plan: Plan, trace: Trace, member: string): ReadonlyArray<Of<'started'>> {
  const incarnations = incarnationsOf(plan, trace, member);
  return once(STARTS, incarnations, () => incarnations.map(({ started }) => started));
}

const STARTS = new WeakMap<readonly Incarnation[], ReadonlyArray<Of<'started'>>>();

/** The incarnation that a member was in at an instant, or had been in last; null before its first. */
export function incarnationAt(plan: Plan, trace: Trace, member: string, atNs: number): Incarnation | null {
  const place = placeUntil(startsOf(plan, trace, member), atNs);
  return incarnationsOf(plan, trace, member)[place] ?? null;
}

/** Every opening of a member, in order. */
export function openingsOf(plan: Plan, trace: Trace, member: string): ReadonlyArray<Of<'open'>> {
  const incarnations = incarnationsOf(plan, trace, member);
  return once(OPENINGS, incarnations, () => incarnations.flatMap(({ open }) => open ?? []));
}

const OPENINGS = new WeakMap<readonly Incarnation[], ReadonlyArray<Of<'open'>>>();

type Turn = Of<'parked'> | Of<'notifying'>;

/** What a member did next of these two, whenever that was: it parked, or told its peers. */
export function turnsOf(trace: Trace, member: string): readonly Turn[] {
  const events = eventsOf(trace, member);
  const isTurn = (event: MemberEvent): event is Turn => event.event === 'parked' || event.event === 'notifying';
  return once(TURNS, events, () => events.filter(isTurn));
}

const TURNS = new WeakMap<readonly MemberEvent[], readonly Turn[]>();

/** The incarnations that began with a refresh; a member that enters its cluster passes no gate. */
export function refreshedIncarnations(plan: Plan, trace: Trace, member: string): Incarnation[] {
  return incarnationsOf(plan, trace, member).filter((incarnation) => incarnation.started.action === 'start');
}

function incarnationOf(
  daemon: PlannedDaemon,
  member: string,
  events: readonly MemberEvent[],
  frozen: readonly Spell[],
): Incarnation {
  const all = <Name extends MemberEvent['event']>(name: Name): Of<Name>[] =>
    events.filter((event): event is Of<Name> => event.event === name);
  const started = all('started')[0];
  if (started === undefined) throw new Error('an incarnation begins with the event "started"');
  return {
    member,
    started,
    checks: all('checked'),
    parks: parksOf(daemon, events, frozen),
    parkings: all('parked'),
    notices: all('noticed'),
    records: all('recorded'),
    open: all('open')[0] ?? null,
    exiting: all('exiting')[0] ?? null,
  };
}

/** Each park with the first waking that comes after it; one that was never told of has ended with the next park or opening. */
function parksOf(daemon: PlannedDaemon, events: readonly MemberEvent[], frozen: readonly Spell[]): Park[] {
  const parks: Park[] = [];
  const delivered = events
    .filter((event) => event.event === 'noticed' && event.disposition === 'delivered')
    .sort((a, b) => a.atNs - b.atNs);
  let parked: Of<'parked'> | null = null;
  const end = (wake: MemberEvent | null, told: Cause | null): void => {
    if (parked !== null) parks.push(parkOf(daemon, delivered, parked, wake, told, frozen));
    parked = null;
  };
  for (const event of events) {
    if (event.event === 'parked') {
      end(event, 'unknown');
      parked = event;
    } else if (event.event === 'woken') end(event, event.by);
    else if (event.event === 'open') end(event, 'unknown');
  }
  end(null, null);
  return parks;
}

/** @param delivered the notices that woke it, in the order of the clock */
function parkOf(
  { timer, capabilities }: PlannedDaemon,
  delivered: readonly MemberEvent[],
  parked: Of<'parked'>,
  wake: MemberEvent | null,
  told: Cause | null,
  frozen: readonly Spell[],
): Park {
  const park = { gate: parked.gate, fromNs: parked.atNs, sinceNs: sinceNs(parked) };
  if (wake === null) return { ...park, toNs: null, wokenSinceNs: null, by: null, isReckoned: false };
  const wokenSinceNs = sinceNs(wake);
  // Where nothing tells when it began, it may have begun just before its end.
  const shortestMs = capabilities.cause === 'unknown' ? 0 : (wokenSinceNs - parked.atNs) / 1e6;
  const longestMs = (wake.atNs - park.sinceNs) / 1e6;
  const lastNs = lastUntil(delivered, wake.atNs)?.atNs ?? Number.NEGATIVE_INFINITY;
  const sawNotice = lastNs > parked.atNs && lastNs > wokenSinceNs - NOTICE_WAKES_NS;
  // Who is frozen waits longer than its timer, or than its notice took: the length tells nothing.
  const isFrozen = frozen.some(({ fromNs, toNs }) => fromNs <= wake.atNs && toNs >= park.sinceNs);
  const reckoned = isFrozen && !sawNotice ? 'unknown' : reckonedCause(shortestMs, longestMs, timer, sawNotice);
  const by = told === 'unknown' ? reckoned : told;
  return { ...park, toNs: wake.atNs, wokenSinceNs, by, isReckoned: told === 'unknown' };
}

/** A member that is told to look again does so at once. */
const NOTICE_WAKES_NS = 0.05e9;
