/**
 * What the page's server side hands to its script: plain data, embedded in the page. The lanes are worked out before, so
 * that a page does not carry the trace; a page that follows a roll works them out itself.
 */
import type { LogLine } from '../trace/log-line.ts';
import type { Arrow } from './arrows.ts';
import { type Columns, pack, unpack } from './columns.ts';
import type { Lanes, Mark, Span } from './lanes.ts';

/** One roll. */
export interface Shown {
  /** Null where nothing has been refreshed yet. */
  readonly lanes: PackedLanes | null;
  readonly logs: Columns<LogLine>;
}

export interface PageData {
  readonly rolls: readonly Shown[];
  /** The roll that is going on; null for a page of rolls that are over. */
  readonly live: Live | null;
}

export interface Live {
  /** Where the roll's events come from. */
  readonly address: string;
  readonly members: readonly string[];
}

interface PackedLanes extends Omit<Lanes, 'spans' | 'arrows' | 'marks' | 'leaderships'> {
  readonly spans: Columns<Span>;
  readonly arrows: Columns<Arrow>;
  readonly marks: Columns<Mark>;
}

/** A line this long says nothing that one can read; the log's own file has all of it. */
const LONGEST_LINE = 4000;
/** All that a page holds of the logs of one roll, in characters. */
const MOST_TEXT = 400_000;

export function shownOf(lanes: Lanes | null, logs: readonly LogLine[]): Shown {
  return { lanes: lanes === null ? null : packLanes(lanes), logs: pack(newest(logs).map(shortened)) };
}

function packLanes({ members, begins, fromNs, toNs, spans, arrows, marks }: Lanes): PackedLanes {
  return {
    members,
    begins,
    fromNs: Math.round(fromNs),
    toNs: Math.round(toNs),
    spans: pack(spans),
    arrows: pack(arrows),
    marks: pack(marks),
  };
}

/** The leaderships are left out: the marks tell of them. */
export function lanesIn({ lanes }: Shown): Lanes | null {
  if (lanes === null) return null;
  const { spans, arrows, marks, ...rest } = lanes;
  return { ...rest, spans: unpack(spans), arrows: unpack(arrows), marks: unpack(marks), leaderships: [] };
}

function shortened(line: LogLine): LogLine {
  const left = line.text.length - LONGEST_LINE;
  if (left <= 0) return line;
  return { ...line, text: `${line.text.slice(0, LONGEST_LINE)} … and ${left} characters more, in the log's file` };
}

/** As many of the last lines as a page can hold, with a line that says how many are missing. */
function newest(logs: readonly LogLine[]): readonly LogLine[] {
  let room = MOST_TEXT;
  const first = logs.findLastIndex(({ text }) => {
    room -= Math.min(text.length, LONGEST_LINE);
    return room < 0;
  });
  if (first === -1) return logs;
  const { atNs, member } = logs[first]!;
  const text = `… ${first + 1} lines of all members up to here are left out: the logs' files have them`;
  return [{ member, atNs, text }, ...logs.slice(first + 1)];
}
