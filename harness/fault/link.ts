/** Faults of a link: what is done to each of the flows of bytes that it names. */
import type { Flow, Links } from '../link/links.ts';
import type { LinkFault } from '../plan/fault.ts';
import type { FaultKind, Undo } from './kind.ts';

export function linkFault(is: string): FaultKind<LinkFault> {
  return {
    is,
    lacks: (_fault, { runtime }) => runtime.lacks('links'),
    do: async (fault, { site }) => {
      if (site.links === null) throw new Error(`${fault.is}: nothing is in the way of any link`);
      const undos: Undo[] = [];
      for (const flow of flowsOf(fault)) undos.push(await spoil(site.links, flow, fault));
      return async () => {
        for (const undo of undos) await undo();
      };
    },
  };
}

function spoil(links: Links, flow: Flow, fault: LinkFault): Promise<Undo> {
  switch (fault.is) {
    case 'cut-link':
      return links.cut(flow);
    case 'hold-link':
      return links.shape(flow, { isHeld: true });
    case 'delay-link':
      return links.shape(flow, { delayMs: fault.byMs });
    case 'slow-link':
      return links.shape(flow, { bytesPerSecond: fault.bytesPerSecond });
  }
}

/** One for each way, and each who may have dialled. */
function flowsOf({ from, to, dialledBy, direction }: LinkFault): Flow[] {
  const ways =
    direction === 'both'
      ? [
          { from, to },
          { from: to, to: from },
        ]
      : [{ from, to }];
  const diallers = dialledBy === null ? [from, to] : [dialledBy];
  return ways.flatMap((way) => diallers.map((dialler) => ({ ...way, dialledBy: dialler })));
}
