/** The folder that a roll leaves: plan.json, trace.ndjson, verdict.json, report.txt, report.html, and every member's log. */
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AHEAD_POLICIES } from '../../node/upgrade/gate.ts';
import { WAKEUPS } from '../../node/upgrade/machine.ts';
import { STRATEGY_NAMES } from '../../node/upgrade/strategy.ts';
import { InputError } from '../input/errors.ts';
import { DATABASES } from '../input/scenario.ts';
import { readText } from '../input/yaml.ts';
import type { Verdict } from '../judge/judge.ts';
import { PLAN_FORMAT, type Plan } from '../plan/plan.ts';
import { formatTrace, readTrace } from '../trace/file.ts';
import type { Trace, TraceEvent } from '../trace/trace.ts';

const FILES = {
  plan: 'plan.json',
  trace: 'trace.ndjson',
  verdict: 'verdict.json',
  report: 'report.txt',
  page: 'report.html',
} as const;
const LATEST = 'latest';

export class RunFolder {
  readonly path: string;
  readonly #logs = new Map<string, WriteStream>();

  /**
   * @param runs the folder of all runs
   * @param isLatest whether `latest` is to point to it
   */
  constructor(runs: string, plan: Plan, id: string, isLatest: boolean) {
    this.path = newFolder(runs, plan.name, id);
    writeFileSync(join(this.path, FILES.plan), json(plan));
    if (isLatest) pointTo(this.path, LATEST);
  }

  /** Add a line to a member's log. */
  log(member: string, line: string): void {
    const stream = this.#logs.get(member) ?? createWriteStream(join(this.path, `${member}.log`), { flags: 'a' });
    this.#logs.set(member, stream);
    stream.write(`${line}\n`);
  }

  /** Add an event to the trace, at once: a rig that is killed leaves what it has seen. */
  addToTrace(event: TraceEvent): void {
    appendFileSync(join(this.path, FILES.trace), formatTrace([event]));
  }

  /** @param page the report as HTML */
  saveVerdict(verdict: Verdict, report: string, page: string): void {
    writeFileSync(join(this.path, FILES.verdict), json(verdict));
    writeFileSync(join(this.path, FILES.report), report);
    writeFileSync(join(this.path, FILES.page), page);
  }

  async close(): Promise<void> {
    const ending = [...this.#logs.values()].map((stream) => new Promise<void>((resolve) => stream.end(resolve)));
    await Promise.all(ending);
  }
}

/** Make the folder `<time>-<name>-<id>`. Returns its path. */
export function newFolder(runs: string, name: string, id: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const path = join(runs, `${time}-${name}-${id}`);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Have a link beside a folder point to it. */
export function pointTo(folder: string, name: string): void {
  const link = join(dirname(folder), name);
  rmSync(link, { force: true });
  symlinkSync(basename(folder), link);
}

/**
 * Read a saved roll.
 * @throws InputError naming the file that is missing or not what it should be
 */
export function readRun(folder: string): { plan: Plan; trace: Trace } {
  if (!existsSync(folder)) throw new InputError(`${folder}: there is no such run; roll leaves one in runs/`);
  return { plan: readPlan(join(folder, FILES.plan)), trace: readTrace(join(folder, FILES.trace)) };
}

/**
 * Read a plan.
 * @throws InputError naming the file
 */
export function readPlan(file: string): Plan {
  let document: unknown;
  const text = readText(file, 'plan');
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: not JSON: ${(error as Error).message}`);
  }
  const parsed = SavedPlan.safeParse(document);
  if (parsed.success) return parsed.data as unknown as Plan;
  const [issue] = parsed.error.issues;
  const key = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new InputError(
    `${file}: ${key}${issue?.message}: not a plan of format ${PLAN_FORMAT}; make one with: refresh-rig plan --json`,
  );
}

/** What a saved plan must have for its steps to be carried out and its trace to be judged. */
const Names = z.array(z.string());
const SavedPlan = z.looseObject({
  format: z.literal(PLAN_FORMAT),
  name: z.string(),
  members: Names.min(1),
  from: z.string(),
  to: z.string(),
  order: Names,
  versions: z.record(
    z.string(),
    z.looseObject({ name: z.string(), internal: z.int(), external: z.int(), extensions: Names }),
  ),
  strategy: z.enum(STRATEGY_NAMES),
  wakeups: z.enum(WAKEUPS),
  ahead: z.enum(AHEAD_POLICIES),
  waitMs: z.number().positive(),
  runtime: z.enum(['auto', 'process', 'container']),
  database: z.enum(DATABASES),
  // Plans of before there was a choice.
  handover: z.boolean().default(true),
  networkLatencyMs: z.number().positive().nullable().default(null),
  records: z.array(z.looseObject({ key: z.string(), value: z.string() })),
  holds: z.boolean(),
  steps: z
    .array(
      z.looseObject({
        do: z.enum(['bootstrap', 'join', 'load', 'refresh', 'release', 'deliver', 'release-all', 'settle', 'verify']),
      }),
    )
    .min(1),
  expect: z.looseObject({
    open: Names,
    wokenBy: z.enum(['notice', 'timer', 'either']),
    safe: z.boolean(),
    exits: z.record(z.string(), z.string()),
    budgets: z.looseObject({}),
  }),
  settleLimitMs: z.number().positive(),
});

/** A document as a file has it. */
export function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
