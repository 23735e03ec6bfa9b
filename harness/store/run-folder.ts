/** The folder that a roll leaves: plan.json, trace.ndjson, verdict.json, report.txt, report.html, and every member's log. */
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EnvironmentError, InputError } from '../input/errors.ts';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import { readTrace } from '../trace/file.ts';
import type { Trace, TraceEvent } from '../trace/trace.ts';
import { timed } from './logs.ts';
import { readPlan } from './plan-file.ts';

const FILES = {
  plan: 'plan.json',
  trace: 'trace.ndjson',
  verdict: 'verdict.json',
  report: 'report.txt',
  page: 'report.html',
} as const;
const LATEST = 'latest';

/**
 * What cannot be written is lost, and is said; a roll goes on without it, since its verdict does not need the folder. Only
 * where no folder can be made at all is nothing begun.
 */
export class RunFolder {
  readonly path: string;
  /** The files that are added to; null where that has failed: one with a hole in it would tell another story. */
  readonly #files = new Map<string, number | null>();
  #trouble: string | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param runs the folder of all runs
   * @param isLatest whether `latest` is to point to it
   * @throws EnvironmentError where it cannot be made
   */
  static make(runs: string, plan: Plan, id: string, isLatest: boolean): RunFolder {
    const folder = new RunFolder(newFolder(runs, plan.name, id));
    folder.#write(FILES.plan, json(plan));
    if (isLatest) folder.#link(LATEST);
    return folder;
  }

  /** What could not be written, and why, in a sentence; null where everything could. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Add a line to a member's log. */
  log(member: string, line: string): void {
    this.#append(`${member}.log`, `${timed(line, new Date())}\n`);
  }

  /** Add an event to the trace, at once: a rig that is killed leaves what it has seen. */
  addToTrace(event: TraceEvent): void {
    this.#append(FILES.trace, `${JSON.stringify(event)}\n`);
  }

  saveVerdict(verdict: Verdict, report: string): void {
    this.#write(FILES.verdict, json(verdict));
    this.#write(FILES.report, report);
  }

  /** @param draw makes the report as HTML; that it cannot is no reason to lose the rest */
  async savePage(draw: () => Promise<string>): Promise<void> {
    try {
      this.#write(FILES.page, await draw());
    } catch (error) {
      this.#trouble ??= `the report could not be drawn: ${(error as Error).message}`;
    }
  }

  close(): void {
    for (const file of this.#files.values()) if (file !== null) this.#attempt(() => closeSync(file));
    this.#files.clear();
  }

  #append(name: string, text: string): void {
    if (this.#files.get(name) === null) return;
    const isWritten = this.#attempt(() => {
      const file = this.#files.get(name) ?? openSync(join(this.path, name), 'a');
      this.#files.set(name, file);
      writeWhole(file, text);
    });
    if (!isWritten) this.#files.set(name, null);
  }

  #link(name: string): void {
    try {
      pointTo(this.path, name);
    } catch (error) {
      this.#trouble ??= (error as Error).message;
    }
  }

  #write(name: string, text: string): void {
    this.#attempt(() => writeFileSync(join(this.path, name), text));
  }

  /** @returns whether it was written */
  #attempt(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      this.#trouble ??= `${this.path} is not whole: ${(error as Error).message}`;
      return false;
    }
  }
}

/** A disk that fills up takes a part of what it is given; the rest then fails with the reason. */
function writeWhole(file: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}

/**
 * Make the folder `<time>-<name>-<id>`. Returns its path.
 * @throws EnvironmentError
 */
export function newFolder(runs: string, name: string, id: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const path = join(runs, `${time}-${name}-${id}`);
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(
      `cannot make a folder for what the roll leaves: ${(error as Error).message}: start in a folder that can be written`,
    );
  }
  return path;
}

/**
 * Have a link beside a folder point to it. A rig beside this one sees the old one or the new one, never none.
 * @throws Error where something else has its name: that is somebody's, and stays
 */
export function pointTo(folder: string, name: string): void {
  const link = join(dirname(folder), name);
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSymbolicLink())
    throw new Error(`${link} is no link of ours, and was left as it is: it does not point to ${basename(folder)}`);
  // In a folder that nobody else has: a rig beside this one makes its own.
  const making = join(folder, `.${name}`);
  symlinkSync(basename(folder), making);
  renameSync(making, link);
}

/**
 * Read a saved roll.
 * @throws InputError naming the file that is missing or not what it should be
 */
export function readRun(folder: string): { plan: Plan; trace: Trace } {
  if (!existsSync(folder)) throw new InputError(`${folder}: there is no such run; roll leaves one in runs/`);
  if (!existsSync(join(folder, FILES.plan)))
    throw new InputError(`${folder}: it is no folder of a run: it has no ${FILES.plan}`);
  const plan = readPlan(join(folder, FILES.plan));
  return { plan, trace: readTrace(join(folder, FILES.trace), plan.members) };
}

/** A document as a file has it. */
export function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
