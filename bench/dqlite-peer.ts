/**
 * A server of dqlite in a process of its own, until stdin ends: MODE ID ADDRESS FOLDER LEADER. `bare` is libdqlite and
 * nothing else, on sockets of its own; `relayed` is as members have it, behind a listener.
 */
import { createServer } from 'node:http';
import { dqliteConnections } from '../node/api/dqlite-connection.ts';
import { Guard } from '../node/api/guard.ts';
import { DqliteDatabase } from '../node/database/dqlite/dqlite.ts';
import { type Library, loadLibrary } from '../node/database/dqlite/library.ts';
import type { Member } from '../node/member.ts';

/** libdqlite listening and connecting by itself. @returns what stops it */
export async function startBare(
  library: Library,
  id: number,
  address: string,
  folder: string,
): Promise<() => Promise<void>> {
  const handle = library.create(BigInt(id), address, folder);
  library.setBindAddress(handle, address);
  await library.start(handle);
  return async () => {
    await library.stop(handle);
    library.destroy(handle);
  };
}

/** A member's database behind a listener. @param through null bootstraps */
export async function startRelayed(
  library: Library,
  id: number,
  address: string,
  folder: string,
  through: string | null,
): Promise<{ database: DqliteDatabase; stop: () => Promise<void> }> {
  const [host = '', port = ''] = address.split(':');
  const listener = createServer();
  const observers = { onLeader: () => undefined, onTrouble: () => undefined };
  const database = new DqliteDatabase({
    library,
    address,
    stateFolder: folder,
    networkLatencyMs: null,
    connect: null,
    ...observers,
  });
  // The route asks a member for nothing but this.
  dqliteConnections(listener, {
    name: address,
    database,
    guard: new Guard(null, null, () => undefined),
  } as unknown as Member);
  await new Promise<void>((resolve) => listener.listen(Number(port), host, resolve));
  await database.enter({ how: through === null ? 'bootstrap' : 'join', id, role: 'voter', through });
  return {
    database,
    stop: async () => {
      listener.close();
      await database.close();
    },
  };
}

if (import.meta.main) {
  const [mode = '', id = '', address = '', folder = '', leader = ''] = process.argv.slice(2);
  const library = await loadLibrary();
  const stop =
    mode === 'bare'
      ? await startBare(library, Number(id), address, folder)
      : (await startRelayed(library, Number(id), address, folder, leader)).stop;
  process.stdout.write('ready\n');
  process.stdin.once('end', () => void stop().then(() => process.exit())).resume();
}
