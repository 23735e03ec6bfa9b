/** `refresh-rig report RUN`: the HTML report of a saved roll, of several on one scale, or of a matrix; and the roll for other viewers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../input/errors.ts';
import { judge } from '../judge/judge.ts';
import { chromeTrace } from '../report/chrome-trace.ts';
import { type Lanes, lanesOf } from '../report/lanes.ts';
import { matrixPage } from '../report/matrix-page.ts';
import { otlpTrace } from '../report/otlp.ts';
import { comparisonPage, type PageRoll, rollPage } from '../report/page.ts';
import { holdsMatrix, readResults } from '../store/matrix-folder.ts';
import { readRun } from '../store/run-folder.ts';
import { rigEvents } from '../trace/trace.ts';
import { pageRollOf } from './page-of-run.ts';

interface Flags {
  readonly open?: boolean;
  readonly out?: string;
  readonly trace?: string;
  readonly otlp?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .argument('[runs...]', 'the folders of runs (default: runs/latest)')
    .option('--open', 'show it in the browser')
    .option('--out <file>', 'where to write it (default: report.html in the run’s folder, comparison.html for several)')
    .option('--trace <file>', 'also write the roll as a trace that Perfetto and chrome://tracing open')
    .option('--otlp <file>', 'also write the roll as OpenTelemetry spans, in the JSON encoding of OTLP')
    .action(async (given: string[], flags: Flags) => {
      const folders = given.length === 0 ? ['runs/latest'] : given;
      if (folders.some(holdsMatrix)) return reportMatrix(folders, flags);
      const rolls = folders.map((folder) => load(folder, folders.length > 1));
      if (rolls.length > 1 && (flags.trace !== undefined || flags.otlp !== undefined)) {
        throw new InputError('--trace and --otlp are of one roll: name one run');
      }
      const [roll] = rolls as [PageRoll];
      if (flags.trace !== undefined)
        write(flags.trace, JSON.stringify(chromeTrace(roll.plan.name, requireLanes(roll))));
      if (flags.otlp !== undefined) write(flags.otlp, otlpOf(roll));
      const page = rolls.length === 1 ? await rollPage(roll) : await comparisonPage(rolls);
      const out = flags.out ?? join(folders.at(-1)!, rolls.length === 1 ? 'report.html' : 'comparison.html');
      await hand(page, out, flags);
    });
}

/** The grid of a matrix. Its links lead from the matrix's own folder. */
async function reportMatrix([folder, ...others]: readonly string[], flags: Flags): Promise<void> {
  if (others.length > 0) throw new InputError('a matrix is reported by itself: name one; `merge` joins several');
  if (flags.trace !== undefined || flags.otlp !== undefined) {
    throw new InputError('--trace and --otlp are of one roll: name one in the folder rolls/ of the matrix');
  }
  await hand(matrixPage(readResults(folder!)), flags.out ?? join(folder!, 'report.html'), flags);
}

async function hand(page: string, out: string, { open }: Flags): Promise<void> {
  write(out, page);
  if (open) await (await import('open')).default(out);
}

function load(folder: string, isOneOfSeveral: boolean): PageRoll {
  const { plan, trace } = readRun(folder);
  return pageRollOf(folder, isOneOfSeveral ? plan.name : '', plan, trace, judge(plan, trace));
}

function requireLanes({ plan, trace }: PageRoll): Lanes {
  const lanes = lanesOf(plan, trace);
  if (lanes === null) throw new InputError(`${plan.name} ended before the first refresh: there is nothing to show`);
  return lanes;
}

function otlpOf(roll: PageRoll): string {
  const began = rigEvents(roll.trace, 'began')[0]!;
  return otlpTrace(roll.plan, requireLanes(roll), began.startedAt, began.atNs);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new InputError(`cannot write ${file}: ${(error as Error).message}`);
  }
  console.log(`wrote ${file}`);
}
