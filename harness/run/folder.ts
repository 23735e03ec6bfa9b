/** The folder that a roll leaves: plan.json, trace.ndjson, verdict.json, report.txt, and every member's log. */
import { createWriteStream, mkdirSync, rmSync, symlinkSync, type WriteStream, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../input/errors.ts';
import { readText } from '../input/yaml.ts';
import type { Verdict } from '../judge/judge.ts';
import { PLAN_FORMAT, type Plan } from '../plan/plan.ts';
import { formatTrace, readTrace } from '../trace/file.ts';
import type { Trace } from '../trace/trace.ts';

const FILES = { plan: 'plan.json', trace: 'trace.ndjson', verdict: 'verdict.json', report: 'report.txt' } as const;
const LATEST = 'latest';

export class RunFolder {
  readonly path: string;
  readonly #logs = new Map<string, WriteStream>();

  /** @param runs the folder of all runs */
  constructor(runs: string, plan: Plan, id: string) {
    const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
    this.path = join(runs, `${time}-${plan.name}-${id}`);
    mkdirSync(this.path, { recursive: true });
    writeFileSync(join(this.path, FILES.plan), json(plan));
    const latest = join(runs, LATEST);
    rmSync(latest, { force: true });
    symlinkSync(basename(this.path), latest);
  }

  /** Add a line to a member's log. */
  log(member: string, line: string): void {
    const stream = this.#logs.get(member) ?? createWriteStream(join(this.path, `${member}.log`), { flags: 'a' });
    this.#logs.set(member, stream);
    stream.write(`${line}\n`);
  }

  saveTrace(trace: Trace): void {
    writeFileSync(join(this.path, FILES.trace), formatTrace(trace));
  }

  saveVerdict(verdict: Verdict, report: string): void {
    writeFileSync(join(this.path, FILES.verdict), json(verdict));
    writeFileSync(join(this.path, FILES.report), report);
  }

  async close(): Promise<void> {
    const ending = [...this.#logs.values()].map((stream) => new Promise<void>((resolve) => stream.end(resolve)));
    await Promise.all(ending);
  }
}

/**
 * Read a saved roll.
 * @throws InputError naming the file that is missing or not what it should be
 */
export function readRun(folder: string): { plan: Plan; trace: Trace } {
  return { plan: readPlan(join(folder, FILES.plan)), trace: readTrace(join(folder, FILES.trace)) };
}

/**
 * Read a plan.
 * @throws InputError naming the file
 */
export function readPlan(file: string): Plan {
  let plan: Partial<Plan>;
  try {
    plan = JSON.parse(readText(file, 'plan')) as Partial<Plan>;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: not JSON: ${(error as Error).message}`);
  }
  if (plan.format !== PLAN_FORMAT || !Array.isArray(plan.steps) || !Array.isArray(plan.members)) {
    throw new InputError(`${file}: not a plan of format ${PLAN_FORMAT}; make one with: refresh-rig plan --json`);
  }
  return plan as Plan;
}

function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
