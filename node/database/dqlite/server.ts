/** The dqlite node that a member embeds: one server of the Raft cluster, in this process, on threads of its own. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../../clock.ts';
import { DatabaseError, PassingError } from '../database.ts';
import type { Library, NodeHandle } from './library.ts';
import { type Connect, dial, splice } from './relay.ts';

export interface NodeOptions {
  readonly library: Library;
  /** Names the node in its cluster, for ever. */
  readonly id: number;
  /** HOST:PORT of the member's own listener: how its peers know the node. */
  readonly address: string;
  /** Where the node keeps its log and its snapshots. */
  readonly folder: string;
  /** Scales the timing of elections and heartbeats; null for dqlite's own. */
  readonly networkLatencyMs: number | null;
  /** How peers are dialled. */
  readonly connect?: Connect;
}

export class DqliteServer {
  readonly #library: Library;
  readonly #handle: NodeHandle;
  readonly #bound: string;
  readonly #lock: number;
  readonly #letGo: () => void;
  readonly #connections: Set<Duplex>;
  /** Reaches the node of a peer. @throws PassingError */
  readonly dial: Reaching;

  private constructor(
    library: Library,
    handle: NodeHandle,
    bound: string,
    lock: number,
    letGo: () => void,
    connections: Set<Duplex>,
    reaching: Reaching,
  ) {
    this.dial = reaching;
    this.#library = library;
    this.#handle = handle;
    this.#bound = bound;
    this.#lock = lock;
    this.#letGo = letGo;
    this.#connections = connections;
  }

  /**
   * Start a node; where the folder is empty it is a new one, and the first of its cluster if it has the first id.
   * @throws DatabaseError where the folder is in use, or the node cannot start
   */
  static async start(options: NodeOptions): Promise<DqliteServer> {
    const { library, id, address, folder, networkLatencyMs, connect = null } = options;
    mkdirSync(folder, { recursive: true });
    const lock = openSync(join(folder, 'lock'), 'a');
    if (!library.lock(lock)) {
      closeSync(lock);
      throw new DatabaseError(`the database folder ${folder} is in use by another process: stop that member first`);
    }
    const connections = new Set<Duplex>();
    const reaching: Reaching = (peer) => dial(peer, connect);
    const handle = library.create(BigInt(id), address, folder);
    let letGo = (): void => undefined;
    try {
      // A name of the kernel's choice: nobody else's, and open to this process only.
      library.setBindAddress(handle, '@');
      letGo = library.setConnect(handle, (peer) => connectThrough(library, reaching, peer, connections));
      if (networkLatencyMs !== null) library.setNetworkLatency(handle, networkLatencyMs);
      await library.start(handle);
    } catch (error) {
      letGo();
      library.destroy(handle);
      closeSync(lock);
      throw error;
    }
    return new DqliteServer(library, handle, library.bindAddress(handle), lock, letGo, connections, reaching);
  }

  /** A connection to this node, as a client or a peer would have. */
  connect(): Duplex {
    return track(this.#connections, socketOf(this.#library.connectAbstract(this.#bound)));
  }

  /** A peer, or a client, has come in through the member's listener. @throws DatabaseError where the node does not take it */
  accept(connection: Duplex): void {
    const local = this.connect();
    splice(track(this.#connections, connection), local);
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await this.#library.stop(this.#handle);
    this.#library.destroy(this.#handle);
    this.#letGo();
    closeSync(this.#lock);
  }
}

type Reaching = (peer: string) => Promise<Duplex>;

/** How long, and how often, a peer is tried before dqlite is told that it is not there; then dqlite tries again. */
const REDIAL = { forMs: 2000, everyMs: 50 };

/**
 * Called when the node wants to reach a peer, and must return at once: one end of a pair of sockets, whose other end is
 * joined to the peer when it has been reached. A peer that is being refreshed is tried for a while: what dqlite sends it
 * meanwhile waits in the pair, and arrives as soon as the peer listens, and not with a heartbeat half a second later.
 */
function connectThrough(library: Library, reaching: Reaching, peer: string, connections: Set<Duplex>): number {
  const [theirs, ours] = library.socketPair();
  try {
    const local = track(connections, socketOf(ours));
    local.on('error', () => local.destroy());
    void joinToPeer(local, reaching, peer, connections);
    return theirs;
  } catch (error) {
    closeSync(theirs);
    throw error;
  }
}

/** The descriptor becomes the socket's, or is closed where it cannot. */
function socketOf(descriptor: number): Socket {
  try {
    return new Socket({ fd: descriptor });
  } catch (error) {
    closeSync(descriptor);
    throw new DatabaseError(`cannot use a socket to the dqlite node: ${(error as Error).message}`, { cause: error });
  }
}

async function joinToPeer(local: Duplex, reaching: Reaching, peer: string, connections: Set<Duplex>): Promise<void> {
  const until = nowMs() + REDIAL.forMs;
  while (!local.destroyed) {
    try {
      const remote = await reaching(peer);
      if (local.destroyed) remote.destroy();
      else splice(local, track(connections, remote));
      return;
    } catch (error) {
      const isExpected = error instanceof PassingError;
      if (!isExpected) process.emitWarning(error as Error);
      // dqlite learns of it by the end of its socket, and tries again by itself.
      if (!isExpected || nowMs() > until) local.destroy();
      else await sleep(REDIAL.everyMs);
    }
  }
}

function track(connections: Set<Duplex>, connection: Duplex): Duplex {
  connections.add(connection);
  return connection.once('close', () => connections.delete(connection));
}
