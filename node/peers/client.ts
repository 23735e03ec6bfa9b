/**
 * Requests to peers, over connections that stay open: a notice that has to leave finds its way open, and costs a peer a
 * read and a write.
 *
 * Nothing is sent twice. A connection that has died is noticed when the event loop reads the end of it, and is never used
 * again; the next request opens another. What is left is a peer that goes away while a request is on its way: whether
 * that has been taken in nobody can tell, and it counts as unreachable, as it would on a connection of its own. No notice
 * that anybody waits for is lost by that: a peer whose connection was alive when the notice left, which is after the
 * commit that it tells of, comes back after that commit, and sees it in the database. That is true only as long as no
 * server closes a connection for being idle, so ours do not.
 */
import { Agent, type ClientRequestArgs, request as send } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Address, formatAddress, parseAddress } from '../address.ts';

/** A peer that vanishes without a word is found out by probes of TCP, the first after this time. */
const PROBE_AFTER_MS = 1000;

/** Each has a connection of its own. A member has no more to say to a peer at once, unless somebody makes it. */
const MOST_AT_ONCE = 16;

/** Opens a connection to a peer, ready to be written to, until nobody waits for it any more. @throws Error */
export type Dial = (to: Address, givenUp: AbortSignal) => Promise<Socket>;

export interface Request {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Told the connection on which it goes out. */
  readonly onConnection?: (connection: Socket) => void;
}

/** What a peer answered, or how it did not. */
export type Answer =
  | { readonly is: 'answered'; readonly status: number; readonly body: string }
  | { readonly is: 'timeout' | 'unreachable'; readonly message: string };

/** What the agent hands on from a request to the dialling that it takes. The agent keeps a signal of Node's own to itself. */
type Dialling = ClientRequestArgs & { readonly givenUp: AbortSignal };

class PeerAgent extends Agent {
  readonly #dial: Dial | null;
  #isRetired = false;

  constructor(dial: Dial | null) {
    super({ keepAlive: true, keepAliveMsecs: PROBE_AFTER_MS });
    this.#dial = dial;
  }

  override createConnection(
    options: Dialling,
    onCreate?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    // At once, and not when our own half has been shut down too: until then the agent would still hand it out.
    const closing = (connection: Duplex): Duplex => connection.once('end', () => connection.destroy());
    if (this.#dial === null) {
      const connection = super.createConnection(options, onCreate);
      return connection ? closing(connection) : connection;
    }
    this.#dial({ host: String(options.host), port: Number(options.port) }, options.givenUp).then(
      (connection) => onCreate?.(null, closing(connection)),
      (error: Error) => onCreate?.(error, null as never),
    );
    return undefined;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return !this.#isRetired && (super.keepSocketAlive(socket) as unknown as boolean);
  }

  /** Keep no connection any more. */
  retire(): void {
    this.#isRetired = true;
    for (const connections of Object.values(this.freeSockets))
      for (const connection of connections ?? []) connection.destroy();
  }
}

export class PeerClient {
  readonly #dial: Dial | null;
  #agent: PeerAgent;
  readonly #onRefused: (body: string) => void;
  /** How many requests are under way, by HOST:PORT. */
  readonly #underWay = new Map<string, number>();

  /**
   * @param dial null for plain HTTP
   * @param onRefused told what a peer says that does not answer this member (403)
   */
  constructor(dial: Dial | null = null, onRefused: (body: string) => void = () => undefined) {
    this.#dial = dial;
    this.#agent = new PeerAgent(dial);
    this.#onRefused = onRefused;
  }

  /** Ask a peer. Never throws: a peer that is gone is an answer too. */
  async ask(address: Address | string, request: Request): Promise<Answer> {
    const where = typeof address === 'string' ? parseAddress(address) : address;
    if (where === null) return { is: 'unreachable', message: `${address} is not HOST:PORT` };
    const to = formatAddress(where);
    const before = this.#underWay.get(to) ?? 0;
    // Not left to the agent, which does not count a connection before it has been dialled.
    if (before >= MOST_AT_ONCE)
      return { is: 'unreachable', message: `there are ${before} requests to it under way already` };
    this.#underWay.set(to, before + 1);
    const answer = await this.#send(where, request);
    this.#underWay.set(to, this.#underWay.get(to)! - 1);
    if (answer.is === 'answered' && answer.status === REFUSED) this.#onRefused(answer.body);
    return answer;
  }

  /** Close the connections, those that are in use now as soon as they are not any more. The next request opens others. */
  hangUp(): void {
    this.#agent.retire();
    this.#agent = new PeerAgent(this.#dial);
  }

  #send(where: Address, request: Request): Promise<Answer> {
    const { method, path, timeoutMs, json, headers, onConnection } = request;
    const body = json === undefined ? '' : JSON.stringify(json);
    const ofBody = body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve) => {
      const givingUp = new AbortController();
      const timer = setTimeout(() => end({ is: 'timeout', message: `no answer in ${timeoutMs} ms` }), timeoutMs);
      const asking = { ...where, agent: this.#agent, method, path, headers: { ...ofBody, ...headers } };
      const outgoing = send({ ...asking, givenUp: givingUp.signal } as Dialling);
      const end = (answer: Answer): void => {
        clearTimeout(timer);
        resolve(answer);
        if (answer.is === 'answered') return;
        outgoing.destroy();
        givingUp.abort();
      };
      const fail = (error: Error): void => end({ is: 'unreachable', message: error.message });
      if (onConnection !== undefined) outgoing.once('socket', onConnection);
      outgoing.on('error', fail);
      outgoing.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', fail);
        response.once('end', () => end({ is: 'answered', status: response.statusCode ?? 0, body: text }));
      });
      outgoing.end(body);
    });
  }
}

const REFUSED = 403;
