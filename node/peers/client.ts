/**
 * Requests to peers. The client library is loaded when first needed, after the member listens: it is the largest part
 * of the program, and most of what a member does at start needs none of it.
 */
import type { Got } from 'got';
import { type Address, formatAddress } from '../address.ts';

let loading: Promise<Got> | null = null;

function client(): Promise<Got> {
  loading ??= import('got').then(({ default: got }) => got.extend({ retry: { limit: 0 }, throwHttpErrors: false }));
  return loading;
}

export interface Request {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a peer answered, or how it did not. */
export type Answer =
  | { readonly is: 'answered'; readonly status: number; readonly body: string }
  | { readonly is: 'timeout' | 'unreachable'; readonly message: string };

/** Ask a peer. Never throws: a peer that is gone is an answer too. */
export async function ask(address: Address | string, request: Request): Promise<Answer> {
  const authority = typeof address === 'string' ? address : formatAddress(address);
  const got = await client();
  try {
    const response = await got(`http://${authority}${request.path}`, {
      method: request.method,
      timeout: { request: request.timeoutMs },
      ...(request.json === undefined ? {} : { json: request.json }),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
    });
    return { is: 'answered', status: response.statusCode, body: response.body };
  } catch (error) {
    const { name, message } = error as Error;
    return { is: name === 'TimeoutError' ? 'timeout' : 'unreachable', message };
  }
}

/** Enough for the code on both sides to be compiled. */
const REHEARSALS = 3;

/**
 * Ask ourselves a few times, by the address that peers use. It loads and compiles what a notice needs, in the sender and
 * in the receiver, before anybody waits for one; and it shows whether peers can reach us there at all.
 * @returns what went wrong, or null
 */
export async function rehearse(address: Address): Promise<string | null> {
  for (let times = 0; times < REHEARSALS; times += 1) {
    const answer = await ask(address, { method: 'GET', path: '/1.0', timeoutMs: REHEARSAL_TIMEOUT_MS });
    if (answer.is !== 'answered') return answer.message;
  }
  return null;
}

const REHEARSAL_TIMEOUT_MS = 1000;
