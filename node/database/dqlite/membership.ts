/** Who is in the Raft cluster, and in which role: settling in as a newcomer, and finding somebody to hand over to. */
import { DatabaseError, PassingError, type Place } from '../database.ts';
import type { Connection } from './connection.ts';
import { type Reach, ROLES, type ServerInfo, serversOf } from './leader.ts';

/** What Raft says, by the words of libdqlite 1.11: it has no code of its own for any of these. */
const NOT_REACHED = 'no connection to remote server available';
const TAKEN: ReadonlyArray<readonly [words: string, what: string, todo: string]> = [
  ['server ID already in use', 'number', 'start it with an empty state folder and let it join under another name'],
  ['server address already in use', 'address', 'give it another --listen, or take the other server out of the cluster'],
];

/**
 * Become a server of the cluster, with the role that the member was admitted with. Raft changes one thing at a time, so
 * that of several newcomers one is let in and the others are told to try again.
 * @param leader a connection to the leader
 * @throws PassingError where it is to be tried again; DatabaseError saying what to do where that would not help
 */
export async function settleIn(leader: Connection, { id, role }: Place, address: string): Promise<void> {
  const ownOf = async () => (await serversOf(leader)).find((server) => server.id === id);
  const own = await ownOf();
  try {
    if (own === undefined) await leader.add(id, address);
    const number = ROLES.indexOf(role as (typeof ROLES)[number]);
    if (own?.role !== role) await leader.assign(id, BigInt(number));
  } catch (error) {
    if (error instanceof PassingError) throw whyNot(error, id, address);
    // An earlier try of ours whose answer was lost may have been carried out meanwhile; then the next one finds it so.
    const now = await ownOf();
    const isOurs = now?.address === address && now.role !== own?.role;
    throw isOurs ? new PassingError('this member’s place has just changed') : whyNot(error as Error, id, address);
  }
}

function whyNot(error: Error, id: number, address: string): Error {
  const { message } = error;
  if (error instanceof PassingError) {
    return new PassingError(`waits to be let into the database’s cluster: ${message}`, { cause: error });
  }
  if (message.includes(NOT_REACHED)) {
    const words = `waits for the leader of the database’s cluster to reach this member at ${address}: ${message}`;
    return new PassingError(words, { cause: error });
  }
  const [, what, todo] = TAKEN.find(([words]) => message.includes(words)) ?? [];
  const because =
    what === undefined
      ? `${message}: see what the leader logs, then start this member again`
      : `another server of it has this member’s ${what} (${what === 'number' ? id : address}): ${todo}`;
  return new DatabaseError(`the database’s cluster does not let this member in: ${because}`, { cause: error });
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
