/** The check of local patches: each ran once per member, or once at all, in order, and in the end on all members that have it. */
import type { MemberEvent } from '../../node/events.ts';
import { isClaimed, type Patch } from '../../node/upgrade/patch.ts';
import { patchesOf, type Version } from '../../node/upgrade/version.ts';
import { rulesOf, tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, rigEventsOf, type Trace } from '../trace/trace.ts';
import { type Check, cannotTell, type Evidence, judged, notApplicable } from './evidence.ts';
import { isOpenAtEnd } from './exits.ts';
import { patchedAsSeen } from './patched-seen.ts';

type Of<Name extends MemberEvent['event']> = MemberEvent & { readonly event: Name };

export function patchedOnce({ plan, trace }: Evidence): Check {
  const name = 'patched-once';
  const { patchBy } = plan.daemon.capabilities;
  if (patchBy !== undefined) return patchedAsSeen(name, plan, trace, patchBy);
  const patches = patchesInPlay(plan);
  if (patches.length === 0 && !tells(plan.daemon, 'patched'))
    return notApplicable(name, 'nothing tells when a member runs a patch');
  if (patches.length === 0) return notApplicable(name, 'no version of this plan has a patch');
  if (!tells(plan.daemon, 'patched') || plan.daemon.model === null)
    return cannotTell(name, 'nothing tells when a patch is run');
  const { by } = rulesOf(plan.daemon.model).patching;
  const faults = [
    ...plan.members.flatMap((member) => faultsOfMember(trace, member)),
    ...patches.filter((patch) => isClaimed(by, patch)).flatMap((patch) => runByMany(plan, trace, patch)),
    ...plan.members.flatMap((member) => missingAtEnd(plan, trace, member)),
    ...plan.members.flatMap((member) => failedFor(plan, trace, member)),
  ];
  const ran = plan.members.flatMap((member) => runsOf(trace, member)).length;
  if (ran + faults.length === 0) return notApplicable(name, 'no member came to run a patch');
  const words = patches.map(
    (patch) => `${patch.name} by ${isClaimed(by, patch) ? 'one member for all' : 'each member'}`,
  );
  return judged(
    name,
    faults,
    `${words.join(', ')}: run ${ran === 1 ? 'once' : `${ran} times`} in all, and noted by every member that has it`,
  );
}

/** What comes with a release after the first: of those that all members begin with, nobody runs one. */
function patchesInPlay({ versions, from }: Plan): Patch[] {
  const first = patchesOf(versions[from]!);
  const found = new Map<string, Patch>();
  for (const version of Object.values(versions)) for (const patch of patchesOf(version)) found.set(patch.name, patch);
  for (const { name } of first) found.delete(name);
  return [...found.values()];
}

function runsOf(trace: Trace, member: string): Array<Of<'patched'>> {
  return eventsOf(trace, member).filter(
    (event): event is Of<'patched'> => event.event === 'patched' && event.outcome === 'ran',
  );
}

/** Run twice, where nothing had interrupted it; or out of order. */
function faultsOfMember(trace: Trace, member: string): string[] {
  const runs = Map.groupBy(runsOf(trace, member), ({ patch }) => patch);
  const kills = rigEventsOf(trace, 'killing', member);
  const twice = [...runs].flatMap(([patch, own]) => {
    const isInterrupted = (run: Of<'patched'>, index: number): boolean => {
      const next = own[index + 1];
      return next === undefined || kills.some(({ atNs }) => atNs > run.decidedNs && atNs < next.decidedNs);
    };
    return own.every(isInterrupted) ? [] : [`${member} ran the patch ${patch} ${own.length} times`];
  });
  return [...twice, ...outOfOrder(trace, member)];
}

/** Each incarnation goes through its version's patches from the first to the last. */
function outOfOrder(trace: Trace, member: string): string[] {
  let version: Version | null = null;
  let place = -1;
  const faults: string[] = [];
  for (const event of eventsOf(trace, member)) {
    if (event.event === 'started') {
      version = event.version;
      place = -1;
    }
    if (event.event !== 'noted' || version === null) continue;
    const at = patchesOf(version).findIndex(({ name }) => name === event.patch);
    if (at <= place) faults.push(`${member} came to the patch ${event.patch} out of order`);
    place = at;
  }
  return faults;
}

/** One that one member runs for all. */
function runByMany(plan: Plan, trace: Trace, { name }: Patch): string[] {
  const by = plan.members.filter((member) => runsOf(trace, member).some(({ patch }) => patch === name));
  return by.length > 1 ? [`the patch ${name} was to be run once, and was run by ${by.join(' and ')}`] : [];
}

/** A patch that a member could not run, where that is not what the plan expects. */
function failedFor({ expect }: Plan, trace: Trace, member: string): string[] {
  if (expect.exits[member] === 'patch-failed') return [];
  return eventsOf(trace, member).flatMap((event) =>
    event.event === 'patched' && typeof event.outcome !== 'string'
      ? [`${member} could not run the patch ${event.patch}`]
      : [],
  );
}

/** A member that is open in the end in a version with a patch has noted it. */
function missingAtEnd(plan: Plan, trace: Trace, member: string): string[] {
  if (!isOpenAtEnd(plan, trace, member)) return [];
  const events = eventsOf(trace, member);
  const started = events.findLast((event): event is Of<'started'> => event.event === 'started');
  const noted = new Set(events.flatMap((event) => (event.event === 'noted' ? event.patch : [])));
  return patchesOf(started!.version)
    .filter(({ name }) => !noted.has(name))
    .map(({ name }) => `${member} is open, and has not dealt with the patch ${name}`);
}
