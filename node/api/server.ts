/** The member's HTTP server: the public API under `/1.0`, and what peers ask of each other under `/internal`. */
import Fastify, { type FastifyInstance } from 'fastify';
import { UnavailableError } from '../database/database.ts';

import { clusterRoutes } from './cluster.ts';
import { dqliteConnections } from './dqlite-connection.ts';
import { failpointRoutes } from './failpoints.ts';
import { internalRoutes } from './internal.ts';
import { recordRoutes } from './records.ts';
import type { Served } from './served.ts';
import { statusRoutes } from './status.ts';

/** Bodies are a record or a join request; more is a mistake. */
const BODY_LIMIT_BYTES = 1_048_576;

/** A client that has vanished without a word is found out by probes of TCP, the first after this time. */
const PROBE_AFTER_MS = 30_000;

const UNAVAILABLE = 503;

export function createServer(member: Served): FastifyInstance {
  const server = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    http: { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  // A peer keeps its connection for the notice that it may have to send; see the client of peers. Fastify takes no 0.
  server.server.keepAliveTimeout = 0;
  server.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    return reply.code(error instanceof UnavailableError ? UNAVAILABLE : statusCode).send({ error: message });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `no ${request.method} ${request.url} here` }),
  );
  statusRoutes(server, member);
  clusterRoutes(server, member);
  recordRoutes(server, member);
  internalRoutes(server, member);
  dqliteConnections(server.server, member);
  if (member.failpoints.areArmed) failpointRoutes(server, member);
  return server;
}

/** No route has a schema; naming the compilers keeps Fastify from loading its own, a fifth of the time to start. */
function noSchemas(): never {
  throw new Error('a route with a schema needs a schema compiler: name one in createServer');
}
