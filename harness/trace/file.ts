/** Traces as files: one JSON object a line. */

import { InputError } from '../input/errors.ts';
import { readText } from '../input/yaml.ts';
import { isRigEvent, TRACE_FORMAT, type Trace, type TraceEvent } from './trace.ts';

export function formatTrace(trace: Trace): string {
  return trace.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/**
 * Read a trace.
 * @throws InputError naming the file and the line
 */
export function readTrace(file: string): Trace {
  const trace = readText(file, 'trace')
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, line }) => parseLine(text, `${file}:${line}`));
  const first = trace[0];
  if (first === undefined || !isRigEvent(first) || first.rig !== 'began') {
    throw new InputError(`${file}:1: a trace begins with the event "began"; this file is not a trace`);
  }
  if (first.format !== TRACE_FORMAT) {
    throw new InputError(`${file}:1: this trace has format ${first.format}, and this rig reads ${TRACE_FORMAT}`);
  }
  return trace;
}

function parseLine(text: string, where: string): TraceEvent {
  let event: Partial<Record<string, unknown>>;
  try {
    event = JSON.parse(text) as typeof event;
  } catch (error) {
    throw new InputError(`${where}: not JSON: ${(error as Error).message}`);
  }
  const isEvent = typeof event.atNs === 'number' && (typeof event.rig === 'string' || typeof event.event === 'string');
  if (!isEvent) throw new InputError(`${where}: not an event: it needs atNs, and event or rig`);
  return event as unknown as TraceEvent;
}
