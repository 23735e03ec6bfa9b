/** A clock that jumps: the timer of a park fires at once. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const timerJumps: FaultKind<FaultOf<'timer-jumps'>> = {
  is: 'the clock jumps ahead, so that the timer of a parked member fires, or, where it is not parked, that of its next park',
  lacks: (_fault, { daemon }) =>
    daemon.capabilities.failpoints ? null : `the clock of ${daemon.name} cannot be reached`,
  do: async ({ member }, hands) => {
    await hands.jumpTimer(member);
    return null;
  },
};
