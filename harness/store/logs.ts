/** The lines for people in the members' logs of a saved roll, each with its time on the trace's clock. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../input/yaml.ts';
import type { LogLine } from '../trace/log-line.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';

/** `2026-01-31T12:00:00.000Z text`, as our daemon writes it, and as the rig keeps what others write. */
const LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/;

/** A line as it is kept: with the time at which it came, unless it begins with one, or is an event, which has its own. */
export function timed(line: string, now: Date): string {
  return line.startsWith('{') || LINE.test(line) ? line : `${now.toISOString()} ${line}`;
}

/** In the order of time. A line without a time is an event, and not for people; the log's file has it. */
export function readLogs(folder: string, members: readonly string[], trace: Trace): LogLine[] {
  const began = rigEvents(trace, 'began')[0];
  if (began === undefined) return [];
  const zeroMs = Date.parse(began.startedAt);
  const lines = members.flatMap((member) => {
    const file = join(folder, `${member}.log`);
    const texts = existsSync(file) ? readText(file, 'log').split('\n') : [];
    return texts.flatMap((line): LogLine[] => {
      const [, time, text] = LINE.exec(line) ?? [];
      if (time === undefined || text === undefined) return [];
      return [{ member, atNs: began.atNs + (Date.parse(time) - zeroMs) * 1e6, text }];
    });
  });
  return lines.sort((one, other) => one.atNs - other.atNs);
}
