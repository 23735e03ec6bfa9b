/** Checks of safety: nobody opens early, and no update is applied twice. */
import { sameVersion } from '../../node/upgrade/version.ts';
import type { Plan } from '../plan/plan.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';
import type { Check, Evidence } from './evidence.ts';
import { type History, viewAt } from './history.ts';
import { type Incarnation, incarnationsOf, refreshedIncarnations } from './incarnations.ts';

/**
 * When a member decides to open, every row and the schema are at its version, and every member really runs it. A row can
 * lie: a member that was turned away under `ahead: exit` leaves the version behind that it recorded before.
 */
export function nobodyOpenedEarly({ plan, trace, history }: Evidence): Check {
  const incarnations = plan.members
    .flatMap((member) => refreshedIncarnations(trace, member))
    .filter((incarnation) => incarnation.open !== null);
  const faults = incarnations.flatMap((incarnation) => {
    const decidedNs = lastPass(incarnation);
    const missing =
      decidedNs === null ? ['it had passed no gate'] : missingAt(plan, trace, history, incarnation, decidedNs);
    return missing.length === 0 ? [] : [`${incarnation.member} opened early: ${missing.join(', ')}`];
  });
  const fine = `each of ${incarnations.length} openings came after all members had recorded its version, ran it, and the schema was applied`;
  const name = 'nobody-early';
  if (plan.expect.safe) return { name, holds: faults.length === 0, because: faults.join('; ') || fine };
  const because =
    faults.length > 0 ? `as expected: ${faults.join('; ')}` : 'nobody opened early, and somebody was expected to';
  return { name, holds: faults.length > 0, because };
}

function lastPass(incarnation: Incarnation): number | null {
  const passes = incarnation.checks.filter(
    (check) => check.outcome.is === 'pass' && check.decidedNs <= incarnation.open!.atNs,
  );
  return passes.at(-1)?.decidedNs ?? null;
}

/** What was not at the member's version at an instant. */
function missingAt(plan: Plan, trace: Trace, history: History, incarnation: Incarnation, atNs: number): string[] {
  const { version } = incarnation.started;
  const view = viewAt(history, atNs);
  const faults = plan.members.flatMap((member) => {
    const row = view.rows.find((candidate) => candidate.member === member);
    if (row === undefined) return [`${member} had no row`];
    if (!sameVersion(row, version)) return [`${member} had not recorded it`];
    const running = incarnationsOf(trace, member).findLast((other) => other.started.atNs <= atNs)?.started.version;
    return running === undefined || sameVersion(running, version)
      ? []
      : [`the row of ${member} was a lie, it ran ${running.name}`];
  });
  const schemaIsOff = view.applied.internal !== version.internal || view.applied.external !== version.external;
  return [...faults, ...(schemaIsOff ? ['the schema was not applied'] : [])];
}

export function appliedOnce({ plan, trace }: Evidence): Check {
  const by = new Map<string, string[]>();
  for (const { member, update } of plan.members.flatMap((name) => appliedBy(trace, name))) {
    by.set(update, [...(by.get(update) ?? []), member]);
  }
  const twice = [...by].filter(([, members]) => members.length > 1);
  const faults = twice.map(
    ([update, members]) => `schema update ${update} was applied ${members.length} times, by ${members.join(' and ')}`,
  );
  const fine = `each of ${by.size} schema updates was applied once`;
  return { name: 'applied-once', holds: faults.length === 0, because: faults.join('; ') || fine };
}

function appliedBy(trace: Trace, member: string): Array<{ member: string; update: string }> {
  return eventsOf(trace, member).flatMap((event) => {
    if (event.event !== 'applied') return [];
    return (['internal', 'external'] as const).flatMap((kind) => {
      const count = Math.max(0, event.to[kind] - event.from[kind]);
      return Array.from({ length: count }, (_, index) => ({
        member,
        update: `${kind} ${event.from[kind] + index + 1}`,
      }));
    });
  });
}
