/** The checks of the judge, in the order in which a person wants to read them: each looks at one thing and gives its evidence. */
import { openedAsAimed } from './aim.ts';
import { whoeverShouldHasAsked } from './asked.ts';
import { withinBudgets } from './budgets.ts';
import { asPredicted, complete, everyoneOpened, exitsAsExpected, sourcesAgree, stoppedAsTold } from './course.ts';
import type { Check, Evidence } from './evidence.ts';
import { noticesFromMembers } from './notices.ts';
import { patchedOnce } from './patched-once.ts';
import { rowsAreTrue } from './rows.ts';
import { appliedOnce, nobodyOpenedEarly } from './safety.ts';
import { noRecordLost, openMembersServe } from './service.ts';
import { machineAllows } from './told-whole.ts';
import { openedByNotice } from './waking.ts';

export const CHECKS: ReadonlyArray<(evidence: Evidence) => Check> = [
  complete,
  asPredicted,
  sourcesAgree,
  everyoneOpened,
  exitsAsExpected,
  openedByNotice,
  noticesFromMembers,
  machineAllows,
  nobodyOpenedEarly,
  appliedOnce,
  patchedOnce,
  rowsAreTrue,
  whoeverShouldHasAsked,
  noRecordLost,
  openMembersServe,
  stoppedAsTold,
  openedAsAimed,
  withinBudgets,
];
