/**
 * `POST /internal/database` with `Upgrade: dqlite`: from then on the connection is dqlite's own, raw bytes both ways. Peers'
 * nodes and clients come in this way, so that a member has one port, and there is one place to secure.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { UPGRADE_PATH, UPGRADE_PROTOCOL } from '../database/dqlite/relay.ts';
import type { Refusal } from './refusal.ts';
import type { Served } from './served.ts';

export function dqliteConnections(server: Server, member: Served): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // A peer that goes away while it is being answered is its own affair.
    socket.on('error', () => socket.destroy());
    const { replication } = member.database;
    const isForUs =
      request.method === 'POST' && request.url === UPGRADE_PATH && request.headers.upgrade === UPGRADE_PROTOCOL;
    if (!isForUs)
      return refuse(socket, '400 Bad Request', `only POST ${UPGRADE_PATH} is upgraded, to ${UPGRADE_PROTOCOL}`);
    try {
      member.guard.require(request, UPGRADE_PATH);
    } catch (error) {
      const { message, why } = error as Refusal;
      return refuse(socket, '403 Forbidden', message, why);
    }
    if (replication === null) return refuse(socket, '409 Conflict', `${member.name} does not run dqlite`);
    if (head.length > 0) socket.unshift(head);
    try {
      replication.accept(socket);
    } catch (error) {
      // Whatever is wrong with the node is no reason for the whole member to end.
      return refuse(socket, '503 Service Unavailable', (error as Error).message);
    }
    // The node speaks only when it is spoken to, so that this is the first that the peer hears.
    socket.setNoDelay(true);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE_PROTOCOL}\r\n\r\n`);
  });
}

function refuse(socket: Socket, status: string, error: string, why?: string): void {
  const body = JSON.stringify({ error, why });
  // An upgraded socket is nobody's any more: unless it is destroyed it stays, half open, for as long as the member lives.
  socket.write(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}
