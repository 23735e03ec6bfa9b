/** Whether figures are within the budgets that the scenario states. Only a roll that has the machine to itself is held to them. */
import { formatDuration } from '../../node/duration.ts';
import type { Budgets } from '../plan/plan.ts';
import { rigEvents } from '../trace/trace.ts';
import { broken, type Check, cannotTell, type Evidence, holds, notApplicable } from './evidence.ts';
import type { MemberFigures } from './figures.ts';

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
      return [{ text, isCertain: leastMs > budgetMs }];
    });
  });
  const words = over.map(({ text }) => text).join('; ');
  if (over.length === 0) return holds(name, `${stated.map(([, word]) => word).join(', ')} within budget`);
  const lags = rigEvents(trace, 'lag');
  if (lags.length > 0) {
    const longestMs = lags.reduce((longest, { forMs }) => Math.max(longest, forMs), 0);
    return cannotTell(name, `${words}; but the rig itself did not get to run for up to ${formatDuration(longestMs)}`);
  }
  return over.some(({ isCertain }) => isCertain) ? broken(name, words) : cannotTell(name, words);
}

function leastOf({ atLeastMs }: MemberFigures, figure: string): number | undefined {
  return (atLeastMs as Partial<Record<string, number>>)[figure];
}
