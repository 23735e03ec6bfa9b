/** Finding the leader: ask the own node, and where it does not know, every other server that it has heard of. */
import { DatabaseError, PassingError, type Role } from '../database.ts';
import { Connection, RESPONSE_TIMEOUT_MS } from './connection.ts';
import { Refused } from './relay.ts';
import type { DqliteServer } from './server.ts';

/** The roles by their numbers in the protocol. */
export const ROLES = ['voter', 'stand-by', 'spare'] as const satisfies readonly Role[];

export interface ServerInfo {
  readonly id: number;
  readonly address: string;
  readonly role: Role;
}

export interface Leader {
  readonly address: string;
  readonly connection: Connection;
}

/** A server that takes longer to answer is as good as gone. */
const PROBE_TIMEOUT_MS = 2000;

export class NoLeader extends PassingError {
  override name = 'NoLeader';
}

/** How to reach servers: the own node in this process, all others through their members' listeners. */
export class Reach {
  readonly #node: DqliteServer;
  readonly #own: string;

  constructor(node: DqliteServer, own: string) {
    this.#node = node;
    this.#own = own;
  }

  /** @throws PassingError where the server cannot be reached */
  async to(address: string, timeoutMs: number): Promise<Connection> {
    return Connection.open(address === this.#own ? this.#node.connect() : await this.#node.dial(address), timeoutMs);
  }

  /** Ask something of a server, on a connection of its own. @throws PassingError */
  async ask<Answer>(address: string, question: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const connection = await this.to(address, PROBE_TIMEOUT_MS);
    try {
      return await question(connection);
    } finally {
      connection.close();
    }
  }

  /**
   * A connection to the leader.
   * @param others addresses to ask beside those that the own node knows
   * @throws NoLeader saying how many voters answer; DatabaseError where they say that this member is none of theirs any more
   */
  async toLeader(others: readonly string[]): Promise<Leader> {
    const leader = await this.#accordingTo(this.#own);
    if (leader !== null) return leader;
    const servers = await this.ask(this.#own, serversOf);
    const addresses = new Set([...servers.map((server) => server.address), ...others]);
    addresses.delete(this.#own);
    const asked = await Promise.allSettled([...addresses].map((address) => this.#accordingTo(address)));
    const [found, ...more] = asked.flatMap((end) =>
      end.status === 'fulfilled' && end.value !== null ? [end.value] : [],
    );
    for (const { connection } of more) connection.close();
    if (found !== undefined) return found;
    const refusals = asked.flatMap((end) =>
      end.status === 'rejected' && end.reason instanceof Refused ? [end.reason] : [],
    );
    if (refusals.some(({ why }) => why === 'removed'))
      throw new DatabaseError('this member has been taken out of its cluster, and has no database any more');
    const answering = [...addresses].filter((_, index) => asked[index]!.status === 'fulfilled');
    const reason = reasonOf(servers, [this.#own, ...answering]);
    throw new NoLeader(refusals.length === 0 ? reason : `${reason}; ${refusals[0]!.message}`);
  }

  /** The leader that a server names. @throws PassingError where that server cannot be asked */
  async #accordingTo(address: string): Promise<Leader | null> {
    const named = await this.ask(address, (connection) => connection.leader());
    return this.#follow(named?.address);
  }

  /** Connect to the server that is said to lead; null where none is, or where it does not think so itself. */
  async #follow(address: string | undefined): Promise<Leader | null> {
    if (address === undefined) return null;
    try {
      const connection = await this.to(address, PROBE_TIMEOUT_MS);
      const leads = await connection.orClose(async () => (await connection.leader())?.address === address);
      if (leads) {
        connection.timeoutMs = RESPONSE_TIMEOUT_MS;
        return { address, connection };
      }
      connection.close();
      return null;
    } catch (error) {
      if (error instanceof PassingError) return null;
      throw error;
    }
  }
}

export async function serversOf(connection: Connection): Promise<ServerInfo[]> {
  const { servers } = await connection.cluster();
  return servers.map(({ id, address, role }) => ({ id: Number(id), address, role: ROLES[Number(role)] ?? 'spare' }));
}

function reasonOf(servers: readonly ServerInfo[], answering: readonly string[]): string {
  const voters = servers.filter((server) => server.role === 'voter');
  if (voters.length === 0) return 'the database has no leader that this member could find';
  const needed = Math.floor(voters.length / 2) + 1;
  const there = voters.filter((server) => answering.includes(server.address)).length;
  return there < needed
    ? `the database has lost its quorum: ${there} of ${voters.length} voters answer, and ${needed} are needed`
    : `the database has no leader: ${there} of ${voters.length} voters answer and are electing one`;
}
