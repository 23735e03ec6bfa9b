/** The signs of a timeline that its legend and its script share. Pure, and free of Node. */
import type { Fate } from './arrows.ts';
import { keyOf, type Mark, type SpanState } from './lanes.ts';

/** What fills the spans of a state: a colour of the page, or a pattern of it. */
export function paintOf(state: SpanState): string {
  const name = keyOf(state).replace(' ', '-');
  return 'gate' in state ? `url(#${name})` : `var(--${name})`;
}

/** At the upper end of what concerns the whole cluster. */
export const MARK_SIGNS: Readonly<Record<Mark['is'], string>> = {
  schema: '◆',
  patch: '✚',
  leader: '★',
  killed: '☠',
  fault: '⚡',
  undone: '✓',
};

/** How the lines of notices differ but for their colour. */
export const DASHES: Readonly<Record<Fate, string>> = {
  delivered: 'none',
  latched: '5,3',
  dropped: 'none',
  failed: '1.5,3',
};
