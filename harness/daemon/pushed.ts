/** Events that a daemon pushes: one JSON object a line on stdout, as node/events.ts has them, each with its own clock reading. */
import { z } from 'zod';
import { nowNs } from '../../node/clock.ts';
import type { MemberEvent } from '../../node/events.ts';
import { MemberEvent as Schema } from '../trace/schema.ts';
import type { Attendance, Told } from './contract.ts';

/** What an event looks like from its beginning on; any other line is for people. */
const BEGINNING = /\{\s*"(?:atNs|event|member)"\s*:/;
/** What only an event has. A daemon may print other JSON for people. */
const READING = /"atNs"\s*:/;

/** @param bornNs when its process was started, or before: no clock reading of its is from an earlier time */
export function pushed(member: string, told: Told, bornNs = nowNs()): Attendance {
  compileSchemas();
  let cut: string | null = null;
  const cannotRead = (why: string, text: string): string => `printed an event that cannot be read (${why}): ${text}`;
  return {
    line: (stream, text) => {
      // That of its last words there is only a part is no event that was told: it ended in the middle of them.
      if (cut !== null) told.missed(member, cut);
      cut = null;
      if (stream === 'stderr') return;
      const at = text.search(BEGINNING);
      if (at < 0) return;
      if (text.slice(0, at).trim() !== '') {
        if (READING.test(text.slice(at))) told.missed(member, cannotRead('it does not begin the line', text));
        return;
      }
      const document = parse(text);
      if (document instanceof SyntaxError) {
        if (READING.test(text)) cut = cannotRead(document.message, text);
        return;
      }
      const event = readEvent(member, bornNs, document);
      if (typeof event !== 'string') told.event(event);
      else if (isMeant(document)) told.missed(member, cannotRead(event, text));
      else told.remark(member, cannotRead(event, text));
    },
    started: () => undefined,
    end: async () => undefined,
  };
}

let isCompiled = false;

/**
 * Each event has a schema of its own, which zod compiles as it is first used. That takes milliseconds, which the first members that
 * wait for others would share with the rig.
 */
function compileSchemas(): void {
  if (isCompiled) return;
  isCompiled = true;
  for (const { shape } of Schema.options) Schema.safeParse({ event: shape.event.value });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

/** The event, or what is wrong with it. */
function readEvent(member: string, bornNs: number, document: unknown): MemberEvent | string {
  const parsed = Schema.safeParse(document);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ');
  if (parsed.data.member !== member) return `it names ${parsed.data.member}`;
  if (parsed.data.atNs > nowNs() + FUTURE_NS) return 'its clock reading is in the future';
  if (parsed.data.atNs < bornNs)
    return 'its clock reading is from before it was started: it must be of CLOCK_MONOTONIC';
  return parsed.data as MemberEvent;
}

const NAMES: ReadonlySet<unknown> = new Set(Schema.options.map(({ shape }) => shape.event.value));

/** Whether it is one of the events that the rig knows: a newer daemon may tell of more. Of starts the rig needs no word. */
function isMeant(document: unknown): boolean {
  const { atNs, event } = document as { readonly atNs?: unknown; readonly event?: unknown };
  return atNs !== undefined && event !== 'started' && NAMES.has(event);
}

/** Clocks of one machine agree; a container's may be read a little later than it was told. */
const FUTURE_NS = 1e9;
