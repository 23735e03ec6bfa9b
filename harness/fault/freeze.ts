/** A member that does not get to run for a while: its process is there, its connections are, and nothing comes of either. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const freeze: FaultKind<FaultOf<'freeze'>> = {
  is: 'the member does not get to run, as on a machine that hangs, and then goes on where it was',
  lacks: (_fault, { runtime }) => runtime.lacks('freeze'),
  do: async ({ member }, hands) => {
    const running = hands.running(member);
    await running?.freeze();
    return async () => running?.thaw();
  },
};
