/** What a scenario asks for and no roll can do. */
import { cannotTake, STRATEGIES, type StrategyName } from '../../node/upgrade/strategy.ts';
import { COLUMN_SINCE, type Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import type { Scenario } from '../input/scenario.ts';

/** @throws InputError where the strategy cannot take the step that introduces the column */
export function refuseIntroduction(strategy: StrategyName, versions: readonly Version[], from: Version): void {
  for (const to of versions) {
    const why = cannotTake(STRATEGIES[strategy], from, to);
    if (why === null) continue;
    throw new InputError(
      `strategy: ${why}, so it cannot go from ${from.name} to ${to.name}, which introduces it: start from a version with ` +
        `${COLUMN_SINCE} internal schema updates, or choose another strategy`,
    );
  }
}

/** What is said of a leader needs a database that has one. @throws InputError */
export function refuseLeaderless({
  database,
  handover,
  network_latency: latency,
  refreshes,
}: Scenario & { readonly handover: boolean }): void {
  if (database !== 'sqlite') return;
  const wrong = [
    ...(handover ? [] : ['handover']),
    ...(latency === undefined ? [] : ['network_latency']),
    ...(refreshes?.some(({ crash }) => crash?.leading) ? ['refreshes: crash: leading'] : []),
  ];
  if (wrong[0] !== undefined) {
    throw new InputError(`${wrong[0]}: sqlite has no leader: say database dqlite (--database dqlite), or drop it`);
  }
}
