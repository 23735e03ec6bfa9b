/** Follows a roll that is going on: its events come one by one, and its lanes are worked out from all of them. */
import type { TraceEvent } from '../../trace/trace.ts';
import type { Live } from '../document.ts';
import { type Lanes, lanesOf } from '../lanes.ts';

/** A page need not be quicker than the eye, and must not be busy with drawing alone: this much of the time it rests. */
const REST = 0.75;

/** @param draw called with all that is known by now, for events that came together once */
export function follow({ address, members }: Live, draw: (lanes: Lanes | null) => void): void {
  const trace: TraceEvent[] = [];
  let isDue = false;
  let restsUntilMs = 0;
  const redraw = (): void => {
    const startMs = performance.now();
    if (startMs < restsUntilMs) {
      requestAnimationFrame(redraw);
      return;
    }
    isDue = false;
    draw(lanesOf({ members }, trace));
    const endMs = performance.now();
    restsUntilMs = endMs + ((endMs - startMs) * REST) / (1 - REST);
  };
  const source = new EventSource(address);
  source.addEventListener('trace', (message: MessageEvent<string>) => {
    trace.push(JSON.parse(message.data) as TraceEvent);
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(redraw);
  });
  // The server has the verdict now, and a page that shows it.
  source.addEventListener('judged', () => {
    source.close();
    location.reload();
  });
}
