/**
 * The lanes of a roll as a list of sentences in the order of time: what a screen reader, a printer and the keyboard get
 * in place of the picture. Pure, and free of Node.
 */
import { formatDuration } from '../../node/duration.ts';
import type { Cause } from '../../node/events.ts';
import { GATE_WORDS } from '../../node/words.ts';
import { lastUntil } from '../trace/instants.ts';
import type { Arrow } from './arrows.ts';
import type { Lanes, Mark, Span, SpanState } from './lanes.ts';
import type { Wait } from './waits.ts';

/** One thing that happened. */
export interface Item {
  /** Nanoseconds of the trace's clock. */
  readonly atNs: number;
  /** The member that it is about; null where it concerns the whole cluster. */
  readonly member: string | null;
  readonly says: string;
}

/** Everything that the lanes show, in the order of time. */
export function storyOf({ spans, arrows, marks, fromNs }: Lanes, waits: readonly Wait[] = []): Item[] {
  const parks = new Parks(waits);
  const isTold = ({ fromNs: beganNs, state }: Span): boolean =>
    beganNs > fromNs || (state.is !== 'old' && state.is !== 'absent');
  const items = [
    ...spans.filter(isTold).map((span) => itemOfSpan(span, parks)),
    ...arrows.map(itemOfArrow),
    ...marks.map(itemOfMark),
  ];
  return items.sort((one, other) => one.atNs - other.atNs);
}

/** What a span says of its member: `node01 parked at the schema gate`. */
export function spanWords({ member, state }: Pick<Span, 'member' | 'state'>): string {
  return `${member} ${stateWords(state)}`;
}

/** What became of a notice: `the notice (schema) of node01 reached node02, and woke it`. */
export function arrowWords({ from, to, kind, fate, outcome }: Omit<Arrow, 'sentNs' | 'arrivedNs'>): string {
  return fate === 'failed'
    ? `the notice (${kind}) of ${from} did not reach ${to}: ${outcome}`
    : `the notice (${kind}) of ${from} reached ${to}, and ${FATE_WORDS[fate]}`;
}

const FATE_WORDS = {
  delivered: 'woke it',
  latched: 'was kept for its next park',
  dropped: 'found nobody parked',
} as const;

/** The parks of a roll, by the span that draws each. */
export class Parks {
  readonly #waits: ReadonlyMap<string, readonly Wait[]>;

  constructor(waits: readonly Wait[]) {
    this.#waits = Map.groupBy(waits, ({ member, parkNs }) => `${member} ${parkNs}`);
  }

  /** The parts of a park, in order; none of what is no park. */
  of({ member, fromNs, state }: Span): readonly Wait[] {
    return state.is === 'parked' ? (this.#waits.get(`${member} ${fromNs}`) ?? []) : [];
  }

  /**
   * For whom and for what a parked member waits, and what came of it: `waits for node02 (…), and its timer woke it`.
   * @param atNs at which instant; null for all that it waited for one after the other
   */
  words(span: Span, atNs: number | null): string {
    const waits = this.of(span);
    const [first] = waits;
    if (first === undefined) return '';
    const then =
      atNs === null
        ? undefined
        : lastUntil(
            waits.map((wait) => ({ atNs: wait.fromNs, wait })),
            atNs,
          )?.wait;
    const shown = atNs === null ? shortened(waits) : [then ?? first];
    const what = shown.map((wait) => wait.what).join('; then for ');
    return `waits for ${what}; ${CAUSE_WORDS[first.by ?? 'nothing']}`;
  }
}

/** Of a list of changes that nobody reads, where it begins and where it ends. */
function shortened(waits: readonly Wait[]): Wait[] {
  return waits.length > 2 ? [waits[0]!, waits.at(-1)!] : [...waits];
}

const CAUSE_WORDS: Readonly<Record<Cause | 'nothing', string>> = {
  notice: 'a notice woke it',
  timer: 'its timer woke it',
  unknown: 'what woke it is not known',
  nothing: 'nothing woke it yet',
};

function itemOfSpan(span: Span, parks: Parks): Item {
  const waits = parks.words(span, null);
  const says = `${spanWords(span)}${waits === '' ? '' : `: ${waits}`}${seenWords(span.sinceNs, span.fromNs)}`;
  return { atNs: span.fromNs, member: span.member, says };
}

function itemOfArrow(arrow: Arrow): Item {
  const { arrivedNs, seen } = arrow;
  return {
    atNs: arrivedNs,
    member: arrow.to,
    says: `${arrowWords(arrow)}${seenWords(seen?.arrivedSinceNs ?? arrivedNs, arrivedNs)}`,
  };
}

function itemOfMark({ sinceNs, atNs, says }: Mark): Item {
  return { atNs, member: null, says: `${says}${seenWords(sinceNs, atNs)}` };
}

/** Of what was observed, how much earlier it may have happened; nothing of what was told. */
export function seenWords(sinceNs: number, atNs: number): string {
  return sinceNs < atNs ? ` (seen then; it happened up to ${formatDuration((atNs - sinceNs) / 1e6)} earlier)` : '';
}

/** What a member that is in a state does: `is open`. */
export function stateWords(state: SpanState): string {
  switch (state.is) {
    case 'absent':
      return 'has not been started';
    case 'entering':
      return 'enters its cluster';
    case 'old':
      return 'serves the old version';
    case 'stopped':
      return 'is stopped';
    case 'starting':
      return 'is starting';
    case 'open':
      return 'is open';
    case 'at':
      return `examines ${GATE_WORDS[state.gate]}`;
    case 'parked':
      return `is parked at ${GATE_WORDS[state.gate]}`;
  }
}

/** A time in which much happens, in nanoseconds of the trace's clock. */
export interface Window {
  readonly fromNs: number;
  readonly toNs: number;
}

/**
 * The part of the roll that decides: from when the member that was refreshed last had started; from when the last one had waited,
 * where somebody was started once more after that.
 */
export function decisiveWindow({ begins, spans, fromNs, toNs }: Lanes): Window {
  if (begins === 'forming') return { fromNs, toNs };
  const startedNs = lastEndOf(spans, 'starting') ?? fromNs;
  // One that never got further than to start leaves nothing behind it to look at.
  if (startedNs === toNs) return { fromNs, toNs };
  const sinceNs = Math.min(startedNs, lastEndOf(spans, 'parked') ?? startedNs);
  const paddingNs = (toNs - sinceNs) / 10;
  return { fromNs: Math.max(fromNs, sinceNs - paddingNs), toNs };
}

function lastEndOf(spans: readonly Span[], is: Span['state']['is']): number | null {
  let lastNs: number | null = null;
  for (const { state, toNs } of spans) if (state.is === is) lastNs = Math.max(lastNs ?? toNs, toNs);
  return lastNs;
}
