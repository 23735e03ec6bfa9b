/** Faults of the disk on which a member has its state folder. */
import type { DiskFault } from '../plan/fault.ts';
import type { DiskState } from '../runtime/runtime.ts';
import type { FaultKind } from './kind.ts';

export function diskFault(state: DiskState, is: string): FaultKind<DiskFault> {
  return {
    is,
    lacks: (_fault, { runtime }) => runtime.lacks('disk'),
    do: async ({ member }, { site, startGone }) => {
      await site.setDisk(member, state);
      return async () => {
        await site.setDisk(member, 'sound');
        // Whoever mends a disk starts what could not run without it.
        await startGone(member);
      };
    },
  };
}
