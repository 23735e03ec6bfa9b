/**
 * The control socket: a unix socket in the member's state folder, for whoever may drive the member. It is there only in a
 * member that was started with `--control`, and only the member's own user can reach it.
 */
import { closeSync, existsSync, openSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';

const NAME = 'control.sock';

/** The kernel takes no longer name of a socket, in bytes. */
const LONGEST_NAME = 100;

/** A name of a member's control socket that the kernel takes, until it is let go. */
export interface SocketName {
  readonly path: string;
  letGo(): void;
}

/**
 * Where the control socket of a member is. Of a folder whose name is too long, by an open descriptor of it: a name that only
 * this process knows.
 * @throws Error where there is no such folder
 */
export function socketName(stateFolder: string): SocketName {
  const path = join(stateFolder, NAME);
  if (Buffer.byteLength(path) <= LONGEST_NAME) return { path, letGo: () => undefined };
  if (process.platform !== 'linux')
    throw new Error(
      `${path} is too long for a socket (${LONGEST_NAME} bytes): give a state folder with a shorter name`,
    );
  const folder = openSync(stateFolder, 'r');
  return { path: `/proc/self/fd/${folder}/${NAME}`, letGo: () => closeSync(folder) };
}

/** Have a server listen there, for the member's own user only. What a member that was killed has left there is removed. */
export async function listenAtSocket(server: Server, stateFolder: string): Promise<void> {
  const { path, letGo } = socketName(stateFolder);
  // Not rmSync: of a folder that is read-only, that says neither what failed nor the code of the error.
  if (existsSync(path)) unlinkSync(path);
  server.once('close', letGo);
  await new Promise<void>((resolve, reject) => {
    // The socket is made within the call of listen, and must never be there with more rights.
    const before = process.umask(0o177);
    try {
      server.once('error', reject).listen({ path }, resolve);
    } finally {
      process.umask(before);
    }
  });
}
