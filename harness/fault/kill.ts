/** A member that dies: at once, or at a point of its upgrade. */

import type { FaultOf } from '../plan/fault.ts';
import { lackForCrash } from '../plan/refusals.ts';
import type { FaultKind } from './kind.ts';

export const kill: FaultKind<FaultOf<'kill'>> = {
  is: 'the member is killed, at once or where it comes to a failpoint, and started again or left down',
  lacks: ({ at, leading }, { daemon }) => (at === null ? null : lackForCrash(daemon, leading)),
  do: async (fault, hands) => {
    const { member, at, again } = fault;
    if (at !== null) {
      hands.killNextLife(fault);
      return null;
    }
    await hands.kill(member);
    if (again) await hands.startAgain(member);
    return null;
  },
};
