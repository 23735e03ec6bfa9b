/**
 * The check of local patches, of a daemon whose versions do not list theirs: by what its members were seen to run. What one of them
 * does, the others that were refreshed to the same version are expected to do as well.
 */
import type { PatchBy } from '../../node/upgrade/patch.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { type Known, knownBy, PatchesSeen, type SeenRun } from '../trace/patches-seen.ts';
import { rigEvents, type Trace } from '../trace/trace.ts';
import { type Check, cameToItsEnd, cannotTell, judged, listed, notApplicable } from './evidence.ts';
import { isOpenAtEnd } from './exits.ts';
import { lagsWithin, lagWords } from './lag.ts';

export function patchedAsSeen(name: string, plan: Plan, trace: Trace, by: PatchBy): Check {
  const known = knownBy(plan.daemon);
  const seen = new PatchesSeen(known);
  for (const event of trace) seen.fold(event);
  const runs = new Map(plan.members.map((member) => [member, seen.runsOf(member)]));
  const { patches } = seen;
  const open = plan.members.filter((member) => isOpenAtEnd(plan, trace, member));
  const lacking = cameToItsEnd(trace) && by === 'each' ? seen.lacking(open) : [];
  if (patches.length === 0) return notApplicable(name, 'no refreshed member was seen to run a patch');
  const tellsEnds = tells(plan.daemon, 'patched');
  const faults = [
    ...[...runs].flatMap(([member, own]) => runAgain(member, own, tellsEnds)),
    ...outOfOrder(runs),
    ...(by === 'once' ? patches.flatMap((patch) => runByMany(patch, runs)) : []),
  ];
  const lacks = lacking.map(
    ({ member, patches: missing }) => `${member} was not seen to deal with ${missing.join(', ')}, which others did`,
  );
  const lag = lacks.length === 0 ? '' : lagWords(lagsWhileSettling(plan, trace));
  if (faults.length === 0 && lag !== '') return cannotTell(name, `${listed(lacks)}; but ${lag}`);
  const whom = by === 'once' ? 'one member for all' : 'each member that was refreshed';
  return judged(name, [...faults, ...lacks], `${listed(patches)}: ${SEEN[known]} by ${whom}, once and in one order`);
}

/** The rig waits for what a member lacks before it takes the cluster for settled. */
function lagsWhileSettling(plan: Plan, trace: Trace): ReturnType<typeof lagsWithin> {
  const last = rigEvents(trace, 'step').findLast(({ step }) => plan.steps[step]?.do === 'settle');
  return lagsWithin(trace, last?.atNs ?? 0, rigEvents(trace, 'ended')[0]!.atNs);
}

const SEEN: Readonly<Record<Known, string>> = {
  noted: 'run',
  patched: 'run to its end',
  patching: 'seen to be begun',
};

/** Run again, where nothing had interrupted it: by its end, or, where only beginnings are told, by another. */
function runAgain(member: string, runs: readonly SeenRun[], tellsEnds: boolean): string[] {
  return [...Map.groupBy(runs, ({ patch }) => patch)].flatMap(([patch, own]) => {
    const isWhole = ({ ended, gone, stopped }: SeenRun): boolean => (ended ? !gone || stopped : !gone && !tellsEnds);
    return own.slice(0, -1).some(isWhole) ? [`${member} ran the patch ${patch} ${own.length} times`] : [];
  });
}

/** Two members that ran two patches in different orders. */
function outOfOrder(runs: ReadonlyMap<string, readonly SeenRun[]>): string[] {
  const orders = [...runs].map(([member, own]) => ({ member, order: [...new Set(own.map(({ patch }) => patch))] }));
  return orders.flatMap(({ member, order }, index) =>
    orders.slice(0, index).flatMap((other) => {
      const shared = order.filter((patch) => other.order.includes(patch));
      const theirs = other.order.filter((patch) => order.includes(patch));
      const differs = shared.findIndex((patch, place) => theirs[place] !== patch);
      return differs < 0
        ? []
        : [`${member} ran ${shared[differs]} where ${other.member} ran ${theirs[differs]}: not in one order`];
    }),
  );
}

/** Not one that its member has gone of. */
function isDone({ ended, gone, stopped }: SeenRun): boolean {
  return ended || !gone || stopped;
}

function runByMany(patch: string, runs: ReadonlyMap<string, readonly SeenRun[]>): string[] {
  const by = [...runs].flatMap(([member, own]) =>
    own.some((run) => run.patch === patch && isDone(run)) ? member : [],
  );
  return by.length > 1 ? [`the patch ${patch} was to be run once, and was run by ${by.join(' and ')}`] : [];
}
