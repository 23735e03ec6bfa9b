/** Follows a roll that is going on: its events come one by one, and what is shown is worked out from all of them. */
import type { TraceEvent } from '../../trace/trace.ts';
import { type Live, type Shown, shownOf } from '../document.ts';
import { mostTelling, standingsOf, standingWords, tallyWords } from '../standing.ts';
import { since } from './instant.ts';

/** A page need not be quicker than the eye, and must not be busy with drawing alone: this much of the time it rests. */
const REST = 0.75;
const SOONEST_MS = 100;
/** So many members have a line below the lanes. */
const MOST_LINES = 8;

/** @param draw called with all that is known by now, again and again: the clock goes on, whatever happens */
export function followRoll({ address, plan }: Live, draw: (shown: Shown, nowMs: number) => void): void {
  const trace: TraceEvent[] = [];
  const list = document.querySelector<HTMLElement>('[data-part="now"]')!;
  const source = new EventSource(address);
  /** What the trace's clock read when the page's own read nothing; null where the rig does not answer. */
  let zeroNs: number | null = null;
  let restsUntilMs = 0;
  const redraw = (): void => {
    requestAnimationFrame(redraw);
    const startMs = performance.now();
    if (zeroNs === null || startMs < restsUntilMs) return;
    const nowNs = zeroNs + startMs * 1e6;
    const shown = shownOf(plan, trace, nowNs);
    if (shown.lanes !== null) {
      draw(shown, since(shown.lanes, Math.min(nowNs, shown.lanes.toNs)));
      const standings = standingsOf(plan, trace, shown.lanes);
      const telling = mostTelling(standings, MOST_LINES);
      const rest = standings.filter((standing) => !telling.includes(standing));
      const lines = telling.map((standing) => `${standing.member} ${standingWords(standing, nowNs)}`);
      tellLines(list, rest.length === 0 ? lines : [...lines, `and ${rest.length} more: ${tallyWords(rest)}`]);
    }
    const endMs = performance.now();
    restsUntilMs = Math.max(startMs + SOONEST_MS, endMs + ((endMs - startMs) * REST) / (1 - REST));
  };
  // Whoever comes, or comes again, is told the clock and then everything from the beginning.
  source.addEventListener('clock', (message: MessageEvent<string>) => {
    trace.length = 0;
    zeroNs = (JSON.parse(message.data) as number) - performance.now() * 1e6;
    sayGoing('The roll goes on.');
  });
  source.addEventListener('trace', (message: MessageEvent<string>) => {
    trace.push(JSON.parse(message.data) as TraceEvent);
  });
  // The server has the verdict now, and a page that shows it.
  source.addEventListener('judged', () => {
    source.close();
    location.reload();
  });
  source.addEventListener('error', () => {
    zeroNs = null;
    sayGoing('The rig does not answer any more. This is what was seen until then; there is no verdict.');
  });
  requestAnimationFrame(redraw);
}

function sayGoing(text: string): void {
  document.querySelector('.verdict')!.textContent = text;
}

function tellLines(list: HTMLElement, lines: readonly string[]): void {
  list.hidden = false;
  for (const [index, line] of lines.entries()) {
    const item = list.children[index] ?? list.appendChild(document.createElement('li'));
    if (item.textContent !== line) item.textContent = line;
  }
  while (list.children.length > lines.length) list.lastElementChild!.remove();
}
