/** What every member is at now, and, where it is parked, for whom and for what it waits: a line a member while a roll goes on. */
import { formatDuration } from '../../node/duration.ts';
import { historyOf } from '../judge/history.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import type { Lanes, Span, SpanState } from './lanes.ts';
import { stateWords } from './story.ts';
import { type Wait, waitNow } from './waits.ts';

export interface Standing {
  readonly member: string;
  readonly state: SpanState;
  /** Since when. */
  readonly fromNs: number;
  /** Null where it is not parked. */
  readonly wait: Wait | null;
}

/** In the order of the members. */
export function standingsOf(plan: Plan, trace: Trace, { spans }: Lanes): Standing[] {
  const last = new Map<string, Span>();
  for (const span of spans) last.set(span.member, span);
  const history = historyOf(plan, trace);
  return [...last.values()].map(({ member, state, fromNs }) => ({
    member,
    state,
    fromNs,
    wait: state.is === 'parked' ? waitNow(plan, trace, history, member) : null,
  }));
}

/** `is parked at the schema gate, timer 12.3 s of 30.0 s, waits for node02 (internal schema 1, wants 2)` */
export function standingWords({ state, fromNs, wait }: Standing, nowNs: number): string {
  const words = stateWords(state);
  if (state.is === 'open' || state.is === 'old' || state.is === 'absent') return words;
  const forMs = Math.max(0, nowNs - fromNs) / 1e6;
  if (wait === null) return `${words}, for ${seconds(forMs)}`;
  const time = wait.timerMs === null ? `for ${seconds(forMs)}` : `timer ${seconds(forMs)} of ${seconds(wait.timerMs)}`;
  return `${words}, ${time}, waits for ${wait.what}`;
}

/** Whoever waits comes first to those who have room for some only. */
const TELLING: readonly SpanState['is'][] = [
  'parked',
  'at',
  'starting',
  'stopped',
  'entering',
  'absent',
  'old',
  'open',
];

/** So many of the most telling, in the order of the members. */
export function mostTelling(standings: readonly Standing[], most: number): Standing[] {
  const rank = ({ state }: Standing): number => TELLING.indexOf(state.is);
  const chosen = new Set(standings.toSorted((one, other) => rank(one) - rank(other)).slice(0, most));
  return standings.filter((standing) => chosen.has(standing));
}

/** `31 parked, 8 open` */
export function tallyWords(standings: readonly Standing[]): string {
  const counts = Map.groupBy(standings, ({ state }) => STATE_NOUNS[state.is]);
  return [...counts].map(([noun, own]) => `${own.length} ${noun}`).join(', ');
}

const STATE_NOUNS: Readonly<Record<SpanState['is'], string>> = {
  absent: 'not started',
  entering: 'entering',
  old: 'on the old version',
  stopped: 'stopped',
  starting: 'starting',
  at: 'at a gate',
  parked: 'parked',
  open: 'open',
};

/** Always in seconds: what ticks should not change its unit. */
function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}
