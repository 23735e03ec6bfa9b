/**
 * Clusters that were formed once, and are used again for every roll of the same versions and size: a copy of the folders of
 * all members, made while they were stopped, and the addresses that are written in it. Several rolls at once each have one
 * of their own; a cluster that nobody uses is a folder that may be deleted at any time.
 *
 * Whose a cluster is, its folder's name says: it is taken, and let go, by renaming it, which only one of several can do.
 */
import { randomBytes } from 'node:crypto';
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
import { join, relative } from 'node:path';
import { digestOf, filesBelow } from '../host/digest.ts';
import { isOwnerAlive, owner } from '../host/owner.ts';
import { paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';

const CLUSTERS = join(paths.build, 'clusters');
const FORMED = 'formed';
const ABOUT = 'about.json';

/** Its folder is named STATE-ID, or STATE-ID@OWNER where somebody has it. */
const STATES = { forming: 'forming', free: 'free', used: 'used' } as const;

/** What a kept cluster needs of the site that it is put in, or taken from. */
interface Folders {
  seat(member: string): {
    readonly address: string;
    readonly ours: { readonly stateFolder: string; readonly sharedFolder: string } | null;
  };
}

interface About {
  /** HOST:PORT by member. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Of everything that was copied: what has changed since is of no use. */
  readonly digest: string;
}

export class KeptCluster {
  readonly #all: string;
  readonly #id: string;
  #folder: string;
  #about: About | null;

  private constructor(all: string, id: string, folder: string, about: About | null) {
    this.#all = all;
    this.#id = id;
    this.#folder = folder;
    this.#about = about;
  }

  /** Null where it is still to be formed. */
  get addresses(): About['addresses'] | null {
    return this.#about?.addresses ?? null;
  }

  /**
   * Those that nobody else uses, one after the other, each held until it is released or discarded: those that were formed
   * first, then one that is still to be.
   * @param key names what they must be like
   * @param clusters the folder of all of them
   * @throws EnvironmentError where none can be kept
   */
  static *take(key: readonly string[], clusters = CLUSTERS): Generator<KeptCluster, undefined> {
    const all = join(clusters, digestOf(...key));
    for (const name of namesIn(all).sort()) {
      const { state, id, ownedBy } = partsOf(name);
      if (state === STATES.forming || (ownedBy !== null && isOwnerAlive(ownedBy))) continue;
      const folder = join(all, nameOf(STATES.used, id, owner()));
      if (!renamed(join(all, name), folder)) continue;
      const about = readAbout(folder);
      const cluster = new KeptCluster(all, id, folder, about);
      if (about === null) cluster.discard();
      else yield cluster;
    }
    const id = randomBytes(4).toString('hex');
    const folder = join(all, nameOf(STATES.forming, id, owner()));
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new EnvironmentError(`cannot make a folder for a cluster: ${(error as Error).message}`);
    }
    yield new KeptCluster(all, id, folder, null);
  }

  /**
   * Put a copy of it where members will look for it.
   * @returns whether it is what was kept
   * @throws EnvironmentError where it cannot be copied
   */
  async restore(site: Folders, members: readonly string[]): Promise<boolean> {
    if (this.#about === null || digestBelow(join(this.#folder, FORMED)) !== this.#about.digest) return false;
    await Promise.all(this.#pairs(site, members).map(({ kept, used }) => copy(kept, used)));
    return true;
  }

  /** Take a copy of a cluster whose members are all stopped. @throws EnvironmentError */
  async keep(site: Folders, members: readonly string[]): Promise<void> {
    await Promise.all(this.#pairs(site, members).map(({ kept, used }) => copy(used, kept)));
    const addresses = Object.fromEntries(members.map((member) => [member, site.seat(member).address]));
    const about = { addresses, digest: digestBelow(join(this.#folder, FORMED)) };
    try {
      writeFileSync(join(this.#folder, ABOUT), JSON.stringify(about));
    } catch (error) {
      throw new EnvironmentError(`cannot keep the cluster: ${(error as Error).message}`);
    }
    this.#about = about;
  }

  /** Let others use it, where it is whole. */
  release(): void {
    if (this.#about === null) this.discard();
    else renamed(this.#folder, join(this.#all, nameOf(STATES.free, this.#id, null)));
  }

  /** It is of no use to anybody. */
  discard(): void {
    this.#about = null;
    rmSync(this.#folder, { recursive: true, force: true });
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

/** Remove what rigs that are gone were forming; what they only used can be used again. @returns what was removed, as sentences */
export function removeUnfinishedClusters(): string[] {
  return namesIn(CLUSTERS).flatMap((key) =>
    namesIn(join(CLUSTERS, key)).flatMap((name) => {
      const { state, ownedBy } = partsOf(name);
      if (state !== STATES.forming || ownedBy === null || isOwnerAlive(ownedBy)) return [];
      const folder = join(CLUSTERS, key, name);
      rmSync(folder, { recursive: true, force: true });
      return [`cluster ${folder}`];
    }),
  );
}

function nameOf(state: string, id: string, ownedBy: string | null): string {
  return ownedBy === null ? `${state}-${id}` : `${state}-${id}@${encodeURIComponent(ownedBy)}`;
}

function partsOf(name: string): { state: string; id: string; ownedBy: string | null } {
  const [about = '', ownedBy = null] = name.split('@');
  const [state = '', id = ''] = about.split('-');
  return { state, id, ownedBy: ownedBy === null ? null : decodeURIComponent(ownedBy) };
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** False where somebody else was faster. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new EnvironmentError(`cannot take the cluster that is kept: ${(error as Error).message}`);
  }
}

/** By the names, sizes and times of all files: a database has a hundred megabytes, and whoever changes one changes its time. */
function digestBelow(folder: string): string {
  const files = namesIn(folder).length === 0 ? [] : filesBelow(folder);
  return digestOf(
    ...files.map((file) => {
      const { size, mtimeMs } = lstatSync(file);
      return `${relative(folder, file)} ${size} ${mtimeMs}`;
    }),
  );
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

/** Null where it was never finished, or cannot be read any more. */
function readAbout(folder: string): About | null {
  try {
    const { addresses, digest } = JSON.parse(readFileSync(join(folder, ABOUT), 'utf8')) as Partial<About>;
    return addresses === undefined || digest === undefined ? null : { addresses, digest };
  } catch {
    return null;
  }
}
