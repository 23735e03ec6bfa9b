/**
 * Requests to members, over connections that are kept: a rig that asks fifty members all the time must not be what keeps
 * the machine busy.
 */
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import { lackOf } from './lack.ts';
import { once } from './once.ts';

export interface Asking {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** HOST:PORT, or the path of a unix socket. */
  readonly authority: string | { readonly socket: string };
  /** Path and query. */
  readonly path: string;
  /** Sent as JSON; undefined where there is no body. */
  readonly json?: unknown;
  /** Sent as it is, where nothing is sent as JSON. */
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  /** Whom the rig shows that it is, over TLS, and whether the other side must show what the context trusts; plain without. */
  readonly secure?: { readonly context: SecureContext; readonly isPinned: boolean } | undefined;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** No answer has come within the limit. */
export class LateError extends Error {
  override name = 'LateError';
}

/** A member says itself how long it keeps a connection, and none is used again that it may be about to close. */
const connections = new Agent({ keepAlive: true });
/** It is its certificate that tells who somebody is, and not its address. */
const ANYWHERE = { checkServerIdentity: () => undefined };
/** Those of each identity, of which no other may use any. */
const secureConnections = new WeakMap<SecureContext, Agent>();

function connectionsOf({ secure }: Asking): Agent {
  if (secure === undefined) return connections;
  // Said to the agent: of a request that says so itself, Node keeps no connection.
  const made = (): Agent => new TlsAgent({ keepAlive: true, maxCachedSessions: 0, ...ANYWHERE });
  return once(secureConnections, secure.context, made);
}

/** @throws LateError; EnvironmentError where the rig lacks what it needs to ask anybody; Error where nobody is there */
export async function ask(asking: Asking): Promise<Answered> {
  try {
    return await askTwice(asking);
  } catch (error) {
    throw lackOf(error) ?? error;
  }
}

async function askTwice(asking: Asking): Promise<Answered> {
  try {
    return await send(asking, connectionsOf(asking));
  } catch (error) {
    if (!(error instanceof StaleError)) throw error;
    return send(asking, false);
  }
}

/** A connection was kept longer than its member lived: nobody has seen the request, and it says nothing of who lives now. */
class StaleError extends Error {
  override name = 'StaleError';
}

function send(asking: Asking, agent: Agent | false): Promise<Answered> {
  const { method, authority, path, json, timeoutMs, signal } = asking;
  const body = json === undefined ? (asking.body ?? null) : JSON.stringify(json);
  const headers = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const options = { agent, ...placeOf(authority), method, path, headers, signal };
  const sent =
    asking.secure === undefined
      ? request(options)
      : tlsRequest({ ...options, ...identityOf(asking.secure), ...(agent === false ? ANYWHERE : {}) });
  const limit = setTimeout(() => sent.destroy(new LateError(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  sent.once('response', (response) => {
    textOf(response).then((text) => resolve({ status: response.statusCode!, text }), reject);
  });
  sent.once('error', (error: NodeJS.ErrnoException) => {
    const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    reject(isStale ? new StaleError(error.message) : error);
  });
  sent.end(body);
  return promise.finally(() => clearTimeout(limit));
}

function placeOf(authority: Asking['authority']): RequestOptions {
  if (typeof authority !== 'string') return { socketPath: authority.socket };
  const { hostname, port } = new URL(`http://${authority}`);
  return { host: hostname, port };
}

function identityOf({ context, isPinned }: NonNullable<Asking['secure']>) {
  return { secureContext: context, rejectUnauthorized: isPinned };
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const part of response) text += part as string;
  return text;
}
