/**
 * Whether the steps of a plan can follow one another: somebody may have edited it. The conductor takes them as they come, and
 * counts on what is said here.
 */
import { canAim } from './daemon.ts';
import { contradictionIn } from './fault-sequence.ts';
import type { Plan, Refresh, Step } from './plan.ts';

/** What is wrong, and where: the number of the step, or null where it is of the whole. */
export interface SequenceFault {
  readonly step: number | null;
  readonly message: string;
}

/** The first step that cannot be carried out; null where all can. */
export function faultOfSequence(plan: Plan): SequenceFault | null {
  const running = new Map<string, string>();
  for (const [step, one] of plan.steps.entries()) {
    const message = faultOfStep(plan, one, running);
    if (message !== null) return { step, message };
  }
  const contradiction = contradictionIn(plan);
  if (contradiction !== null) return contradiction;
  const entering = new Set(plan.steps.flatMap(entrantsOf));
  const missing = plan.members.find((member) => !entering.has(member));
  if (missing !== undefined) return { step: null, message: `${missing} never enters the cluster` };
  const order = plan.steps.flatMap((step) => ('refreshes' in step ? step.refreshes.map(({ member }) => member) : []));
  if (order.join() === plan.order.join()) return null;
  return { step: null, message: `order: the steps refresh ${order.join(', ') || 'nobody'}` };
}

/** Who enters the cluster by a step. */
export function entrantsOf(step: Step): readonly string[] {
  if (step.do === 'bootstrap') return [step.member];
  return step.do === 'join' || step.do === 'form' ? step.members : [];
}

/** @param running the version of every member that has entered the cluster; brought up to date here */
function faultOfStep(plan: Plan, step: Step, running: Map<string, string>): string | null {
  switch (step.do) {
    case 'bootstrap':
      return enter(plan, [step.member], step.version, running, running.size === 0);
    case 'form':
      return enter(plan, step.members, step.version, running, running.size === 0);
    case 'join':
      if (!running.has(step.through)) return `${step.through} is not in the cluster yet`;
      return enter(plan, step.members, step.version, running, true, running.get(step.through)!);
    default:
      return running.size === 0 ? 'nobody has entered the cluster before it' : faultOfLaterStep(plan, step, running);
  }
}

function enter(
  { from }: Plan,
  members: readonly string[],
  version: string,
  running: Map<string, string>,
  isInTime: boolean,
  expected = from,
): string | null {
  if (!isInTime) return 'the cluster is there already';
  if (version !== expected) return `whoever enters starts with ${expected} there, and not with ${version}`;
  if (members.length === 0) return 'it names no member';
  for (const member of members) {
    if (running.has(member)) return `${member} is in the cluster already`;
    running.set(member, version);
  }
  return null;
}

function faultOfLaterStep({ daemon, holds, records }: Plan, step: Step, running: Map<string, string>): string | null {
  switch (step.do) {
    case 'load':
      if (!daemon.capabilities.records) return `the rig cannot write records with ${daemon.name}`;
      return step.records === records.length ? null : `the plan has ${records.length} records`;
    case 'refresh': {
      if (step.pace === 'held' && !holds) return 'this plan holds no member';
      const names = step.refreshes.map(({ member }) => member);
      if (new Set(names).size < names.length) return 'a member is refreshed twice at once';
      return step.refreshes.map((refresh) => faultOfRefresh(refresh, daemon, running)).find(Boolean) ?? null;
    }
    case 'stop':
      return running.has(step.member) ? null : `${step.member} is not in the cluster by then`;
    case 'leave':
      return faultOfLeaving(step, daemon, running);
    case 'update':
      if (daemon.capabilities.asks !== true) return `a member of ${daemon.name} does not ask to be refreshed`;
      return step.refreshes.map((refresh) => faultOfRefresh(refresh, daemon, running)).find(Boolean) ?? null;
    case 'release':
    case 'deliver':
    case 'release-all':
      return holds ? null : 'this plan holds no member';
    default:
      return null;
  }
}

function faultOfLeaving(
  { member, by }: Step & { do: 'leave' },
  { name, capabilities }: Plan['daemon'],
  running: Map<string, string>,
): string | null {
  if (capabilities.removal !== true) return `a member of ${name} cannot be taken out`;
  if (member === by || !running.has(by)) return `${by} cannot take ${member} out`;
  return running.delete(member) ? null : `${member} is not in the cluster by then`;
}

function faultOfRefresh(
  { member, from, to, crash, aim }: Refresh,
  daemon: Plan['daemon'],
  running: Map<string, string>,
): string | null {
  const { name, capabilities } = daemon;
  const now = running.get(member);
  if (aim !== undefined && !canAim(daemon)) return `it is not known when a timer of ${name} is due`;
  if (now !== from) return `${member} runs ${now} by then, and not ${from}`;
  if (crash !== undefined && !capabilities.failpoints) return `a member of ${name} cannot be held where it is to crash`;
  if (crash?.leading === true && !capabilities.leader) return `a member of ${name} cannot be made the leader`;
  running.set(member, to);
  return null;
}
