/** A member whose truststore does not converge: it goes on trusting whom it did. */
import type { Fault, FaultOf } from '../plan/fault.ts';
import type { FaultKind, Where } from './kind.ts';

export const holdTruststore: FaultKind<FaultOf<'hold-truststore'>> = {
  is: 'the member trusts nobody anew, and whoever has been taken out still, in this life and the next ones',
  lacks: lacksTrust,
  do: async ({ member }, hands) => {
    await hands.holdTruststore(member);
    return () => hands.letTruststore(member);
  },
};

/** Why nothing can be done to trust; null where it can. */
export function lacksTrust(_fault: Fault, { daemon }: Where): string | null {
  return daemon.capabilities.trust === true
    ? null
    : `the rig can do nothing to whom members of ${daemon.name} trust (of its own daemon, with --insecure, nobody is asked)`;
}
