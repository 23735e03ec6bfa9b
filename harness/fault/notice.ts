/** Faults of a notice: our own daemon has them happen where it sends. Of any other, a link can hold what it is sent over. */
import type { NoticeFate } from '../../node/tampering.ts';
import { lasts, type NoticeFault } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

const FATES: Readonly<Record<NoticeFault['is'], NoticeFate>> = {
  'lose-notice': 'lose',
  'delay-notice': 'delay',
  'duplicate-notice': 'duplicate',
};

export function noticeFault(is: string): FaultKind<NoticeFault> {
  return {
    is,
    lacks: (_fault, { daemon }) =>
      daemon.capabilities.failpoints
        ? null
        : `a notice of ${daemon.name} cannot be told apart from others on its way: use a fault of the link`,
    do: async (fault, hands, id) => {
      const { from, to, notice: kind, nth } = fault;
      await hands.keepRule(from, { id, fate: FATES[fault.is], to, kind, nth });
      // What is to be lost or doubled lies in wait until it has happened.
      return lasts(fault) ? () => hands.dropRule(from, id) : null;
    },
  };
}
