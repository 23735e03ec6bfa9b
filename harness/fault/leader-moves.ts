/** Another leader of the database, though nobody has failed. */
import { RequestError } from '../daemon/contract.ts';
import type { FaultOf } from '../plan/fault.ts';
import type { FaultKind } from './kind.ts';

export const leaderMoves: FaultKind<FaultOf<'leader-moves'>> = {
  is: 'another member becomes the leader of the database, in the middle of whatever goes on',
  lacks: (_fault, { daemon }) =>
    daemon.capabilities.leader
      ? null
      : `a member of ${daemon.name} cannot be made the leader of its database (of ours, with database: dqlite)`,
  do: async ({ member }, hands) => {
    try {
      await hands.client(member)?.leader?.lead();
    } catch (error) {
      // A member that has just been started, or has no quorum, cannot lead: then the lead stays where it is.
      if (!(error instanceof RequestError)) throw error;
    }
    return null;
  },
};
