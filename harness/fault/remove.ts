/** A member that is taken out of the cluster by another, and is not asked. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const remove: FaultKind<FaultOf<'remove'>> = {
  is: 'the member is taken out of the cluster for good, alive or dead, refreshed or not',
  lacks: (_fault, { daemon }) =>
    daemon.capabilities.removal === true ? null : `the rig cannot have a member of ${daemon.name} taken out`,
  do: async ({ member, through }, hands) => {
    await hands.takeOut(member, through);
    return null;
  },
};
