/**
 * A disk for the state folder of each member, where a plan spoils one: a file system in memory on this host. Full is one that was made
 * as small as what is in it; read-only is one that is seen through a mount that lets nobody write. What a member has open for writing by
 * then stays so, as it does where a folder is made read-only below a running program; it can make, open, rename and remove nothing.
 */
import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { lackAtStart } from '../host/lack.ts';
import { EnvironmentError } from '../input/errors.ts';
import { findDiskTools } from './namespaces/tools.ts';
import type { DiskState } from './runtime.ts';

/** Where a member finds its folder, when that is not where the host has it: in the mount namespace of a process. */
export interface Inside {
  readonly pid: number;
  readonly folder: string;
}

/** Memory is taken only for what is written. */
const ROOM = 'size=1g,nr_inodes=1m';
/** A process may take so long from its start until it is where its member's folder is. */
const ENTERS_WITHIN_MS = 5000;
const ENTERED_AGAIN_MS = 50;
/** A member may write just while its disk is shrunk, or made read-only. */
const TRIES = 20;

export class Disks {
  readonly #folders: ReadonlyMap<string, string>;
  readonly #states = new Map<string, DiskState>();

  private constructor(folders: ReadonlyMap<string, string>) {
    this.#folders = folders;
  }

  /**
   * Whoever removes the folders takes the disks off first (`removeSiteFolder`).
   * @param folders by member: they must be there. @throws EnvironmentError
   */
  static async make(folders: ReadonlyMap<string, string>): Promise<Disks> {
    for (const [member, folder] of folders)
      await mount(`give ${member} a disk of its own`, ['-t', 'tmpfs', '-o', `${ROOM},mode=700`, 'tmpfs', folder]);
    return new Disks(folders);
  }

  /**
   * @param inside where the member is running in a mount namespace of its own; what is mounted for the host is not seen there
   * @throws EnvironmentError
   */
  async set(member: string, state: DiskState, inside: Inside | null): Promise<void> {
    const folder = this.#folders.get(member);
    if (folder === undefined) throw new Error(`${member} has no disk`);
    const before = this.#states.get(member) ?? 'sound';
    if (state === 'full') await fill(member, folder);
    else if (state === 'read-only') await both('make read-only', member, folder, inside, writeProtect);
    else if (before === 'full') await mount(`give ${member} room`, ['-o', `remount,${ROOM}`, folder]);
    else if (before === 'read-only') await both('make writable', member, folder, inside, writeEnable);
    this.#states.set(member, state);
  }
}

/** @throws Error where a plan spoils a disk and its site was opened without any */
export function given(disks: Disks | null): Disks {
  if (disks === null) throw new Error('the members have been given no disks of their own');
  return disks;
}

async function again(act: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await act();
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
}

function fill(member: string, folder: string): Promise<void> {
  return again(() => {
    const { bsize, blocks, bfree, files, ffree } = statfsSync(folder);
    // To the kernel, none of either would mean as many as there are.
    const used = Math.max((blocks - bfree) * bsize, bsize);
    return mount(`fill the disk of ${member}`, ['-o', `remount,size=${used},nr_inodes=${files - ffree}`, folder]);
  });
}

type Mounting = (what: string, folder: string, where: readonly string[]) => Promise<void>;

/**
 * A new mount, through which nobody has a file open for writing, which would keep it from being made read-only: unless a member opens one
 * just then, and another mount is tried.
 */
const writeProtect: Mounting = (what, folder, where) =>
  again(async () => {
    await mount(what, ['--bind', folder, folder], where);
    try {
      await mount(what, ['-o', 'remount,bind,ro', folder], where);
    } catch (error) {
      await command('umount', what, ['--lazy', folder], where);
      throw error;
    }
  });

const writeEnable: Mounting = (what, folder, where) => mount(what, ['-o', 'remount,bind,rw', folder], where);

/** For whoever starts meanwhile, and for whoever runs. */
async function both(
  what: string,
  member: string,
  folder: string,
  inside: Inside | null,
  change: Mounting,
): Promise<void> {
  const sentence = `${what} the disk of ${member}`;
  await change(sentence, folder, []);
  if (inside === null) return;
  const { nsenter } = findDiskTools();
  const where = [nsenter, `--target=${inside.pid}`, '--mount', '--'];
  const limit = AbortSignal.timeout(ENTERS_WITHIN_MS);
  for (;;) {
    try {
      return await change(sentence, inside.folder, where);
    } catch (error) {
      // Whoever has gone meanwhile comes back to the disk as the host has it.
      if (!isRunning(inside.pid)) return;
      // Whoever has just been started has not come to its own root yet.
      if (limit.aborted) throw error;
    }
    await sleep(ENTERED_AGAIN_MS);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function mount(what: string, args: readonly string[], where: readonly string[] = []): Promise<void> {
  return command('mount', what, args, where);
}

/** @param where what the command begins with that is to be done in another namespace */
async function command(
  tool: 'mount' | 'umount',
  what: string,
  args: readonly string[],
  where: readonly string[],
): Promise<void> {
  // In a namespace of its own a member has tools of its own.
  const program = where.length === 0 ? findDiskTools()[tool] : tool;
  const [file = program, ...rest] = [...where, program, ...args];
  const { failed, cause, stderr, shortMessage } = await execa(file, rest, { reject: false });
  if (!failed) return;
  const lack = cause === undefined ? null : lackAtStart(cause);
  throw (
    lack ?? new EnvironmentError(`cannot ${what}: ${stderr.trim().split('\n')[0]?.replace(/\.$/, '') || shortMessage}`)
  );
}
