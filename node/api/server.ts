/** The member's HTTP server: the public API under `/1.0`, and what peers ask of each other under `/internal`. */
import { createServer as createHttpServer, type Server } from 'node:http';
import { UnavailableError } from '../database/database.ts';

import { clusterRoutes } from './cluster.ts';
import { dqliteConnections } from './dqlite-connection.ts';
import { failpointRoutes } from './failpoints.ts';
import { internalRoutes } from './internal.ts';
import { recordRoutes } from './records.ts';
import { Routes } from './routes.ts';
import type { Served } from './served.ts';
import { statusRoutes } from './status.ts';
import { tamperingRoutes } from './tampering.ts';

/** Bodies are a record or a join request; more is a mistake. */
const BODY_LIMIT_BYTES = 1_048_576;

/** A client that has vanished without a word is found out by probes of TCP, the first after this time. */
const PROBE_AFTER_MS = 30_000;

const UNAVAILABLE = 503;
const FAILED = 500;

/** A server that does not listen yet. */
export function createServer(member: Served): Server {
  const routes = new Routes(BODY_LIMIT_BYTES, (error) => (error instanceof UnavailableError ? UNAVAILABLE : FAILED));
  statusRoutes(routes, member);
  clusterRoutes(routes, member);
  recordRoutes(routes, member);
  internalRoutes(routes, member);
  if (member.failpoints.areArmed) failpointRoutes(routes, member);
  if (member.tampering !== null) tamperingRoutes(routes, member.tampering);
  const server = createHttpServer({ keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS }, routes.answer);
  // A peer keeps its connection for the notice that it may have to send; see the client of peers.
  server.keepAliveTimeout = 0;
  dqliteConnections(server, member);
  return server;
}

/** Resolves when it listens, and rejects where it cannot. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Resolves when nobody is connected any more. A server that does not listen is closed already. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
