/** One roll from beginning to end: build, open a site, conduct, judge, and leave a folder. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { MemberKind } from '../daemon/contract.ts';
import { EnvironmentError } from '../input/errors.ts';
import { judge, type Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import { rollPage } from '../report/page.ts';
import { headline, terminalReport } from '../report/terminal.ts';
import { conduct } from '../roll/conductor.ts';
import { Recorder } from '../roll/recorder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { RunFolder } from '../store/run-folder.ts';
import type { Observer, Trace } from '../trace/trace.ts';
import { pageRollOf } from './page-of-run.ts';

export interface RollOptions {
  readonly kind: MemberKind;
  readonly runtime: Runtime;
  /** The folder of all runs. */
  readonly runs: string;
  readonly signal: AbortSignal;
  /** Whether it has the machine to itself: only then its budgets are judged. As a rule it has. */
  readonly alone?: boolean;
  /** Whether `latest` is to point to it, as it is unless the roll is a part of something. */
  readonly isLatest?: boolean;
  /** Says something that is worth knowing, to a person. */
  readonly say?: (line: string) => void;
  /** Sees every event as it comes. */
  readonly observer?: Observer;
}

export interface Rolled {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
  readonly folder: string;
}

/**
 * Roll. Nothing is left behind but the run's folder, whatever happens.
 * @throws InputError for an unknown version; EnvironmentError where building or starting fails
 */
export async function roll(
  plan: Plan,
  { kind, runtime, runs, signal, observer, alone = true, isLatest = true, say = () => undefined }: RollOptions,
): Promise<Rolled> {
  const artifacts = await kind.build(Object.keys(plan.versions));
  const prepared = await runtime.prepare(artifacts.values());
  if (prepared !== null) say(prepared);
  signal.throwIfAborted();
  const run = randomBytes(4).toString('hex');
  const folder = new RunFolder(runs, plan, run, isLatest);
  const recorder = new Recorder();
  recorder.observe((event) => folder.addToTrace(event));
  if (observer !== undefined) recorder.observe(observer);
  const site = await runtime.open({ run, members: plan.members, port: kind.port });
  try {
    const log = (member: string, line: string): void => folder.log(member, line);
    await conduct(plan, { kind, site, artifacts, recorder, signal, alone, log });
  } catch (error) {
    if (error instanceof EnvironmentError)
      throw new EnvironmentError(`${error.message} (in ${relative(process.cwd(), folder.path)})`);
    throw error;
  } finally {
    await site.close();
    await folder.close();
  }
  const { trace } = recorder;
  const verdict = judge(plan, trace);
  const report = `${headline(plan)}\n\n${terminalReport(plan, trace, verdict)}\n`;
  const page = await rollPage(pageRollOf(folder.path, '', plan, trace, verdict));
  folder.saveVerdict(verdict, stripVTControlCharacters(report), page);
  return { plan, trace, verdict, folder: folder.path };
}
