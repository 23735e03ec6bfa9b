/** Whether a roll could not be judged because a description says something else than what its members print. */

import { isDescribed } from '../daemon/described/daemon.ts';
import type { DescribedSettings } from '../daemon/described/settings.ts';
import { placeOf } from '../input/yaml.ts';
import { rigEvents } from '../trace/trace.ts';
import type { Rolled } from './roll-plan.ts';

/** One sentence, with the file and the line of the pattern that nothing matched; null where that is not why. */
export function misdescription({ plan, trace, verdict }: Pick<Rolled, 'plan' | 'trace' | 'verdict'>): string | null {
  if (verdict.outcome !== 'unknown' || !isDescribed(plan.daemon)) return null;
  const { description, file = null } = plan.daemon.settings as DescribedSettings;
  const denied = rigEvents(trace, 'contradiction').map(({ member, text }) => `of ${member}, ${text}`);
  const doubted = rigEvents(trace, 'finding').flatMap(({ because, doubt }) => (doubt === null ? [] : [because]));
  const [why] = [...denied, ...doubted];
  const unmatched = rigEvents(trace, 'unmatched').filter(({ tellsOf }) => OF_STANDING.includes(tellsOf));
  const index = description.patterns.findIndex(({ event, match }) =>
    unmatched.some(({ tellsOf, pattern }) => tellsOf === event && pattern === match),
  );
  if (why === undefined || index === -1) return null;
  const { event, match } = description.patterns[index]!;
  return `${placeOf(file, ['patterns', String(index)])}: no line in the whole roll matched the pattern of ${event} (/${match}/), so that it cannot be judged: ${why}`;
}

/** What tells where a member stands. */
const OF_STANDING: readonly string[] = ['parked', 'woken', 'open'];
