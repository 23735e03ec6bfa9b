/** A small timeline of a roll in characters: a row a member, a column a slice of time. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { MemberEvent } from '../../node/events.ts';
import type { Plan } from '../plan/plan.ts';
import { type Reign, reignsOf } from '../trace/leaders.ts';
import { isRigEvent, rigEvents, type Trace, type TraceEvent } from '../trace/trace.ts';

const COLUMNS = 72;

/** What a member may be at, and the character for it. The later in this list, the more it matters where a slice holds several. */
const LANES = {
  down: ' ',
  old: '·',
  open: '=',
  starting: '-',
  schema: 's',
  api: 'a',
  pair: 'p',
} as const;
type Lane = keyof typeof LANES;

const LEGEND = '· serving the old version, - starting, s a p parked at the schema, API, schema-and-API gate, = open';

const LEADER = 'leader';
const NOBODY = '?';
const LEADER_LEGEND = `${LEADER}: the last digit of the member that leads the database, ${NOBODY} nobody`;

/** Lines that show the roll from the first refresh to the last thing that happened before the rig stopped everybody. */
export function timeline(plan: Plan, whole: Trace): string[] {
  const trace = beforeClosing(whole);
  const fromNs = rigEvents(trace, 'stopping')[0]?.atNs;
  if (fromNs === undefined) return [];
  const lastNs = Math.max(...trace.filter((event) => laneOf(event) !== null).map((event) => event.atNs));
  // A little of what came after, so that the end can be seen.
  const toNs = lastNs + Math.max(1, (lastNs - fromNs) / 16);
  const rows = plan.members.map((member) => `${member}  ${row(trace, member, fromNs, toNs)}`);
  const reigns = reignsOf(trace);
  if (reigns.length > 0)
    rows.push(`${LEADER.padEnd(plan.members[0]!.length)}  ${leaderRow(plan, reigns, fromNs, toNs)}`);
  const scale = `${' '.repeat(plan.members[0]!.length)}  0${formatDuration((toNs - fromNs) / 1e6).padStart(COLUMNS - 1)}`;
  return [...rows, colors.dim(scale), colors.dim(LEGEND), ...(reigns.length > 0 ? [colors.dim(LEADER_LEGEND)] : [])];
}

/** Without the end of the roll, when the rig reads the records back and stops everybody. */
function beforeClosing(trace: Trace): Trace {
  const closingNs = rigEvents(trace, 'ledger')[0]?.atNs ?? Number.POSITIVE_INFINITY;
  return trace.filter((event) => event.atNs < closingNs);
}

function row(trace: Trace, member: string, fromNs: number, toNs: number): string {
  const events = trace
    .filter((event) => 'member' in event && event.member === member)
    .toSorted((one, other) => one.atNs - other.atNs);
  let refreshed = false;
  const turns = events.flatMap((event) => {
    if ('event' in event && event.event === 'started') refreshed = event.action === 'start';
    const lane = laneOf(event);
    return lane === null ? [] : [{ atNs: event.atNs, lane: lane === 'open' && !refreshed ? ('old' as const) : lane }];
  });
  const sliceNs = (toNs - fromNs) / COLUMNS;
  const cells = Array.from({ length: COLUMNS }, (_, column) => {
    const startNs = fromNs + column * sliceNs;
    const before = turns.findLast((turn) => turn.atNs <= startNs)?.lane ?? 'old';
    const within = turns
      .filter((turn) => turn.atNs > startNs && turn.atNs <= startNs + sliceNs)
      .map((turn) => turn.lane);
    return LANES[mostTelling([before, ...within])];
  });
  return cells.join('');
}

/** Who leads the database: the number of the member, or a mark where nobody does. */
function leaderRow(plan: Plan, reigns: readonly Reign[], fromNs: number, toNs: number): string {
  const sliceNs = (toNs - fromNs) / COLUMNS;
  const cells = Array.from({ length: COLUMNS }, (_, column) => {
    const untilNs = fromNs + (column + 1) * sliceNs;
    const leader = reigns.findLast((reign) => reign.fromNs <= untilNs)?.leader ?? null;
    return leader === null ? NOBODY : String((plan.members.indexOf(leader) + 1) % 10);
  });
  return cells.join('');
}

function mostTelling(lanes: readonly Lane[]): Lane {
  const order = Object.keys(LANES) as Lane[];
  return lanes.reduce((best, lane) => (order.indexOf(lane) > order.indexOf(best) ? lane : best));
}

/** The lane that a member is in from an event on, where the event changes it. */
function laneOf(event: TraceEvent): Lane | null {
  if (isRigEvent(event)) {
    return event.rig === 'stopping' || event.rig === 'gone' ? 'down' : null;
  }
  return memberLane(event);
}

function memberLane(event: MemberEvent): Lane | null {
  switch (event.event) {
    case 'started':
      return event.action === 'start' ? 'starting' : 'old';
    case 'parked':
      return event.gate;
    case 'woken':
      return 'starting';
    case 'open':
      return 'open';
    case 'exiting':
      return 'down';
    default:
      return null;
  }
}
