/**
 * Whether a trace is of its plan: it tells of the plan's steps and faults, and of members that run the plan's versions. A file may have
 * been edited, or taken from another roll; what is judged by such a plan proves nothing.
 */
import { sameVersion } from '../../node/upgrade/version.ts';
import type { Plan, Refresh, Step } from '../plan/plan.ts';
import { firstFrom } from '../trace/instants.ts';
import { eventsOf, type RigEvent, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';
import { cameToItsEnd } from './evidence.ts';
import { incarnationsOf } from './incarnations.ts';

/** What of the trace is not of the plan, each in a sentence without a full stop. */
export function strangeIn(plan: Plan, trace: Trace): string[] {
  return [
    ...stepsOf(plan, trace),
    ...faultsOf(plan, trace),
    ...refreshesOf(plan, trace),
    ...versionsOf(plan, trace),
    ...waitsOf(plan, trace),
  ];
}

function stepsOf({ steps }: Plan, trace: Trace): string[] {
  const told = rigEvents(trace, 'step').map(({ step }) => step);
  const isInOrder = told.every((step, index) => step === index) && told.length <= steps.length;
  if (isInOrder && (told.length === steps.length || !cameToItsEnd(trace))) return [];
  const words = isInOrder ? `${told.length} of them` : `steps ${told.map((step) => step + 1).join(', ')}`;
  return [`the plan has ${steps.length} steps, and the trace tells of ${words}`];
}

/** The steps that were begun and are over, each with when it was begun and when the next was. */
function stepsOver({ steps }: Plan, trace: Trace): ReadonlyArray<{ step: Step; fromNs: number; toNs: number }> {
  const told = rigEvents(trace, 'step');
  const ended: ReadonlyArray<RigEvent | undefined> = cameToItsEnd(trace) ? rigEvents(trace, 'ended') : [];
  return told.flatMap(({ atNs: fromNs, step: index }, place) => {
    const next = told[place + 1] ?? ended[0];
    const step = steps[index];
    return step === undefined || next === undefined ? [] : [{ step, fromNs, toNs: next.atNs }];
  });
}

function faultsOf(plan: Plan, trace: Trace): string[] {
  const [began, undone] = (['fault', 'undone'] as const).map(
    (name) => new Set(rigEvents(trace, name).map(({ id }) => id)),
  );
  return stepsOver(plan, trace).flatMap(({ step }) => {
    if (step.do === 'fault' && !began!.has(step.id)) return [`nothing tells that ${step.id} was done`];
    return step.do === 'undo' && !undone!.has(step.id) ? [`nothing tells that ${step.id} was undone`] : [];
  });
}

/** Each member that is refreshed is started in its new version within that step, unless it is kept down. */
function refreshesOf(plan: Plan, trace: Trace): string[] {
  /** Who is kept down, by the fault. */
  const down = new Map<string, string>();
  return stepsOver(plan, trace).flatMap(({ step, fromNs, toNs }) => {
    if (step.do === 'fault' && step.fault.is === 'down') down.set(step.id, step.fault.member);
    if (step.do === 'undo') down.delete(step.id);
    if (step.do !== 'refresh') return [];
    const isStarted = ({ member, to }: Refresh): boolean => {
      const launches = rigEventsOf(trace, 'launching', member).filter(({ version }) => version === to);
      return (firstFrom(launches, fromNs)?.atNs ?? Number.POSITIVE_INFINITY) <= toNs;
    };
    return step.refreshes
      .filter((refresh) => ![...down.values()].includes(refresh.member) && !isStarted(refresh))
      .map(({ member, to }) => `nothing tells that ${member} was started in ${to} when the plan has it`);
  });
}

/** Who is said never to wait does not. */
function waitsOf({ daemon, members }: Plan, trace: Trace): string[] {
  if (daemon.capabilities.waits) return [];
  const waiting = members.filter((member) => eventsOf(trace, member).some(({ event }) => event === 'parked'));
  return waiting.map(
    (member) => `${member} is told to have waited, and the plan says that members of ${daemon.name} never do`,
  );
}

function versionsOf(plan: Plan, trace: Trace): string[] {
  const strange = plan.members.flatMap((member) =>
    incarnationsOf(plan, trace, member).flatMap(({ started: { version } }) => {
      const planned = plan.versions[version.name];
      if (planned === undefined) return [`${member} ran ${version.name}, and the plan has no such version`];
      return sameVersion(planned, version) ? [] : [`${member} ran another ${version.name} than the plan has`];
    }),
  );
  return [...new Set(strange)];
}
