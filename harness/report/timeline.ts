/** A small timeline of a roll in characters: a row a member, a column a slice of time. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { type Lanes, lanesOf, type Span, type SpanState } from './lanes.ts';
import { FILE, type Screen, wrapped } from './screen.ts';

const MOST_COLUMNS = 72;
const FEWEST_COLUMNS = 10;
/** Between a member's name and its row. */
const GAP = 2;

/** The characters of a row. The later in this list, the more it matters where a slice holds several. */
const CHARACTERS = {
  absent: ' ',
  stopped: ' ',
  old: '·',
  open: '=',
  entering: '-',
  starting: '-',
  schema: 's',
  api: 'a',
  pair: 'p',
  patch: 'x',
  barrier: 'b',
} as const;
type CharacterName = keyof typeof CHARACTERS;
const ORDER = Object.keys(CHARACTERS) as CharacterName[];

const LEGEND = '· serving the old version, - starting, s a p parked at the schema, API, schema-and-API gate, = open';
const PATCH_LEGEND = 'x waiting at the gate of the patches, and serving';
const BARRIER_LEGEND = '· serving the old version, - starting, b parked at its upgrade barrier, = open';
const LEADER = 'leader';
const NOBODY = '?';
const LEADER_LEGEND = `${LEADER}: the last digit of the member that leads the database, ${NOBODY} nobody`;

export interface TimelineOptions {
  /** The members that have a row. */
  readonly isShown?: (member: string) => boolean;
  /** Whether it says what the characters mean. */
  readonly hasLegend?: boolean;
  readonly screen?: Pick<Screen, 'columns'>;
}

/** Lines that show the roll from the first refresh to the last thing that happened before the rig stopped everybody. */
export function timeline(
  plan: Plan,
  trace: Trace,
  { isShown = () => true, hasLegend = true, screen = FILE }: TimelineOptions = {},
): string[] {
  const lanes = lanesOf(plan, trace);
  if (lanes === null) return [];
  const { leaderships } = lanes;
  const spans = Map.groupBy(lanes.spans, (span) => span.member);
  const width = Math.max(...plan.members.map((member) => member.length), leaderships.length > 0 ? LEADER.length : 0);
  const columns = Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, screen.columns - width - GAP));
  const slices = slicesOf(lanes, columns);
  const line = (name: string, text: string): string => `${name.padEnd(width + GAP)}${text}`;
  const rows = plan.members.filter(isShown).map((member) => line(member, row(slices, spans.get(member) ?? [])));
  if (leaderships.length > 0) rows.push(line(LEADER, leaderRow(plan, lanes, slices)));
  const scale = line('', `0${formatDuration((lanes.toNs - lanes.fromNs) / 1e6).padStart(columns - 1)}`);
  const isParkedAt = (gate: string): boolean =>
    lanes.spans.some(({ state }) => state.is === 'parked' && state.gate === gate);
  const legends = [
    isParkedAt('barrier') ? BARRIER_LEGEND : LEGEND,
    ...(isParkedAt('patch') ? [PATCH_LEGEND] : []),
    ...(leaderships.length > 0 ? [LEADER_LEGEND] : []),
  ];
  const below = [scale, ...(hasLegend ? legends.map((legend) => wrapped(legend, screen)) : [])];
  return [...rows, ...below.map((text) => colors.dim(text))];
}

interface Slice {
  readonly fromNs: number;
  readonly toNs: number;
}

function row(slices: readonly Slice[], spans: readonly Span[]): string {
  return slices
    .map(({ fromNs, toNs }) => {
      const within = spans
        .filter((span) => span.fromNs <= toNs && span.toNs > fromNs)
        .map(({ state }) => nameOf(state));
      return CHARACTERS[mostTelling(within)];
    })
    .join('');
}

/** Who leads the database: the number of the member, or a mark where nobody does. */
function leaderRow(plan: Plan, lanes: Lanes, slices: readonly Slice[]): string {
  return slices
    .map(({ toNs }) => {
      const leader = lanes.leaderships.findLast((leadership) => leadership.fromNs <= toNs)?.leader ?? null;
      return leader === null ? NOBODY : String((plan.members.indexOf(leader) + 1) % 10);
    })
    .join('');
}

function slicesOf({ fromNs, toNs }: Lanes, columns: number): Slice[] {
  const sliceNs = (toNs - fromNs) / columns;
  return Array.from({ length: columns }, (_, column) => ({
    fromNs: fromNs + column * sliceNs,
    toNs: fromNs + (column + 1) * sliceNs,
  }));
}

function nameOf(state: SpanState): CharacterName {
  if (state.is === 'parked') return state.gate;
  return state.is === 'at' ? 'starting' : state.is;
}

function mostTelling(names: readonly CharacterName[]): CharacterName {
  return names.reduce((best, name) => (ORDER.indexOf(name) > ORDER.indexOf(best) ? name : best), ORDER[0]!);
}
