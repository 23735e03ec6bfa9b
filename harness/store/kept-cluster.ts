/**
 * Clusters that were formed once, and are used again for every roll of the same versions and size: a copy of the folders of
 * all members, made while they were stopped, and the addresses that are written in it. Several rolls at once each have one
 * of their own; a cluster that nobody uses is a folder that may be deleted at any time.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../host/digest.ts';
import { isOwnerAlive, owner } from '../host/owner.ts';
import { paths } from '../host/paths.ts';
import { isFree } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';

const CLUSTERS = join(paths.build, 'clusters');
const FORMED = 'formed';
const ADDRESSES = 'addresses.json';
const LOCK = 'owner';

/** What a kept cluster needs of the site that it is put in, or taken from. */
interface Folders {
  seat(member: string): {
    readonly address: string;
    readonly ours: { readonly stateFolder: string; readonly sharedFolder: string } | null;
  };
}

export class KeptCluster {
  readonly #folder: string;
  /** HOST:PORT by member; null where it is still to be formed. */
  readonly addresses: Readonly<Record<string, string>> | null;

  private constructor(folder: string, addresses: Readonly<Record<string, string>> | null) {
    this.#folder = folder;
    this.addresses = addresses;
  }

  get isFormed(): boolean {
    return this.addresses !== null;
  }

  /**
   * Take one that nobody else uses, formed where there is one, and hold it until it is released.
   * @param key names what it must be like
   * @param needsPorts whether its addresses are ports of this host, which somebody else may have taken meanwhile
   * @param clusters the folder of all of them
   */
  static async take(key: readonly string[], needsPorts: boolean, clusters = CLUSTERS): Promise<KeptCluster> {
    const all = join(clusters, digestOf(...key));
    mkdirSync(all, { recursive: true });
    for (const name of readdirSync(all).sort()) {
      const folder = join(all, name);
      if (!lock(folder)) continue;
      const addresses = readAddresses(folder);
      if (addresses !== null && (!needsPorts || (await areFree(Object.values(addresses))))) {
        return new KeptCluster(folder, addresses);
      }
      // One that was never finished is of no use to anybody.
      if (addresses === null) rmSync(folder, { recursive: true, force: true });
      else rmSync(join(folder, LOCK), { force: true });
    }
    for (let number = 1; ; number += 1) {
      const folder = join(all, String(number).padStart(3, '0'));
      if (existsSync(folder)) continue;
      mkdirSync(folder);
      if (lock(folder)) return new KeptCluster(folder, null);
    }
  }

  /** Put a copy of it where members will look for it. */
  async restore(site: Folders, members: readonly string[]): Promise<void> {
    for (const { kept, used } of this.#pairs(site, members)) await copy(kept, used);
  }

  /** Take a copy of a cluster whose members are all stopped. */
  async keep(site: Folders, members: readonly string[]): Promise<void> {
    for (const { kept, used } of this.#pairs(site, members)) await copy(used, kept);
    const addresses = Object.fromEntries(members.map((member) => [member, site.seat(member).address]));
    writeFileSync(join(this.#folder, `${ADDRESSES}.new`), JSON.stringify(addresses));
    // At once: a rig that is killed while it copies leaves nothing that looks whole.
    renameSync(join(this.#folder, `${ADDRESSES}.new`), join(this.#folder, ADDRESSES));
  }

  /** Let others use it. */
  release(): void {
    rmSync(join(this.#folder, LOCK), { force: true });
  }

  #pairs(site: Folders, members: readonly string[]): Array<{ kept: string; used: string }> {
    const formed = join(this.#folder, FORMED);
    const seats = members.map((member) => ({ member, ours: site.seat(member).ours }));
    const [first] = seats;
    if (first?.ours === null || first === undefined)
      throw new Error('a cluster can be kept only where the rig sees the folders of its members');
    return [
      { kept: join(formed, 'shared'), used: first.ours.sharedFolder },
      ...seats.map(({ member, ours }) => ({ kept: join(formed, member), used: ours!.stateFolder })),
    ];
  }
}

/** Sockets and pipes are made by whoever is started, not kept. */
async function copy(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  try {
    await cp(from, to, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      filter: (path) => {
        const found = lstatSync(path);
        return !found.isSocket() && !found.isFIFO();
      },
    });
  } catch (error) {
    throw new EnvironmentError(`cannot copy the cluster that is kept: ${(error as Error).message}`);
  }
}

/** Whether nobody else has it. */
function lock(folder: string): boolean {
  const file = join(folder, LOCK);
  try {
    writeFileSync(file, owner(), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const holder = readLock(file);
  if (holder === null || isOwnerAlive(holder)) return false;
  // Its rig is gone. Two that see this at once each remove the file, and only one makes the next.
  rmSync(file, { force: true });
  return lock(folder);
}

function readLock(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8');
    return text === '' ? null : text;
  } catch {
    // Released meanwhile.
    return null;
  }
}

function readAddresses(folder: string): Record<string, string> | null {
  try {
    return JSON.parse(readFileSync(join(folder, ADDRESSES), 'utf8')) as Record<string, string>;
  } catch {
    // Never finished.
    return null;
  }
}

async function areFree(addresses: readonly string[]): Promise<boolean> {
  const free = await Promise.all(addresses.map((address) => isFree(Number(address.split(':').at(-1)))));
  return free.every(Boolean);
}
