/**
 * A roll in the Trace Event Format, which Perfetto and chrome://tracing open: a thread a member, a slice a span, a flow a
 * notice. Times are in microseconds since the first refresh. Source: the format's description by the Chromium project.
 */
import type { Lanes } from './lanes.ts';
import { spanWords } from './story.ts';

/** All members are threads of one process: the cluster. */
const CLUSTER = 1;

export interface TraceDocument {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

/** @param name of the roll */
export function chromeTrace(name: string, lanes: Lanes): TraceDocument {
  const since = (atNs: number): number => (atNs - lanes.fromNs) / 1000;
  const threads = new Map(lanes.members.map((member, index) => [member, index + 1]));
  const threadOf = (member: string): number => threads.get(member) ?? 0;
  const at = (member: string, atNs: number) => ({ pid: CLUSTER, tid: threadOf(member), ts: since(atNs) });
  return {
    displayTimeUnit: 'ms',
    traceEvents: [
      { ph: 'M', pid: CLUSTER, name: 'process_name', args: { name } },
      ...lanes.members.map((member) => ({
        ph: 'M',
        pid: CLUSTER,
        tid: threadOf(member),
        name: 'thread_name',
        args: { name: member },
      })),
      ...lanes.spans.map((span) => ({
        ph: 'X',
        cat: 'member',
        name: spanWords(span).slice(span.member.length + 1),
        dur: (span.toNs - span.fromNs) / 1000,
        ...at(span.member, span.fromNs),
      })),
      ...lanes.arrows.flatMap((arrow, id) => [
        { ph: 's', cat: 'notice', name: `notice (${arrow.kind})`, id, ...at(arrow.from, arrow.sentNs) },
        {
          ph: 'f',
          // Bound to the slice around it, and not to the next.
          bp: 'e',
          cat: 'notice',
          name: `notice (${arrow.kind})`,
          id,
          ...at(arrow.to, arrow.arrivedNs),
          args: { fate: arrow.fate },
        },
      ]),
      ...lanes.marks.map((mark) => ({
        ph: 'i',
        // Across all threads.
        s: 'g',
        cat: mark.is,
        name: mark.says,
        pid: CLUSTER,
        tid: 0,
        ts: since(mark.atNs),
      })),
    ],
  };
}
