/** A member that shows another certificate from then on: a good one, or one whose time is up. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';
import { lacksTrust } from './truststore.ts';

type CertificateFault = FaultOf<'certificate-expires' | 'certificate-rotates'>;

export function certificateFault(next: 'good' | 'expired', is: string): FaultKind<CertificateFault> {
  return {
    is,
    lacks: lacksTrust,
    do: async ({ member }, hands) => {
      await hands.renew(member, next);
      return null;
    },
  };
}
