/**
 * Writes the lines of events, and those for people, a little later, those of a moment together. Every write wakes whoever reads, who
 * takes the processor from a member that has something urgent to do: the notice that follows from what it tells.
 */
import type { EventName } from './events.ts';

/** Turns of the event loop: in the second a notice leaves, see Notices. */
const LATE_TURNS = 3;
/** No notice follows from these, and somebody may be waiting for them. */
const WRITTEN_AT_ONCE: readonly EventName[] = ['started', 'listening', 'exiting'];

/** The function that takes a line, and of which event it is. What is pending when the process ends is written then. */
export function lateWriter(stream: { write(text: string): unknown }): (line: string, event?: EventName) => void {
  let pending = '';
  const flush = (): void => {
    if (pending !== '') stream.write(pending);
    pending = '';
  };
  const flushAfter = (turns: number): void => void setImmediate(() => (turns > 1 ? flushAfter(turns - 1) : flush()));
  process.once('exit', flush);
  return (line, event) => {
    if (pending === '') flushAfter(LATE_TURNS);
    pending += `${line}\n`;
    if (event !== undefined && WRITTEN_AT_ONCE.includes(event)) flush();
  };
}
