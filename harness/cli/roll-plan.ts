/** One plan from beginning to end: build, open a site, conduct, judge, and leave a folder. */
import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { Artifact } from '../build/artifact.ts';
import { daemonKind } from '../daemon/choose.ts';
import type { Daemon } from '../daemon/contract.ts';
import type { Tally } from '../daemon/described/tally.ts';
import { refuseImpossible } from '../fault/possible.ts';
import { EnvironmentError } from '../input/errors.ts';
import { judge, type Verdict } from '../judge/judge.ts';
import { linkedBy, needsFirstToLead, type Plan, spoilsDisks } from '../plan/plan.ts';
import { rollPage } from '../report/page.ts';
import { headline, terminalReport } from '../report/terminal.ts';
import { conduct } from '../roll/conductor.ts';
import { Recorder } from '../roll/recorder.ts';
import type { Stage } from '../roll/stage.ts';
import type { Runtime, Site } from '../runtime/runtime.ts';
import { KeptCluster } from '../store/kept-cluster.ts';
import { RunFolder } from '../store/run-folder.ts';
import { type Observer, rigEvents, type Trace } from '../trace/trace.ts';
import { pageRollOf } from './page-of-run.ts';
import { withGiven } from './survey.ts';

export interface RollOptions {
  readonly runtime: Runtime;
  /** The daemon of the plan, where it has been read before; or another, where a test has its own. */
  readonly daemon?: Daemon;
  /** The folder of all runs. */
  readonly runs: string;
  readonly signal: AbortSignal;
  /** Beside the signal: nobody wants to wait for members to stop by themselves. */
  readonly hurry?: AbortSignal;
  /** Whether it has the machine to itself: only then its budgets are judged. As a rule it has. */
  readonly alone?: boolean;
  /** Whether `latest` is to point to it, as it is unless the roll is a part of something. */
  readonly isLatest?: boolean;
  /** The command that carries it out again, where that is known better than by its plan. */
  readonly again?: string;
  /** Whether a cluster that was formed earlier is not to be used again. */
  readonly fresh?: boolean;
  /** Where such clusters are kept, where a test has its own. */
  readonly clusters?: string;
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

/** The daemon of a plan. @param tally counts what became of each part of a description */
export function daemonOfPlan(plan: Pick<Plan, 'daemon'>, tally?: Tally): Daemon {
  return daemonKind(plan, tally);
}

/**
 * Roll. Nothing is left behind but the run's folder, whatever happens.
 * @throws InputError for an unknown version; EnvironmentError where building fails or there is no place for it
 */
export async function roll(planned: Plan, options: RollOptions): Promise<Rolled> {
  const { runs, observer, isLatest = true } = options;
  refuseImpossible(planned, options.runtime);
  const daemon = options.daemon ?? daemonOfPlan(planned);
  const artifacts = await prepared(planned, daemon, options);
  const plan = await withGiven(planned, { daemon, artifacts, ...options });
  const run = randomBytes(4).toString('hex');
  const folder = RunFolder.make(runs, plan, run, isLatest);
  const recorder = new Recorder();
  recorder.observe((event) => folder.addToTrace(event));
  if (observer !== undefined) recorder.observe(observer);
  const log = (member: string, line: string): void => folder.log(member, line);
  let fault: Error | null = null;
  try {
    fault = await carryOut(plan, run, { daemon, artifacts, recorder, log }, options);
  } finally {
    folder.close();
  }
  const { trace } = recorder;
  const verdict = judge(plan, trace);
  folder.saveVerdict(
    verdict,
    stripVTControlCharacters(`${headline(plan)}\n\n${terminalReport(plan, trace, verdict)}\n`),
  );
  await folder.savePage(() => rollPage(pageRollOf(folder.path, '', plan, trace, verdict, options.again)));
  return { plan, trace, verdict, folder: folder.path, fault, trouble: folder.trouble };
}

/** What members are started from. Whoever interrupts it need not wait for a build to end. */
async function prepared(
  plan: Plan,
  daemon: Daemon,
  { runtime, signal, say = () => undefined }: RollOptions,
): Promise<ReadonlyMap<string, Artifact>> {
  signal.throwIfAborted();
  const interrupted = Promise.withResolvers<never>();
  const onAbort = (): void => interrupted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  const preparing = (async () => {
    const artifacts = await daemon.build(Object.keys(plan.versions));
    await runtime.prepare([...artifacts.values()], { say, signal });
    return artifacts;
  })();
  try {
    return await Promise.race([preparing, interrupted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** @returns the fault of the environment, or of the rig, that ended it; null where there was none */
async function carryOut(
  plan: Plan,
  run: string,
  what: Pick<Stage, 'daemon' | 'artifacts' | 'recorder' | 'log'>,
  options: RollOptions,
): Promise<Error | null> {
  const { alone = true, hurry = new AbortController().signal } = options;
  const { site, kept } = await openSite(plan, what.daemon, what.artifacts, options, run);
  const isFormed = kept !== null && kept.addresses !== null;
  const keep = kept === null || isFormed ? null : () => keepCluster(kept, site, plan, options);
  const signal = AbortSignal.any([options.signal, site.lost]);
  let fault: Error | null = null;
  const attempt = async (work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (error) {
      fault ??= error as Error;
    }
  };
  await attempt(async () => {
    fault = await conduct(plan, { ...what, site, signal, hurry, alone, isFormed, keep });
    // Whatever is wrong with it, the next roll is not to find it again.
    if (isFormed && !signal.aborted && !hasFormed(plan, what.recorder.trace)) kept.discard();
  });
  await attempt(() => kept?.release());
  await attempt(() => site.close());
  return fault;
}

/** That a cluster cannot be kept does not keep it from being rolled. */
async function keepCluster(kept: KeptCluster, site: Site, plan: Plan, { say }: RollOptions): Promise<void> {
  try {
    await kept.keep(site, plan.members);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    say?.(`the cluster is not kept for the next roll: ${error.message}`);
  }
}

/** Whether a roll came further than to its cluster. */
function hasFormed({ steps }: Plan, trace: Trace): boolean {
  const first = steps.findIndex((step) => !['bootstrap', 'join', 'form'].includes(step.do));
  return rigEvents(trace, 'step').some(({ step }) => step >= first);
}

/** Where members of a cluster that is kept live at the addresses that it was formed with. */
async function openSite(
  plan: Plan,
  daemon: Daemon,
  artifacts: ReadonlyMap<string, Artifact>,
  { runtime, fresh = false, say, clusters }: RollOptions,
  run: string,
): Promise<{ site: Site; kept: KeptCluster | null }> {
  const { members } = plan;
  const linked = linkedBy(plan);
  const disks = spoilsDisks(plan);
  const open = (addresses: Readonly<Record<string, string>> | null): Promise<Site> =>
    runtime.open({ run, members, port: daemon.port, needsFolders: daemon.needsFolders, addresses, linked, disks });
  // Processes that have a network of their own cannot have ports of loopback that were written down. And of a cluster that is formed
  // just now it is known who leads: its first member.
  if (daemon.keeps === null || fresh || (linked !== null && runtime.seats === 'process') || needsFirstToLead(plan))
    return { site: await open(null), kept: null };
  const key = [daemon.name, daemon.keeps(plan, artifacts.get(plan.from)!), runtime.seats, String(members.length)];
  for (const kept of keptClusters(key, say, clusters)) {
    const site = await openWith(kept, members, open);
    if (site !== null) return { site, kept };
  }
  return { site: await open(null), kept: null };
}

/** None where none can be kept. */
function* keptClusters(
  key: readonly string[],
  say: RollOptions['say'],
  clusters: string | undefined,
): Generator<KeptCluster, undefined> {
  try {
    yield* KeptCluster.take(key, clusters);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    say?.(`no cluster is kept: ${error.message}`);
  }
}

/** Null where a kept cluster is of no use now: its addresses are taken, or it is not what it was. */
async function openWith(
  kept: KeptCluster,
  members: readonly string[],
  open: (addresses: KeptCluster['addresses']) => Promise<Site>,
): Promise<Site | null> {
  const { addresses } = kept;
  let site: Site | null = null;
  try {
    site = await open(addresses);
    if (addresses === null || (await kept.restore(site, members))) return site;
    kept.discard();
    await site.close();
    return null;
  } catch (error) {
    kept.release();
    await site?.close();
    // A cluster that is still to be formed needs no address of its own: that this fails is no matter of addresses.
    if (addresses === null || site !== null) throw error;
    return null;
  }
}
