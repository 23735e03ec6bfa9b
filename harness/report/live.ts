/** The live view of a roll: what is redrawn in a terminal, and plain lines where there is none. */
import { createLogUpdate } from 'log-update';
import { nowNs } from '../../node/clock.ts';
import { formatDuration } from '../../node/duration.ts';
import type { Plan } from '../plan/plan.ts';
import { type Observer, rigEvents, type TraceEvent } from '../trace/trace.ts';
import { frameOf, stepsFrame } from './frame.ts';
import { newsOf } from './news.ts';
import { printable } from './printable.ts';
import { screenOf } from './screen.ts';

export interface LiveView {
  readonly observer: Observer;
  /** Write something that is not to be drawn over. */
  above(write: () => void): void;
  /** Resolves when the view has drawn its last line. */
  end(): Promise<void>;
}

/** Watch a roll that is about to begin. */
export function watchRoll(plan: Plan): LiveView {
  return process.stdout.isTTY ? redrawn(plan) : plainLines(plan);
}

function plainLines(plan: Plan): LiveView {
  let firstNs: number | null = null;
  return {
    observer: (event) => {
      firstNs ??= event.atNs;
      const line = newsOf(plan, event);
      if (line !== null) console.log(`${formatDuration((event.atNs - firstNs) / 1e6).padStart(8)}  ${printable(line)}`);
    },
    above: (write) => write(),
    end: async () => undefined,
  };
}

/** As often as seconds with a digit behind their point tick, about; the rig has better things to do than to draw. */
const REDRAW_MS = 200;

function redrawn(plan: Plan): LiveView {
  const trace: TraceEvent[] = [];
  const update = createLogUpdate(process.stdout);
  let hasBegun = false;
  const draw = (): void => {
    if (hasBegun) update(frameOf(plan, trace, nowNs(), screenOf(process.stdout)).join('\n'));
  };
  const ticking = setInterval(draw, REDRAW_MS);
  return {
    observer: (event) => {
      hasBegun = true;
      trace.push(event);
    },
    above: (write) => {
      update.clear();
      write();
    },
    end: async () => {
      clearInterval(ticking);
      if (!hasBegun) return;
      const endNs = rigEvents(trace, 'ended')[0]?.atNs ?? nowNs();
      update(stepsFrame(plan, trace, endNs, screenOf(process.stdout)).join('\n'));
      update.done();
    },
  };
}
