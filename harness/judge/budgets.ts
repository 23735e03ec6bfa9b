/** Whether figures are within the budgets that the scenario states. Only a roll that has the machine to itself is held to them. */
import { formatDuration } from '../../node/duration.ts';
import type { Budgets } from '../plan/plan.ts';
import { eventsOf, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';
import { broken, type Check, cannotTell, type Evidence, holds, listed, notApplicable } from './evidence.ts';
import type { MemberFigures } from './figures.ts';
import { lagsWithin, lagWords } from './lag.ts';

const BUDGETED: ReadonlyArray<readonly [keyof Budgets & keyof MemberFigures, string]> = [
  ['timeToOpenMs', 'time-to-open'],
  ['unblockLatencyMs', 'unblock latency'],
  ['stallMs', 'stall'],
  ['downtimeMs', 'downtime'],
];

export function withinBudgets({ plan, trace, figures }: Evidence): Check {
  const name = 'budgets';
  const stated = BUDGETED.filter(([figure]) => plan.expect.budgets[figure] !== undefined);
  if (stated.length === 0) return notApplicable(name, 'the plan states no budget');
  if (rigEvents(trace, 'began')[0]?.alone === false)
    return notApplicable(name, 'not judged: other rolls had a share of the machine');
  const over = stated.flatMap(([figure, word]) => {
    const budgetMs = plan.expect.budgets[figure]!;
    return figures.flatMap((member) => {
      const mostMs = member[figure] ?? 0;
      if (mostMs <= budgetMs) return [];
      const leastMs = leastOf(member, figure) ?? mostMs;
      const range =
        leastMs < mostMs ? `between ${formatDuration(leastMs)} and ${formatDuration(mostMs)}` : formatDuration(mostMs);
      const text = `${member.name}: ${word} ${range} over a budget of ${formatDuration(budgetMs)}`;
      const lag = lagWords(lagsDuring(trace, member.name));
      return [{ text: lag === '' ? text : `${text}, but ${lag}`, isCertain: leastMs > budgetMs && lag === '' }];
    });
  });
  if (over.length === 0) return holds(name, `${stated.map(([, word]) => word).join(', ')} within budget`);
  const certain = over.filter(({ isCertain }) => isCertain);
  const words = listed((certain.length > 0 ? certain : over).map(({ text }) => text));
  return certain.length > 0 ? broken(name, words) : cannotTell(name, words);
}

/** Those that have a part in the time from a member's first refresh to its last opening, which all its figures are of. */
function lagsDuring(trace: Trace, member: string): ReturnType<typeof lagsWithin> {
  const fromNs = rigEventsOf(trace, 'stopping', member)[0]?.atNs ?? Number.NEGATIVE_INFINITY;
  const open = eventsOf(trace, member).findLast((event) => event.event === 'open');
  return lagsWithin(trace, fromNs, open?.atNs ?? Number.POSITIVE_INFINITY);
}

function leastOf({ atLeastMs }: MemberFigures, figure: string): number | undefined {
  return (atLeastMs as Partial<Record<string, number>>)[figure];
}
