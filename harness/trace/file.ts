/** Traces as files: one JSON object a line, each checked by a schema as it is read. */
import { InputError } from '../input/errors.ts';
import { checkJson, parseJson } from '../input/json.ts';
import { readText } from '../input/yaml.ts';
import { MemberEvent, RigEvent } from './schema.ts';
import { isRigEvent, TRACE_FORMAT, type Trace, type TraceEvent } from './trace.ts';

export function formatTrace(trace: Trace): string {
  return trace.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/**
 * Read a trace. A last line without an end was being written when its rig was killed, and is left out.
 * @param members who may have told something in it: the members of its plan; anybody, where that is left out
 * @throws InputError naming the file and the line
 */
export function readTrace(file: string, members?: readonly string[]): Trace {
  const lines = readText(file, 'trace').split('\n');
  // What comes after the last end of a line: nothing, or a line without an end.
  lines.pop();
  const trace: TraceEvent[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const where = `${file}:${index + 1}`;
    const event = readEvent(line, where, trace.length === 0);
    if (members !== undefined && 'member' in event && !members.includes(event.member))
      throw new InputError(`${where}: ${event.member} is no member of this trace's plan`);
    trace.push(event);
  }
  const first = trace[0];
  if (first === undefined || !isRigEvent(first) || first.rig !== 'began') {
    throw new InputError(`${file}:1: a trace begins with the event "began"; this file is not a trace`);
  }
  return trace;
}

function readEvent(line: string, where: string, isFirst: boolean): TraceEvent {
  const document = parseJson(line, where);
  const about = typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
  if (isFirst && about.rig === 'began' && about.format !== TRACE_FORMAT) {
    const format = JSON.stringify(about.format) ?? 'none';
    throw new InputError(`${where}: this trace has format ${format}, and this rig reads ${TRACE_FORMAT}: roll anew`);
  }
  return checkJson(document, where, 'rig' in about ? RigEvent : MemberEvent, 'not an event of a trace') as TraceEvent;
}
