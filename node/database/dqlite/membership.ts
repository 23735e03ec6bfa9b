/** Who is in the Raft cluster, and in which role: settling in as a newcomer, and finding somebody to hand over to. */
import { PassingError, type Place } from '../database.ts';
import type { Connection } from './connection.ts';
import { type Reach, ROLES, type ServerInfo, serversOf } from './leader.ts';

/**
 * Become a server of the cluster, with the role that the member was admitted with. Raft changes one thing at a time, so
 * that of several newcomers one is let in and the others are told to try again.
 * @param leader a connection to the leader
 * @throws PassingError where it is to be tried again
 */
export async function settleIn(leader: Connection, { id, role }: Place, address: string): Promise<void> {
  const own = (await serversOf(leader)).find((server) => server.id === id);
  try {
    if (own === undefined) await leader.add(id, address);
    const number = ROLES.indexOf(role as (typeof ROLES)[number]);
    if (own?.role !== role) await leader.assign(id, BigInt(number));
  } catch (error) {
    throw new PassingError(`cannot join the database's cluster yet: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A voter that follows us, and that leadership can be handed to at once; null where there is none. One that has just been
 * started may not have heard of us yet, and would have to catch up first.
 */
export async function successor(leader: Connection, reach: Reach, own: string): Promise<ServerInfo | null> {
  const voters = (await serversOf(leader)).filter((server) => server.role === 'voter' && server.address !== own);
  const asked = await Promise.allSettled(
    voters.map((voter) => reach.ask(voter.address, (connection) => connection.leader())),
  );
  const isFollower = (end: (typeof asked)[number]): boolean => end.status === 'fulfilled' && end.value?.address === own;
  return voters[asked.findIndex(isFollower)] ?? null;
}
