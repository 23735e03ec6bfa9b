/** Events that a daemon pushes: one JSON object a line on stdout, as node/events.ts has them, each with its own clock reading. */
import { z } from 'zod';
import { nowNs } from '../../node/clock.ts';
import type { MemberEvent } from '../../node/events.ts';
import { MemberEvent as Schema } from '../trace/schema.ts';
import type { Attendance, Told } from './contract.ts';

/** What the beginning of such a line looks like; any other line is for people. */
const BEGINNING = /^\s*\{\s*"(?:atNs|event|member)"\s*:/;

/** @param bornNs when its process was started, or before: no clock reading of its is from an earlier time */
export function pushed(member: string, told: Told, bornNs = nowNs()): Attendance {
  return {
    line: (stream, text) => {
      if (stream === 'stderr' || !BEGINNING.test(text)) return;
      const event = readEvent(member, bornNs, text);
      if (typeof event === 'string') told.remark(member, `printed an event that cannot be read (${event}): ${text}`);
      else told.event(event);
    },
    started: () => undefined,
    end: async () => undefined,
  };
}

/** The event in a line, or what is wrong with it. */
function readEvent(member: string, bornNs: number, text: string): MemberEvent | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  const parsed = Schema.safeParse(document);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ');
  if (parsed.data.member !== member) return `it names ${parsed.data.member}`;
  if (parsed.data.atNs > nowNs() + FUTURE_NS) return 'its clock reading is in the future';
  if (parsed.data.atNs < bornNs)
    return 'its clock reading is from before it was started: it must be of CLOCK_MONOTONIC';
  return parsed.data as MemberEvent;
}

/** Clocks of one machine agree; a container's may be read a little later than it was told. */
const FUTURE_NS = 1e9;
