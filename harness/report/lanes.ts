/**
 * What a roll looks like, as data: for every member the spans that it spent in a state, the notices between members, and
 * the instants that concern the whole cluster. Pure, and free of Node: the terminal, the page and the live page draw it.
 */
import type { EventGate, MemberEvent } from '../../node/events.ts';
import { PATCH_GATE } from '../../node/upgrade/strategy.ts';
import type { Plan } from '../plan/plan.ts';
import { type Leadership, leadershipsOf } from '../trace/leadership.ts';
import { isRigEvent, type RigEvent, rigEvents, type Trace, type TraceEvent } from '../trace/trace.ts';
import { type Arrow, arrowsOf } from './arrows.ts';

/**
 * What a member is at. `absent`: not started yet. `entering`: on its way into a cluster that is being formed. `old`: serving the
 * version it started with. `at`: examining a gate.
 */
export type SpanState =
  | { readonly is: 'absent' | 'entering' | 'old' | 'stopped' | 'starting' | 'open' }
  | { readonly is: 'at' | 'parked'; readonly gate: EventGate };

export interface Span {
  readonly member: string;
  readonly state: SpanState;
  /** When it may have begun at the earliest: the same as `fromNs`, unless that was observed. */
  readonly sinceNs: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Something that concerns the whole cluster. */
export interface Mark {
  /** When it may have happened at the earliest: the same as `atNs`, unless that was observed. */
  readonly sinceNs: number;
  readonly atNs: number;
  readonly is: 'schema' | 'patch' | 'leader' | 'killed' | 'fault' | 'undone';
  readonly says: string;
}

export interface Lanes {
  readonly members: readonly string[];
  /** What they begin with: the first refresh, or, where the roll did not come that far, the forming of its cluster. */
  readonly begins: 'refresh' | 'forming';
  /** From there to a little after the last thing that happened. Nanoseconds of the trace's clock. */
  readonly fromNs: number;
  readonly toNs: number;
  readonly spans: readonly Span[];
  readonly arrows: readonly Arrow[];
  readonly marks: readonly Mark[];
  /** Who led the database, from before the first refresh on; empty where it has no leader. */
  readonly leaderships: readonly Leadership[];
}

/** A little of what came after is shown, so that the end can be seen. */
const AFTERWARDS = 1 / 16;

/**
 * Null where no member has been started yet, and between the forming of the cluster and the first refresh. It looks at every event
 * a fixed number of times: a roll of many members has hundreds of thousands.
 * @param nowNs the clock of a roll that goes on: so far its lanes go
 */
export function lanesOf({ members }: Pick<Plan, 'members'>, whole: Trace, nowNs: number | null = null): Lanes | null {
  const beginning = beginningOf(whole);
  if (beginning === null) return null;
  const { begins, fromNs } = beginning;
  const closingNs = closingOf(whole);
  const trace = whole.filter((event) => event.atNs < closingNs);
  const turns = turnsOf(trace, begins);
  const leaderships = leadershipsOf(trace);
  const toNs = nowNs === null || closingNs < nowNs ? endOf(members, turns, fromNs) : Math.max(nowNs, fromNs + 1);
  return {
    members,
    begins,
    fromNs,
    toNs,
    spans: members.flatMap((member) => spansOf(member, turns.get(member) ?? [], BEFORE[begins], fromNs, toNs)),
    // The answer to a notice may come when the end has begun.
    arrows: arrowsOf(whole).filter((arrow) => arrow.sentNs >= fromNs && arrow.sentNs < closingNs),
    marks: marksOf(trace, leaderships).filter((mark) => mark.atNs >= fromNs),
    leaderships,
  };
}

/** When the end begins, in which the rig reads back what records there are, and how large members are, and stops everybody. */
function closingOf(trace: Trace): number {
  const first = rigEvents(trace, 'ledger')[0] ?? rigEvents(trace, 'memory')[0];
  return first?.atNs ?? Number.POSITIVE_INFINITY;
}

/** What a member is at of which nothing has been heard before the lanes begin. */
const BEFORE: Readonly<Record<Lanes['begins'], SpanState>> = { refresh: { is: 'old' }, forming: { is: 'absent' } };

function endOf(members: readonly string[], turns: ReadonlyMap<string, readonly Turn[]>, fromNs: number): number {
  let lastNs = fromNs;
  for (const member of members) lastNs = Math.max(lastNs, turns.get(member)?.at(-1)?.atNs ?? fromNs);
  return lastNs + Math.max(1, (lastNs - fromNs) * AFTERWARDS);
}

interface Turn {
  readonly sinceNs: number;
  readonly atNs: number;
  readonly state: SpanState;
}

/** The turns of every member, in the order of its clock. */
function turnsOf(trace: Trace, begins: Lanes['begins']): Map<string, Turn[]> {
  const events = Map.groupBy(trace, (event) => ('member' in event ? event.member : null));
  const turns = new Map<string, Turn[]>();
  for (const [member, own] of events) {
    if (member !== null) turns.set(member, turnsOfMember(own, begins));
  }
  return turns;
}

function turnsOfMember(events: TraceEvent[], begins: Lanes['begins']): Turn[] {
  let isRefreshed = false;
  let latestNs = Number.NEGATIVE_INFINITY;
  return events
    .sort((one, other) => one.atNs - other.atNs)
    .flatMap((event) => {
      if ('event' in event && event.event === 'started') isRefreshed = event.action === 'start';
      const state = stateAfter(event, isRefreshed, begins);
      if (state === null) return [];
      // What came after something that was observed cannot have been earlier than that.
      latestNs = Math.max(latestNs, sinceOf(event));
      return [{ sinceNs: latestNs, atNs: event.atNs, state }];
    });
}

/** When an event happened at the earliest. */
function sinceOf(event: TraceEvent): number {
  return isRigEvent(event) ? event.atNs : (event.observed?.sinceNs ?? event.atNs);
}

/** The state that an event begins, if it begins one. */
function stateAfter(event: TraceEvent, isRefreshed: boolean, begins: Lanes['begins']): SpanState | null {
  if (isRigEvent(event)) {
    const ends = event.rig === 'stopping' || event.rig === 'killing' || event.rig === 'gone';
    return ends ? { is: 'stopped' } : null;
  }
  switch (event.event) {
    case 'started':
      if (isRefreshed) return { is: 'starting' };
      return { is: begins === 'forming' ? 'entering' : 'old' };
    case 'checked':
      // Whoever has passed the gate of the patches served before, and goes on.
      if (event.gate === PATCH_GATE && event.outcome.is === 'pass') return { is: 'open' };
      return isRefreshed ? { is: 'at', gate: event.gate } : null;
    case 'parked':
      return { is: 'parked', gate: event.gate };
    case 'woken':
      return { is: 'at', gate: event.gate };
    case 'open':
      return { is: isRefreshed ? 'open' : 'old' };
    case 'exiting':
      return { is: 'stopped' };
    default:
      return null;
  }
}

/** A turn that changes nothing is swallowed by the span before it. */
function spansOf(member: string, turns: readonly Turn[], unheard: SpanState, fromNs: number, toNs: number): Span[] {
  const before = turns.findLast((turn) => turn.atNs <= fromNs)?.state ?? unheard;
  const changes: Turn[] = [{ sinceNs: fromNs, atNs: fromNs, state: before }];
  for (const turn of turns) {
    if (turn.atNs > fromNs && keyOf(turn.state) !== keyOf(changes.at(-1)!.state)) changes.push(turn);
  }
  return changes.map((change, index) => ({
    member,
    state: change.state,
    sinceNs: Math.max(fromNs, change.sinceNs),
    fromNs: change.atNs,
    toNs: changes[index + 1]?.atNs ?? toNs,
  }));
}

/** Names a state: `old`, `parked schema`. */
export function keyOf(state: SpanState): string {
  return 'gate' in state ? `${state.is} ${state.gate}` : state.is;
}

function marksOf(trace: Trace, leaderships: readonly Leadership[]): Mark[] {
  const marks = trace.flatMap((event): Mark[] => {
    if (isRigEvent(event)) {
      const { atNs } = event;
      if (event.rig === 'fault')
        return [{ sinceNs: atNs, atNs, is: 'fault', says: `fault ${event.id}: ${event.says}` }];
      if (event.rig === 'undone')
        return [{ sinceNs: atNs, atNs, is: 'undone', says: `undone ${event.id}: ${event.says}` }];
      if (event.rig === 'withheld' || event.rig === 'let-through') return [heldMark(event)];
      if (event.rig !== 'killing') return [];
      const where = event.at === null ? '' : ` ${event.at.replaceAll('-', ' ')}`;
      return [{ sinceNs: atNs, atNs, is: 'killed', says: `${event.member} was killed${where}` }];
    }
    if (event.event === 'patched') return patchMarks(event);
    if (event.event !== 'applied') return [];
    const { from, to } = event;
    const axes = (['internal', 'external'] as const).filter((axis) => to[axis] > from[axis]);
    const words = axes.map((axis) => `${axis} ${from[axis]} → ${to[axis]}`).join(', ');
    const sinceNs = event.observed?.sinceNs ?? event.decidedNs;
    return [{ sinceNs, atNs: event.decidedNs, is: 'schema', says: `${event.member} committed the schema: ${words}` }];
  });
  const leaders = leaderships.map(({ fromNs, leader }): Mark => {
    const says = leader === null ? 'the database has no leader' : `${leader} leads the database`;
    return { sinceNs: fromNs, atNs: fromNs, is: 'leader', says };
  });
  return [...marks, ...leaders].sort((one, other) => one.atNs - other.atNs);
}

function heldMark(event: RigEvent & { rig: 'withheld' | 'let-through' }): Mark {
  const { atNs, rig, member, from } = event;
  const answer = `what ${from} answers to the commit of ${member}`;
  if (rig === 'let-through') return { sinceNs: atNs, atNs, is: 'undone', says: `${answer} reaches it` };
  const says =
    event.bytes === 0 ? `${member} has recorded what it runs` : `${answer} is held on its way (${event.bytes} bytes)`;
  return { sinceNs: atNs, atNs, is: 'fault', says };
}

function patchMarks({ decidedNs, member, patch, changes, outcome }: MemberEvent & { event: 'patched' }): Mark[] {
  if (outcome === 'found') return [];
  const where = changes === 'database' ? 'on the database' : 'in its own state folder';
  const says =
    outcome === 'ran' ? `${member} ran the patch ${patch} ${where}` : `${member} failed to run the patch ${patch}`;
  return [{ sinceNs: decidedNs, atNs: decidedNs, is: 'patch', says }];
}

function beginningOf(trace: Trace): Pick<Lanes, 'begins' | 'fromNs'> | null {
  // A rig that tells that it began tells, too, when its cluster is there; until then, nobody is stopped for a refresh.
  const isForming = rigEvents(trace, 'began').length > 0 && rigEvents(trace, 'formed').length === 0;
  const fromNs = isForming ? rigEvents(trace, 'launching')[0]?.atNs : firstRefreshNs(trace);
  return fromNs === undefined ? null : { begins: isForming ? 'forming' : 'refresh', fromNs };
}

/** When the first member was stopped for its refresh: a cluster that is kept is stopped once before that. */
function firstRefreshNs(trace: Trace): number | undefined {
  let reformedNs = Number.NEGATIVE_INFINITY;
  for (const event of trace) {
    if (!isRigEvent(event) && event.event === 'started' && event.action === 'reform') reformedNs = event.atNs;
  }
  return rigEvents(trace, 'stopping').find((event) => event.atNs > reformedNs)?.atNs;
}
