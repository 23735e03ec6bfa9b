/**
 * dqlite's traffic through the members' own listeners: `POST /internal/database` with `Upgrade: dqlite`, then raw bytes
 * both ways. So a member has one port, and there is one place to secure.
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Address, parseAddress } from '../../address.ts';
import { PassingError } from '../database.ts';

export const UPGRADE_PROTOCOL = 'dqlite';
export const UPGRADE_PATH = '/internal/database';

/** A peer that is there answers in a millisecond. */
const DIAL_TIMEOUT_MS = 2000;

/** No refusal has more to say, or takes longer to say it. */
const LONGEST_REFUSAL = { bytes: 4096, ms: 200 };

/** A member does not let this one through. */
export class Refused extends PassingError {
  override name = 'Refused';
  /** In a word, such as `removed`; null where it does not say. */
  readonly why: string | null;

  constructor(message: string, why: string | null) {
    super(message);
    this.why = why;
  }
}

/** Opens a connection to a member's listener, ready to be written to; null for a plain one. */
export type Connect = ((to: Address, givenUp: AbortSignal) => Promise<Socket>) | null;

/**
 * Reach the dqlite node of a member through its listener.
 * @param address HOST:PORT
 * @returns the connection, from whose first byte on the other side is the node
 * @throws PassingError; Refused where the member answers, and does not let this one through
 */
export async function dial(address: string, connect: Connect = null): Promise<Duplex> {
  const where = parseAddress(address);
  if (where === null) throw new PassingError(`${address} is not HOST:PORT`);
  const connection = await connect?.(where, AbortSignal.timeout(DIAL_TIMEOUT_MS)).catch((error: Error) => {
    throw new PassingError(`cannot reach ${address}: ${error.message}`);
  });
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...where,
      path: UPGRADE_PATH,
      method: 'POST',
      ...(connection === undefined ? { agent: false } : { createConnection: () => connection }),
      headers: { connection: 'Upgrade', upgrade: UPGRADE_PROTOCOL },
      timeout: DIAL_TIMEOUT_MS,
    });
    outgoing.once('upgrade', (_response, socket: Socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    outgoing.once('response', (response) => {
      let text = '';
      const end = (): void => {
        reject(refusalOf(address, response.statusCode ?? 0, text));
        outgoing.destroy();
      };
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > LONGEST_REFUSAL.bytes) end();
      });
      response.once('end', end);
      const limit = setTimeout(end, LONGEST_REFUSAL.ms);
      outgoing.once('close', () => clearTimeout(limit));
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`${address} did not answer in ${DIAL_TIMEOUT_MS} ms`)));
    outgoing.on('error', (error) => reject(new PassingError(`cannot reach ${address}: ${error.message}`)));
    outgoing.end();
  });
}

function refusalOf(address: string, status: number, text: string): Refused {
  const said = saidIn(text);
  const words = typeof said?.error === 'string' ? `${said.error} (HTTP ${status})` : `HTTP ${status}`;
  return new Refused(
    `${address} does not let this member through: ${words}`,
    typeof said?.why === 'string' ? said.why : null,
  );
}

function saidIn(text: string): { readonly error?: unknown; readonly why?: unknown } | null {
  try {
    return JSON.parse(text) as { error?: unknown; why?: unknown } | null;
  } catch {
    return null;
  }
}

/** Join two connections to one. Whichever ends takes the other with it. */
export function splice(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    // What went wrong with a connection is for the two that speak through it to find out.
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
