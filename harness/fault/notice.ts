/** Faults of a notice: our own daemon has them happen where it sends. Of any other, a link can hold what it is sent over. */
import type { NoticeFate } from '../../node/tampering.ts';
import { lasts, type NoticeFault, needsLinks } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

const FATES: Readonly<Record<NoticeFault['is'], NoticeFate>> = {
  'lose-notice': 'lose',
  'delay-notice': 'delay',
  'duplicate-notice': 'duplicate',
};

export function noticeFault(is: string): FaultKind<NoticeFault> {
  return {
    is,
    lacks: (fault, { daemon, runtime }) => {
      if (daemon.capabilities.failpoints) return null;
      const { is: name, notice, nth } = fault;
      if (name !== 'delay-notice')
        return `a notice of ${daemon.name} cannot be told apart from others on its way: use a fault of the link`;
      if (notice !== 'any' || nth !== 1)
        return `notices of ${daemon.name} cannot be told apart, so that all that one member asks another are delayed: drop nth and notice`;
      return runtime.lacks('links');
    },
    do: async (fault, hands, id) => {
      const { links } = hands.site;
      // Where nothing inside the member can be told to, what it asks is held on its way, whatever that is.
      if (needsLinks(fault, hands.daemon))
        return links!.shape({ from: fault.from, to: fault.to, dialledBy: fault.from }, { isHeld: true });
      const { from, to, notice: kind, nth } = fault;
      await hands.keepRule(from, { id, fate: FATES[fault.is], to, kind, nth });
      // What is to be lost or doubled lies in wait until it has happened.
      return lasts(fault) ? () => hands.dropRule(from, id) : null;
    },
  };
}
