/** One plan from beginning to end: build, open a site, conduct, judge, and leave a folder. */
import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { Artifact } from '../build/artifact.ts';
import { daemonKind } from '../daemon/choose.ts';
import type { Daemon } from '../daemon/contract.ts';
import { judge, type Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import { rollPage } from '../report/page.ts';
import { headline, terminalReport } from '../report/terminal.ts';
import { conduct } from '../roll/conductor.ts';
import { Recorder } from '../roll/recorder.ts';
import type { Runtime, Site } from '../runtime/runtime.ts';
import { KeptCluster } from '../store/kept-cluster.ts';
import { RunFolder } from '../store/run-folder.ts';
import type { Observer, Trace } from '../trace/trace.ts';
import { pageRollOf } from './page-of-run.ts';

export interface RollOptions {
  readonly runtime: Runtime;
  /** Other than the one that the plan says, where a test has its own. */
  readonly daemon?: Daemon;
  /** The folder of all runs. */
  readonly runs: string;
  readonly signal: AbortSignal;
  /** Whether it has the machine to itself: only then its budgets are judged. As a rule it has. */
  readonly alone?: boolean;
  /** Whether `latest` is to point to it, as it is unless the roll is a part of something. */
  readonly isLatest?: boolean;
  /** Whether a cluster that was formed earlier is not to be used again. */
  readonly fresh?: boolean;
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
  /** What kept the roll from its end that is no member's doing: the environment, or a fault of ours; null where nothing did. */
  readonly fault: Error | null;
  /** What kept the folder from being whole, in a sentence; null where it is. */
  readonly trouble: string | null;
}

/** The daemon of a plan, to build its versions before they are rolled. */
export function builderOf(plan: Plan): Daemon {
  return daemonKind(plan);
}

/**
 * Roll. Nothing is left behind but the run's folder, whatever happens.
 * @throws InputError for an unknown version; EnvironmentError where building or starting fails
 */
export async function roll(plan: Plan, options: RollOptions): Promise<Rolled> {
  const { runtime, runs, signal, observer, alone = true, isLatest = true, say = () => undefined } = options;
  const daemon = options.daemon ?? builderOf(plan);
  const artifacts = await daemon.build(Object.keys(plan.versions));
  await runtime.prepare([...artifacts.values()], { say, signal });
  signal.throwIfAborted();
  const run = randomBytes(4).toString('hex');
  const folder = RunFolder.make(runs, plan, run, isLatest);
  const recorder = new Recorder();
  recorder.observe((event) => folder.addToTrace(event));
  if (observer !== undefined) recorder.observe(observer);
  const log = (member: string, line: string): void => folder.log(member, line);
  let fault: Error | null = null;
  const { site, kept } = await openSite(plan, daemon, artifacts, options, run);
  try {
    const isFormed = kept?.isFormed ?? false;
    const keep = kept === null || isFormed ? null : () => kept.keep(site, plan.members);
    if (isFormed) await kept!.restore(site, plan.members);
    fault = await conduct(plan, { daemon, site, artifacts, recorder, signal, alone, log, isFormed, keep });
  } finally {
    kept?.release();
    await site.close();
    await folder.close();
  }
  const { trace } = recorder;
  const verdict = judge(plan, trace);
  folder.saveVerdict(
    verdict,
    stripVTControlCharacters(`${headline(plan)}\n\n${terminalReport(plan, trace, verdict)}\n`),
  );
  await folder.savePage(() => rollPage(pageRollOf(folder.path, '', plan, trace, verdict)));
  return { plan, trace, verdict, folder: folder.path, fault, trouble: folder.trouble };
}

/** Where members of a cluster that is kept live at the addresses that it was formed with. */
async function openSite(
  plan: Plan,
  daemon: Daemon,
  artifacts: ReadonlyMap<string, Artifact>,
  { runtime, fresh = false }: RollOptions,
  run: string,
): Promise<{ site: Site; kept: KeptCluster | null }> {
  const { members } = plan;
  const open = (addresses: Readonly<Record<string, string>> | null): Promise<Site> =>
    runtime.open({ run, members, port: daemon.port, needsFolders: daemon.needsFolders, addresses });
  if (daemon.keeps === null || fresh) return { site: await open(null), kept: null };
  const key = [daemon.name, daemon.keeps(plan, artifacts.get(plan.from)!), runtime.name, String(members.length)];
  const kept = await KeptCluster.take(key, runtime.name === 'process');
  try {
    return { site: await open(kept.addresses), kept };
  } catch (error) {
    kept.release();
    throw error;
  }
}
