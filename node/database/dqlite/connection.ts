/** A client's connection to a dqlite node: requests and their responses, one at a time. */
import type { Duplex } from 'node:stream';
import { DatabaseError, PassingError } from '../database.ts';
import { Frames } from './frames.ts';
import { decodeResponse, encodeRequest, HELLO, type Request, type Response } from './messages.ts';
import type { Rows, WireValue } from './wire.ts';

/** The node answered that it could not, and will not another time. */
export class DqliteFailure extends DatabaseError {
  override name = 'DqliteFailure';
}

/** The node answered that it could not for now. */
export class PassingFailure extends PassingError {
  override name = 'PassingFailure';
  /** A result code of SQLite, or one of dqlite's own. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection is gone, or is of no use any more. Whether a request under way was carried out is not known. */
export class ConnectionLost extends PassingError {
  override name = 'ConnectionLost';
}

/** SQLite's primary result codes; the higher bits of a code say more. */
const BUSY = 5;
const ABORT = 4;
const IO_ERROR = 10;
/** A node that has lost its leadership has closed the databases of its connections, also if it leads again since. */
const NOT_FOUND = 12;
/**
 * Not leader and leadership lost are I/O errors of dqlite's own: 10 | 40 << 8 and 10 | 41 << 8. Where a leader resigns
 * in the middle of a statement, libdqlite 1.11 passes Raft's own codes on as they are: 7 not leader, 8 leadership lost,
 * 9 shutting down.
 */
const PASSING: readonly number[] = [BUSY, ABORT, IO_ERROR, NOT_FOUND, 7, 8, 9];

/** Whether somebody else's transaction was in the way, and nothing is wrong with the connection. */
export function isBusy(error: unknown): boolean {
  return error instanceof PassingFailure && (error.code & PRIMARY) === BUSY;
}
const PRIMARY = 0xff;

/**
 * Longer than any election with dqlite's own timing, so that a node which loses its leadership has said so by then: only
 * a peer that hangs takes longer.
 */
export const RESPONSE_TIMEOUT_MS = 15_000;

/** The format of the response to `cluster` that tells roles. */
const WITH_ROLES = 1n;

interface Waiting {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

export class Connection {
  readonly #stream: Duplex;
  readonly #frames = new Frames();
  /** Whoever waits for the next response; and the responses that came before anybody waited, as a result's parts do. */
  #waiting: Waiting | null = null;
  readonly #received: Response[] = [];
  /** The end of the queue of requests. */
  #last: Promise<unknown> = Promise.resolve();
  #lost: ConnectionLost | null = null;
  /** How long a response may take before the connection counts as lost. */
  timeoutMs: number;

  private constructor(stream: Duplex, timeoutMs: number) {
    this.#stream = stream;
    this.timeoutMs = timeoutMs;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', (error) => this.#lose(error.message));
    stream.on('close', () => this.#lose('the node closed it'));
    stream.write(HELLO);
  }

  /**
   * Introduce ourselves to a node.
   * @param stream from whose first byte on the other side is the node
   * @param timeoutMs how long a response may take before the connection counts as lost
   */
  static async open(stream: Duplex, timeoutMs = RESPONSE_TIMEOUT_MS): Promise<Connection> {
    const connection = new Connection(stream, timeoutMs);
    await connection.orClose(() => connection.#expect({ is: 'client', id: 0n }, 'welcome'));
    return connection;
  }

  /** Do something without which this connection is of no use: where it fails, it is closed. */
  async orClose<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    try {
      return await work(this);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** The leader's id and address, or null where this node knows of none. Only voters know. */
  async leader(): Promise<{ readonly id: number; readonly address: string } | null> {
    const { id, address } = await this.#expect({ is: 'leader', unused: 0n }, 'server');
    return id === 0n ? null : { id: Number(id), address };
  }

  /** All servers of the cluster, as this node's log has them. */
  async cluster(): Promise<Response & { is: 'servers' }> {
    return this.#expect({ is: 'cluster', format: WITH_ROLES }, 'servers');
  }

  /** Open a database, which the connection's statements are then about. */
  async openDatabase(name: string): Promise<void> {
    await this.#expect({ is: 'open', name, flags: 0n, vfs: '' }, 'database');
  }

  async execSql(sql: string, values: readonly WireValue[]): Promise<Response & { is: 'result' }> {
    return this.#expect({ is: 'exec-sql', database: 0n, sql, values }, 'result');
  }

  /** A query's whole result, however many parts it comes in. */
  querySql(sql: string, values: readonly WireValue[]): Promise<Rows> {
    return this.#inTurn(async () => {
      let part = accept(await this.#send({ is: 'query-sql', database: 0n, sql, values }), 'rows').result;
      const rows = [...part.rows];
      while (part.more) {
        part = accept(await this.#next(), 'rows').result;
        rows.push(...part.rows);
      }
      return { ...part, rows };
    });
  }

  /** Add a server; it becomes a spare. Only the leader can. */
  async add(id: number, address: string): Promise<void> {
    await this.#expect({ is: 'add', id: BigInt(id), address }, 'empty');
  }

  /** Give a server a role; returns when it has it. Only the leader can. */
  async assign(id: number, role: bigint): Promise<void> {
    await this.#expect({ is: 'assign', id: BigInt(id), role }, 'empty');
  }

  /** Take a server out of the cluster. Only the leader can. */
  async remove(id: number): Promise<void> {
    await this.#expect({ is: 'remove', id: BigInt(id) }, 'empty');
  }

  /** Hand the leadership to a voter. Only the leader can. */
  async transfer(id: number): Promise<void> {
    await this.#expect({ is: 'transfer', id: BigInt(id) }, 'empty');
  }

  close(): void {
    this.#lose('it has been closed');
  }

  #expect<Is extends Response['is']>(request: Request, is: Is): Promise<Response & { is: Is }> {
    return this.#inTurn(async () => accept(await this.#send(request), is));
  }

  /** The protocol allows one request at a time. */
  #inTurn<Result>(exchange: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.catch(() => undefined).then(exchange);
    this.#last = mine;
    return mine;
  }

  async #send(request: Request): Promise<Response> {
    if (this.#lost !== null) throw this.#lost;
    const bytes = encodeRequest(request);
    this.#stream.write(bytes);
    return this.#next();
  }

  async #next(): Promise<Response> {
    const received = this.#received.shift();
    if (received !== undefined) return received;
    if (this.#lost !== null) throw this.#lost;
    const timer = setTimeout(() => this.#lose(`no answer in ${this.timeoutMs} ms`), this.timeoutMs);
    try {
      return await new Promise<Response>((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        const response = decodeResponse(frame);
        const waiting = this.#waiting;
        this.#waiting = null;
        if (waiting === null) this.#received.push(response);
        else waiting.resolve(response);
      }
    } catch (error) {
      this.#lose((error as Error).message);
    }
  }

  #lose(because: string): void {
    if (this.#lost !== null) return;
    this.#lost = new ConnectionLost(`the connection to a dqlite node is lost: ${because}`);
    this.#stream.destroy();
    this.#waiting?.reject(this.#lost);
    this.#waiting = null;
  }
}

function accept<Is extends Response['is']>(response: Response, is: Is): Response & { is: Is } {
  if (response.is === 'failure') throw failure(Number(response.code), response.message);
  if (response.is !== is) throw new ConnectionLost(`a dqlite node answered ${response.is} instead of ${is}`);
  return response as Response & { is: Is };
}

function failure(code: number, message: string): DatabaseError {
  const words = `dqlite: ${message} (code ${code})`;
  return PASSING.includes(code & PRIMARY) ? new PassingFailure(code, words) : new DqliteFailure(words);
}
