/** A member that is held at a point of its upgrade, and answers all the while: what comes meanwhile finds it there. */

import type { FaultOf } from '../plan/fault.ts';
import { lackForCrash } from '../plan/refusals.ts';
import type { FaultKind } from './kind.ts';

export const hold: FaultKind<FaultOf<'hold'>> = {
  is: 'from its next start on, the member is held where it comes to a failpoint, and goes on when the fault is undone',
  lacks: (_fault, { daemon }) => lackForCrash(daemon, false),
  do: async ({ member, at }, hands) => {
    hands.holdAt(member, at);
    return () => hands.letGo(member);
  },
};
