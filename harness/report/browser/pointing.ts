/** Says what one points at in a timeline, be it by the mouse or by the keyboard, and goes there on a click. */
import type { Tip } from './tip.ts';

export interface Explained {
  /** What an element says at a place of the window; null where it is the same everywhere, and its label has it. */
  words(element: Element, clientX: number): string | null;
  /** For whoever cannot see the words beside the pointer. */
  say(text: string): void;
  go(clientX: number, says: string): void;
}

export function explainWhatIsPointedAt(timeline: HTMLElement, tip: Tip, { words, say, go }: Explained): void {
  const point = (says: string | null, x: number, y: number): void => {
    if (says === null) {
      tip.hide();
      return;
    }
    say(says);
    tip.show(says, x, y);
  };
  timeline.addEventListener('pointermove', ({ target, clientX, clientY }) => {
    const element = target as Element;
    point(words(element, clientX) ?? labelOf(element), clientX, clientY);
  });
  timeline.addEventListener('focusin', ({ target }) => {
    const element = target as Element;
    const { left, bottom } = element.getBoundingClientRect();
    point(labelOf(element), Math.max(0, left), bottom);
  });
  for (const left of ['pointerleave', 'focusout'] as const) timeline.addEventListener(left, () => tip.hide());
  timeline.addEventListener('click', ({ target, clientX }) => {
    const element = target as Element;
    const says = words(element, clientX) ?? labelOf(element);
    if (says !== null) go(clientX, says);
  });
}

/** Charts and groups have labels, too; these say nothing of the place that one points at. */
const WHOLE = ['svg', 'g', 'DIV'];

function labelOf(element: Element): string | null {
  const labelled = element.closest('[aria-label]');
  return labelled === null || WHOLE.includes(labelled.tagName) ? null : labelled.getAttribute('aria-label');
}
