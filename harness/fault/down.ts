/** A member that dies and is away for a while. Who is refreshed meanwhile comes back in the new version. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const down: FaultKind<FaultOf<'down'>> = {
  is: 'the member dies and is away; where its turn to be refreshed comes meanwhile, it comes back in the new version',
  lacks: () => null,
  do: async ({ member }, hands) => {
    hands.keepDown(member);
    await hands.kill(member);
    return async () => {
      hands.letUp(member);
      await hands.startAgain(member);
    };
  },
};
