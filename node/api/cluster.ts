/** `GET /1.0/cluster`: every member as this one finds it, whether this one is open or waits itself. */
import { Coalesced } from '../coalesced.ts';
import type { ReplicationServer } from '../database/database.ts';
import { type MemberRecord, readMembers } from '../database/members.ts';
import type { PeerClient } from '../peers/client.ts';
import { type ClusterMember, memberState, type Status } from '../status.ts';
import type { Routes } from './routes.ts';
import type { Served } from './served.ts';

/** A peer that does not answer by then counts as unreachable; an answer takes about a millisecond. */
const PROBE_TIMEOUT_MS = 1000;
/** Whoever asks how the cluster fares wants to hear soon that its database is not to be had. */
const DATABASE_PATIENCE_MS = 1000;

export function clusterRoutes(routes: Routes, member: Served): void {
  // Anybody may ask, and it takes all peers: whoever does meanwhile shares the next answer.
  const survey = new Coalesced(async () => {
    const { database } = member;
    const [rows, servers] = await Promise.all([
      database.read(readMembers, DATABASE_PATIENCE_MS),
      database.replication?.servers(DATABASE_PATIENCE_MS) ?? [],
    ]);
    return { members: await Promise.all(rows.map((row) => clusterMember(member, row, rows, servers))) };
  });
  routes.add('GET', '/1.0/cluster', () => survey.run());
}

async function clusterMember(
  self: Served,
  row: MemberRecord,
  rows: readonly MemberRecord[],
  servers: readonly ReplicationServer[],
): Promise<ClusterMember> {
  const status = row.member === self.name ? self.status() : await probe(self.peers, row.address);
  const { internal, external, extensions, heartbeat, address } = row;
  const server = servers.find((candidate) => candidate.address === address);
  return {
    name: row.member,
    address,
    status: memberState(row, rows, status),
    role: server?.role ?? row.role,
    leader: server?.leads ?? false,
    internal,
    external,
    extensions,
    heartbeat,
    reason: status?.waiting?.reason ?? null,
  };
}

async function probe(peers: PeerClient, address: string): Promise<Status | null> {
  const answer = await peers.ask(address, { method: 'GET', path: '/1.0', timeoutMs: PROBE_TIMEOUT_MS });
  return answer.is === 'answered' && answer.status === 200 ? (JSON.parse(answer.body) as Status) : null;
}
