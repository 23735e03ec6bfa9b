/** What it takes to read, judge and check a trace of 300,000 events, in a process that does nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { deviationOf } from '../harness/judge/conform.ts';
import { judge } from '../harness/judge/judge.ts';
import { plainTable } from '../harness/report/table.ts';
import { RunFolder } from '../harness/store/run-folder.ts';
import { readTrace } from '../harness/trace/file.ts';
import type { Trace } from '../harness/trace/trace.ts';
import { formatDuration } from '../node/duration.ts';
import { machineTrace } from '../test/support/machine-trace.ts';
import { planOf } from '../test/support/versions.ts';

/** Traces of about as many events: of many notices, and of many parks. */
const TRACES = [
  { members: 272, timers: 0 },
  { members: 50, timers: 1480 },
] as const;

/** Prints a table. */
export async function judgingBench(): Promise<void> {
  const table = plainTable(['members', 'timers', 'events', 'read', 'judged', 'conforms', 'memory at the most']);
  for (const { members, timers } of TRACES) {
    const runs = mkdtempSync(join(tmpdir(), 'rig-bench-'));
    try {
      const plan = planOf({ members, from: 'v1', to: 'v2' });
      const folder = RunFolder.make(runs, plan, 'large', false);
      for (const event of machineTrace(plan, timers)) folder.addToTrace(event);
      folder.close();
      const { stdout } = await execa(process.execPath, [import.meta.filename, folder.path, String(members)]);
      table.push([members, timers, ...stdout.split('\t')]);
    } finally {
      rmSync(runs, { recursive: true });
    }
  }
  console.log(table.toString());
  console.log('processor time of each. aims: read and judged within 5 s, in less than 1 GiB.');
}

/** A plan that is read has fewer members than the largest of these, so that only the trace is. */
async function measure(folder: string, members: number): Promise<void> {
  const plan = planOf({ members, from: 'v1', to: 'v2' });
  let trace: Trace = [];
  const readMs = processorMs(() => {
    trace = readTrace(join(folder, 'trace.ndjson'));
  });
  const judgedMs = processorMs(() => judge(plan, trace));
  const conformsMs = processorMs(() => deviationOf(plan, trace));
  const most = `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`;
  console.log([trace.length, ...[readMs, judgedMs, conformsMs].map(formatDuration), most].join('\t'));
}

/** Processor time, which others on the machine lengthen less than the time that passes; nothing of this waits. */
function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

if (import.meta.main) await measure(process.argv[2]!, Number(process.argv[3]));
