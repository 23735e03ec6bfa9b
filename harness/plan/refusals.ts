/** What a scenario asks for and no roll can do. */
import { cannotTake, type Strategy } from '../../node/upgrade/strategy.ts';
import { COLUMN_SINCE, type Version } from '../../node/upgrade/version.ts';
import { InputError } from '../input/errors.ts';
import type { PlannedDaemon } from './daemon.ts';
import type { Refresh } from './plan.ts';

/** @throws InputError where the strategy cannot take the step that introduces the column */
export function refuseIntroduction(strategy: Strategy, versions: readonly Version[], from: Version): void {
  for (const to of versions) {
    const why = cannotTake(strategy, from, to);
    if (why === null) continue;
    throw new InputError(
      `strategy: ${why}, so it cannot go from ${from.name} to ${to.name}, which introduces it: start from a version with ` +
        `${COLUMN_SINCE} internal schema updates, or choose another strategy`,
    );
  }
}

/** Why a member of this daemon cannot be killed at a point of its upgrade; null where it can. */
export function lackForCrash({ name, capabilities }: PlannedDaemon, leading: boolean): string | null {
  if (!capabilities.failpoints)
    return `${name} cannot be held at a point of its upgrade, so it cannot be killed there: drop it`;
  return leading && !capabilities.leader
    ? 'leading: sqlite has no leader: say database dqlite (--database dqlite), or drop it'
    : null;
}

/** Why these refreshes cannot be carried out with this daemon; null where they can. */
export function refusedRefresh(daemon: PlannedDaemon, refreshes: readonly Refresh[]): string | null {
  const crash = refreshes.find((refresh) => refresh.crash !== undefined)?.crash;
  if (crash === undefined) return null;
  const lack = lackForCrash(daemon, crash.leading);
  return lack === null ? null : `refreshes: crash: ${lack}`;
}
