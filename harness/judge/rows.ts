/** The check of what a roll leaves in the rows once everybody has gone back to where it began. */
import { axesOf } from '../../node/upgrade/gate.ts';
import { count, type Row, type Version } from '../../node/upgrade/version.ts';
import { AXIS_WORDS } from '../../node/words.ts';
import { rulesOf } from '../plan/daemon.ts';
import { type Plan, refreshesOf, versionOf } from '../plan/plan.ts';
import { type Check, cannotTell, type Evidence, eachOf, judged, notApplicable } from './evidence.ts';
import { reckonsGates } from './rows-read.ts';

/**
 * Each row says what its member runs. A row that says more than that, left behind by one that was turned away, goes on turning
 * others away, or lets them count on what is not so.
 */
export function rowsAreTrue({ plan, trace, history }: Evidence): Check {
  const name = 'rows-true';
  const back = membersBack(plan);
  if (back.length === 0) return notApplicable(name, 'the plan does not take everybody back to where it began');
  if (!reckonsGates(plan, trace)) return cannotTell(name, 'nothing tells what members have recorded');
  const { rows } = history.viewOf(history.moments.length - 1);
  const version = versionOf(plan, plan.from);
  const axes = axesOf(rulesOf(plan.daemon.model!).strategy);
  const faults = rows.flatMap((row) => {
    const wrong = axes.filter((axis) => count(row, axis) !== count(version, axis));
    return wrong.length === 0 ? [] : [`the row of ${row.member} says ${wordsOf(row, wrong, version)}`];
  });
  return judged(name, faults, `${eachOf(rows.length, 'row')} says ${version.name}, which its member runs`);
}

function wordsOf(row: Row, axes: ReturnType<typeof axesOf>, version: Version): string {
  const parts = axes.map((axis) => `${AXIS_WORDS[axis]} ${count(row, axis)}, and it runs ${count(version, axis)}`);
  return parts.join('; ');
}

/** The members that were refreshed, where all of them were brought back in the end. */
function membersBack(plan: Plan): string[] {
  const last = new Map(refreshesOf(plan).map(({ member, to }) => [member, to]));
  const isBack = [...last.values()].every((to) => to === plan.from);
  return isBack ? [...last.keys()] : [];
}
