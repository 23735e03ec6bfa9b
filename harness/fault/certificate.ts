/** A member that shows another certificate from then on: a good one, or one whose time is up. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind, Where } from './kind.ts';
import { lacksTrust } from './truststore.ts';

type CertificateFault = FaultOf<'certificate-expires' | 'certificate-rotates'>;

export function certificateFault(next: 'good' | 'expired', is: string): FaultKind<CertificateFault> {
  return {
    is,
    lacks: (fault, where) => lacksTrust(fault, where) ?? (next === 'expired' ? lacksDatabase(where) : null),
    do: async ({ member }, hands) => {
      await hands.renew(member, next);
      return null;
    },
  };
}

/** A replicated database goes through the same door as everything else of peers. */
function lacksDatabase({ daemon }: Where): string | null {
  return daemon.capabilities.leader
    ? 'on dqlite a member whose certificate has run out has no database any more, and nobody opens: use sqlite'
    : null;
}
