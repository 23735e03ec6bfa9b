/** The member's HTTP server: the public API under `/1.0`, and what peers ask of each other under `/internal`. */
import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import * as net from 'node:net';
import { isIP, type ListenOptions } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { UnavailableError } from '../database/database.ts';
import { TLS } from '../trust/connect.ts';
import type { Trust } from '../trust/trust.ts';
import { clusterRoutes } from './cluster.ts';
import { CONNECTIONS, Connections } from './connections.ts';
import { createControl } from './control.ts';
import { dqliteConnections } from './dqlite-connection.ts';
import type { Guard } from './guard.ts';
import { internalRoutes } from './internal.ts';
import { recordRoutes } from './records.ts';
import { type Guarding, Routes } from './routes.ts';
import type { Served } from './served.ts';
import { statusRoutes } from './status.ts';
import { boundUnanswered } from './unanswered.ts';

/** As of Node 24.19. */
const BoundSocket = net.BoundSocket as typeof net.BoundSocket | undefined;

/** Bodies are a record or a join request; more is a mistake. */
const BODY_LIMIT_BYTES = 1_048_576;

/**
 * What a request may take to come in, its headers first; and a handshake before them. That is more than any peer waits for an
 * answer: to a member that stood still meanwhile all of it has passed, and who dialled is there yet.
 */
const COMING_IN_MS = { handshake: 30_000, headers: 10_000, request: 30_000 };
const MOST_HEADER_BYTES = 8192;
/** Where nobody is asked who they are, all are counted together. */
const MOST_CONNECTIONS = 1024;

/** A client that has vanished without a word is found out by probes of TCP, the first after this time. */
const PROBE_AFTER_MS = 30_000;

const UNAVAILABLE = 503;
const FAILED = 500;

/** A server that does not listen yet. */
export function createServer(member: Served): Server {
  const { guard, trust } = member;
  const routes = noRoutes(guard.require);
  statusRoutes(routes, member);
  clusterRoutes(routes, member);
  recordRoutes(routes, member);
  internalRoutes(routes, member);
  const options = {
    ...{ keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS, noDelay: true, maxHeaderSize: MOST_HEADER_BYTES },
    ...{ headersTimeout: COMING_IN_MS.headers, requestTimeout: COMING_IN_MS.request },
    connectionsCheckingInterval: COMING_IN_MS.headers / 2,
  };
  const answer = boundUnanswered(routes.answer, guard);
  const server = trust === null ? createHttpServer(options, answer) : secureServer(trust, guard, options, answer);
  // A peer keeps its connection for the notice that it may have to send; see the client of peers.
  server.keepAliveTimeout = 0;
  if (trust === null) {
    server.maxConnections = MOST_CONNECTIONS;
    server.on('drop', () => void guard.refuse(null, 'too-many', CONNECTIONS));
  }
  dqliteConnections(server, member);
  return server;
}

/** One that shows what all of the cluster share, and asks whoever comes for a certificate: what that is worth is for each route. */
function secureServer(trust: Trust, guard: Guard, options: ServerOptions, answer: RequestListener): TlsServer {
  const shown = (): SecureContextOptions => ({ ...TLS, cert: trust.shown.certificate, key: trust.shown.key });
  const asking = { requestCert: true, rejectUnauthorized: false, handshakeTimeout: COMING_IN_MS.handshake };
  const server = createTlsServer({ ...options, ...asking, ...shown() }, answer);
  const connections = new Connections(server, guard);
  BOUNDED.set(server, connections);
  trust.onChange((change) => {
    if (change === 'cluster') server.setSecureContext(shown());
    // Whoever has asked for the change is answered first.
    else if (change === 'trusted') setImmediate(() => connections.sweep());
  });
  return server;
}

/** Of each server that speaks TLS: what is not through with its handshake is nothing to the server, and would keep it open. */
const BOUNDED = new WeakMap<Server, Connections>();

/** The server of the member's control socket, which does not listen yet. */
export function createControlServer(member: Served): Server {
  return createControl(noRoutes(), member);
}

function noRoutes(guard?: Guarding): Routes {
  return new Routes(BODY_LIMIT_BYTES, (error) => (error instanceof UnavailableError ? UNAVAILABLE : FAILED), guard);
}

/** Resolves when it listens, and rejects where it cannot. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(placeOf(host, port), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** An address is bound as it is, where Node can: to listen at a name is to look it up, which takes several milliseconds of a start. */
function placeOf(host: string, port: number): ListenOptions {
  return isIP(host) === 0 || BoundSocket === undefined ? { host, port } : { handle: new BoundSocket({ host, port }) };
}

/** Resolves when nobody is connected any more. A server that does not listen is closed already. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    BOUNDED.get(server)?.close();
  });
}
