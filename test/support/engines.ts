/** Databases of both engines, and bare dqlite nodes, within the test's own process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { findDqlite } from '../../harness/host/libraries.ts';
import { dqliteConnections } from '../../node/api/dqlite-connection.ts';
import { Guard } from '../../node/api/guard.ts';
import type { Served } from '../../node/api/served.ts';
import type { Database } from '../../node/database/database.ts';
import { Connection } from '../../node/database/dqlite/connection.ts';
import { DqliteDatabase } from '../../node/database/dqlite/dqlite.ts';
import { type Library, loadLibrary } from '../../node/database/dqlite/library.ts';
import { dial } from '../../node/database/dqlite/relay.ts';
import { DqliteServer } from '../../node/database/dqlite/server.ts';
import { openSqlite } from '../../node/database/sqlite.ts';

/** Asks nobody who they are. */
export const NO_GUARD = new Guard(null, null, () => undefined);

export const ENGINES = ['sqlite', 'dqlite'] as const;

/** Skips where libdqlite is not installed; in CI that is a failure. */
export async function requireDqlite(test: Context): Promise<void> {
  if ((await findDqlite()) !== null) return;
  if (process.env.CI === 'true') throw new Error('CI must have libdqlite0');
  test.skip();
}

/** A new database with one member. */
export async function newDatabase(engine: (typeof ENGINES)[number], folder: string): Promise<Database> {
  if (engine === 'sqlite') return openSqlite({ file: join(folder, 'cluster.db'), create: true });
  const database = new DqliteDatabase({
    library: await loadLibrary(),
    // The only server of its cluster has no peers, and nobody else asks for it.
    address: '127.0.0.1:1',
    stateFolder: folder,
    networkLatencyMs: null,
    connect: null,
    onLeader: () => undefined,
    onTrouble: () => undefined,
  });
  await database.enter({ how: 'bootstrap', id: 1, role: 'voter', through: null });
  return database;
}

/** A bare dqlite server behind a listener of its own, as a member's is. */
export interface BareServer {
  readonly node: DqliteServer;
  readonly address: string;
  readonly listener: Server;
}

/** Servers that are not in one cluster yet, but for the first, which has one of its own. */
export class BareServers {
  readonly all: BareServer[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  readonly library: Library;

  private constructor(library: Library) {
    this.library = library;
  }

  static async of(count: number): Promise<BareServers> {
    const servers = new BareServers(await loadLibrary());
    for (let id = 1; id <= count; id += 1) servers.all.push(await servers.#start(id));
    return servers;
  }

  /** A client's connection to a server, through its listener. */
  async connect(index: number): Promise<Connection> {
    return Connection.open(await dial(this.all[index]!.address));
  }

  folderOf(id: number): string {
    return join(this.folder, String(id));
  }

  async close(): Promise<void> {
    for (const { node, listener } of this.all.toReversed()) {
      await node.stop();
      listener.close();
    }
    rmSync(this.folder, { recursive: true });
  }

  async #start(id: number): Promise<BareServer> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const { library } = this;
    const node = await DqliteServer.start({ library, id, address, folder: this.folderOf(id), networkLatencyMs: null });
    // The route asks a member for nothing but this.
    const asked = { name: `server ${id}`, database: { replication: node }, guard: NO_GUARD };
    dqliteConnections(listener, asked as unknown as Served);
    return { node, address, listener };
  }
}
