/**
 * The lanes of a roll as a list of sentences in the order of time: what a screen reader, a printer and the keyboard get
 * in place of the picture. Pure, and free of Node.
 */
import { GATE_WORDS } from '../../node/words.ts';
import type { Arrow } from './arrows.ts';
import type { Lanes, Mark, Span, SpanState } from './lanes.ts';

/** One thing that happened. */
export interface Item {
  /** Nanoseconds of the trace's clock. */
  readonly atNs: number;
  /** The member that it is about; null where it concerns the whole cluster. */
  readonly member: string | null;
  readonly says: string;
}

/** Everything that the lanes show, in the order of time. */
export function storyOf({ spans, arrows, marks, fromNs }: Lanes): Item[] {
  const items = [
    ...spans.filter((span) => span.fromNs > fromNs || span.state.is !== 'old').map(itemOfSpan),
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

function itemOfSpan(span: Span): Item {
  return { atNs: span.fromNs, member: span.member, says: spanWords(span) };
}

function itemOfArrow(arrow: Arrow): Item {
  return { atNs: arrow.arrivedNs, member: arrow.to, says: arrowWords(arrow) };
}

function itemOfMark({ atNs, says }: Mark): Item {
  return { atNs, member: null, says };
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

/** The part of the roll that decides: from when the member that was refreshed last had started. */
export function decisiveWindow({ spans, fromNs, toNs }: Lanes): Window {
  let sinceNs = fromNs;
  for (const span of spans) if (span.state.is === 'starting') sinceNs = Math.max(sinceNs, span.toNs);
  const paddingNs = (toNs - sinceNs) / 10;
  return { fromNs: Math.max(fromNs, sinceNs - paddingNs), toNs };
}
