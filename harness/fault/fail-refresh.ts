/** A refresh that fails: what was installed exits at once. */
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const failRefresh: FaultKind<FaultOf<'fail-refresh'>> = {
  is: 'the new build of the member exits at once, so often as is said, and the refresh is tried again; or for good',
  lacks: (_fault, { daemon: { capabilities, name } }) =>
    capabilities.failpoints ? null : `the rig knows of no build of ${name} that exits at once`,
  do: async ({ member, times }, hands) => {
    hands.failNextRefresh(member, times);
    return null;
  },
};
