/** Faults of a link. */
import type { LinkFault } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export function linkFault(is: string): FaultKind<LinkFault> {
  return {
    is,
    lacks: (_fault, { runtime }) => runtime.lacks('links'),
    do: async (fault) => {
      throw new Error(`no link can be shaped here: ${fault.is}`);
    },
  };
}
