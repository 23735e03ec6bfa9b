/** A member that shows another certificate from then on: a good one, or one whose time is up. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';
import { lacksTrust } from './truststore.ts';

export const certificateExpires: FaultKind<FaultOf<'certificate-expires'>> = {
  is: 'the certificate of the member has run out, and all who have looked since know it by no other',
  lacks: lacksTrust,
  do: async ({ member }, hands) => {
    await hands.renew(member, 'expired');
    return null;
  },
};

export const certificateRotates: FaultKind<FaultOf<'certificate-rotates'>> = {
  is: 'the member makes itself another certificate, and has all others look; whoever does not learns of it with a heartbeat',
  lacks: lacksTrust,
  do: async ({ member }, hands) => {
    await hands.renew(member, 'good');
    return null;
  },
};
