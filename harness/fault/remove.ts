/** A member that is taken out of the cluster by another, and is not asked. */
import { Finding, RequestError } from '../daemon/contract.ts';
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const remove: FaultKind<FaultOf<'remove'>> = {
  is: 'the member is taken out of the cluster for good, alive or dead, refreshed or not',
  lacks: (_fault, { daemon }) =>
    daemon.capabilities.removal === true ? null : `the rig cannot have a member of ${daemon.name} taken out`,
  do: async ({ member, through }, hands) => {
    const membership = hands.client(through)?.membership ?? null;
    if (membership === null) throw new Finding(through, `${through} was to take ${member} out, and is not there`);
    try {
      await membership.remove(member);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw new Finding(through, `${through} did not take ${member} out of the cluster: ${error.message}`);
    }
    return null;
  },
};
