/** Rolls of real daemons as they were recorded: a plan, and below it its trace, in the folder test/recorded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Trace, TraceEvent } from '../../harness/trace/trace.ts';

export function recorded(name: string): { readonly plan: Plan; readonly trace: Trace } {
  const file = join(import.meta.dirname, '..', 'recorded', `${name}.ndjson.gz`);
  const [plan = '', ...events] = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
  return { plan: JSON.parse(plan) as Plan, trace: events.map((event) => JSON.parse(event) as TraceEvent) };
}
