/**
 * What the page's server side hands to its script: plain data, embedded in the page. The lanes are worked out before, so
 * that a page does not carry the trace; a page that follows a roll works them out itself.
 */
import type { Plan } from '../plan/plan.ts';
import type { LogLine } from '../trace/log-line.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import type { Arrow } from './arrows.ts';
import { type Columns, pack, unpack } from './columns.ts';
import { type Lanes, lanesOf, type Mark, type Span } from './lanes.ts';
import { type Wait, waitsOf } from './waits.ts';

/** What a page shows of one roll. */
export interface Shown {
  /** Null where there is nothing to be drawn yet. */
  readonly lanes: Lanes | null;
  readonly waits: readonly Wait[];
  /** When each step of the plan began, in nanoseconds of the trace's clock; null where none has. */
  readonly steps: ReadonlyArray<number | null>;
}

/** The same as a page carries it, with the members' logs. */
export interface PackedRoll {
  readonly lanes: PackedLanes | null;
  readonly waits: Columns<Wait>;
  readonly steps: ReadonlyArray<number | null>;
  readonly logs: Columns<LogLine>;
}

export interface PageData {
  readonly rolls: readonly PackedRoll[];
  /** The roll that is going on; null for a page of rolls that are over. */
  readonly live: Live | null;
}

export interface Live {
  /** Where the roll's events come from. */
  readonly address: string;
  readonly plan: Plan;
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

/** @param nowNs the clock of a roll that goes on */
export function shownOf(plan: Plan, trace: Trace, nowNs: number | null = null): Shown {
  const began = new Map(rigEvents(trace, 'step').map(({ step, atNs }) => [step, atNs]));
  return {
    lanes: lanesOf(plan, trace, nowNs),
    waits: waitsOf(plan, trace),
    steps: plan.steps.map((_, index) => began.get(index) ?? null),
  };
}

export function packRoll({ lanes, waits, steps }: Shown, logs: readonly LogLine[]): PackedRoll {
  return {
    lanes: lanes === null ? null : packLanes(lanes),
    waits: pack(waits),
    steps: steps.map((atNs) => (atNs === null ? null : Math.round(atNs))),
    logs: pack(newest(logs).map(shortened)),
  };
}

export function unpackRoll({ lanes, waits, steps }: PackedRoll): Shown {
  return { lanes: lanes === null ? null : unpackLanes(lanes), waits: unpack(waits), steps };
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
function unpackLanes({ spans, arrows, marks, ...rest }: PackedLanes): Lanes {
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
