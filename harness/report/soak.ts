/** What many drawn plans came to, as tables. */
import type { Tally } from '../chaos/tally.ts';
import { plainTable } from './table.ts';

export function soakReport({ totals, faults }: Tally): string {
  const table = plainTable(['fault', 'done', 'plans', 'failed', 'checks that broke']);
  for (const [name, { done, plans, failed, checks }] of [...faults].toSorted(([one], [other]) =>
    one.localeCompare(other),
  )) {
    const broke = [...checks].map(([check, times]) => `${check} ${times}`).join(', ');
    table.push([name, done, plans, failed, broke || '–']);
  }
  const { plans, failed, unknown, faults: done, notices, transactions, written, verified } = totals;
  return [
    table.toString(),
    `${plans} plans: ${failed} failed, ${unknown} of no verdict. ${done} faults done, ${notices} notices that came in, ` +
      `${transactions} transactions of gates, ${written} records written and acknowledged, ${verified} read back and compared.`,
  ].join('\n');
}
