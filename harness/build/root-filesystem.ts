/**
 * The root file system of a Debian suite with some packages, as a tar: made by mmdebstrap, and kept. A suite moves on, and
 * what was made of it stays, named by the versions of all packages that the archive gave on that day; whoever wants newer
 * ones deletes its folder below build/roots, or that which RIG_ROOTS names.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { digestOf } from '../host/digest.ts';
import { paths } from '../host/paths.ts';
import { findProgram } from '../host/programs.ts';
import { writeWhole } from '../host/whole-file.ts';
import type { Debian } from '../input/description.ts';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { placeOf } from '../input/yaml.ts';
import type { Artifact } from './artifact.ts';
import { makeOnce } from './making.ts';

export interface RootFilesystem {
  /** The folder in which it is kept, with what is known of it. */
  readonly folder: string;
  readonly tar: string;
  /** Names what is in it. */
  readonly digest: string;
  /** The versions of the packages that were asked for, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/** How making one is watched and ended. */
export interface Making {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** While it is made, it is there as a folder and as a tar; one of a daemon takes 400 MB. */
const NEEDED_BYTES = 1.5 * 2 ** 30;
/** A folder takes more than a tar, by what blocks and inodes take. */
const UNPACKED_SHARE = 1.5;
/** Mostly it takes one or two minutes. */
const LIMIT_MS = 20 * 60_000;
export const PROGRAM = 'mmdebstrap';

/** Packages of a suite, for a version of a daemon, and the file that says so; null where that is not known. */
export interface Wanted {
  readonly version: string;
  readonly debian: Debian;
  readonly file: string | null;
}

/** What an artifact is made of, where that is a Debian suite. */
export function wantedOf({ version, image }: Artifact): Wanted[] {
  return image.of === 'debian' ? [{ version, debian: image.debian, file: image.file }] : [];
}

/**
 * Refuse before anything is built what could not be built.
 * @throws EnvironmentError
 */
export function requireMaking(wanted: readonly Wanted[]): void {
  const missing = wanted.filter(({ debian }) => !existsSync(folderOf(debian)));
  if (missing.length === 0) return;
  if (findProgram(PROGRAM) === null)
    throw new EnvironmentError(
      `a version of a Debian suite is made by ${PROGRAM}, and that is not here: on Debian: apt-get install --no-install-recommends ${PROGRAM}`,
    );
  if (process.getuid?.() !== 0)
    throw new EnvironmentError(
      `a version of a Debian suite is made by ${PROGRAM} as root, since its files belong to several users: run this once as root`,
    );
  const folders = new Set(missing.map(({ debian }) => folderOf(debian)));
  requireDisk(
    folders.size * NEEDED_BYTES,
    `to make ${folders.size === 1 ? 'a root file system' : `${folders.size} root file systems`}`,
  );
}

/** What has been made, and is kept; null where it is yet to be. */
export function knownRoot(debian: Debian): RootFilesystem | null {
  const folder = folderOf(debian);
  if (!existsSync(folder)) return null;
  const all = JSON.parse(readFileSync(join(folder, PACKAGES), 'utf8')) as Record<string, string>;
  return {
    folder,
    tar: join(folder, TAR),
    digest: digestOf(debian.suite, JSON.stringify(debian.packages), JSON.stringify(all)),
    packages: Object.fromEntries(debian.packages.map((name) => [name, all[name] ?? 'of another package'])),
  };
}

/** @throws InputError where the archive has no such suite or package; EnvironmentError where it cannot be made */
export async function ensureRoot(wanted: Wanted, making: Making): Promise<RootFilesystem> {
  const { version, debian } = wanted;
  const known = knownRoot(debian);
  if (known !== null) return known;
  making.say(`version ${version}: making ${debian.suite} with ${debian.packages.join(', ')}: takes minutes, once`);
  const fill = (unfinished: string): Promise<void> => make(wanted, unfinished, making);
  await makeOnce(folderOf(debian), fill, rootsFolder(), making.signal);
  return knownRoot(debian)!;
}

/** The same as a folder, in which a process can live. @throws EnvironmentError where it cannot be unpacked */
export async function unpackRoot({ folder, tar }: RootFilesystem, { signal }: Making): Promise<string> {
  const unpacked = join(folder, UNPACKED);
  if (existsSync(unpacked)) return unpacked;
  requireDisk(statSync(tar).size * UNPACKED_SHARE, 'to unpack a root file system');
  const options = ['--extract', '--numeric-owner', '--preserve-permissions', '--file', tar];
  await makeOnce(
    unpacked,
    async (unfinished) => {
      const made = await execa('tar', [...options, '--directory', unfinished], {
        all: true,
        reject: false,
        cancelSignal: signal,
      });
      signal.throwIfAborted();
      if (made.failed) throw new EnvironmentError(`cannot unpack ${tar}: ${made.all.trim().split('\n')[0]}`);
    },
    folder,
    signal,
  );
  return unpacked;
}

/** What a member that lives in it records of itself: how many schema updates and API extensions it has. */
export interface Counts {
  readonly schema: number;
  readonly api: number;
}

/** What was read off a member once. @param key names how it was started. Null where nothing was yet */
export function countsKept({ folder }: RootFilesystem, key: string): Counts | null {
  const file = countsFile(folder, key);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : null;
}

export function keepCounts({ folder }: RootFilesystem, key: string, counts: Counts): void {
  writeWhole(countsFile(folder, key), JSON.stringify(counts));
}

function countsFile(folder: string, key: string): string {
  return join(folder, `counts-${key}.json`);
}

/** Where they are kept. */
function rootsFolder(): string {
  return process.env.RIG_ROOTS || join(paths.build, 'roots');
}

export const TAR = 'root.tar';
export const PACKAGES = 'packages.json';
const STATUS = 'status';
const UNPACKED = 'root';

/** Where it is kept, or would be. */
export function folderOf({ suite, packages }: Debian): string {
  return join(rootsFolder(), `${suite}-${digestOf(suite, ...packages)}`);
}

function requireDisk(bytes: number, what: string): void {
  const folder = rootsFolder();
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(
      `root file systems cannot be kept: ${(error as Error).message}: name a folder that can be written in RIG_ROOTS`,
    );
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  throw new EnvironmentError(
    `${what} needs ${gib(bytes)} free in ${folder}, which has ${gib(bavail * bsize)}: make room, or name another folder in RIG_ROOTS`,
  );
}

/**
 * A command is run so that all that it starts, and all that it mounts, is gone with it, and it with this process: whatever it leaves
 * half done is in the folder that is being made, and removed with that.
 */
const WITH_ALL_ITS_OWN = [
  'setpriv',
  ['--pdeathsig=KILL', '--', 'unshare', '--pid', '--mount', '--mount-proc', '--kill-child', '--'],
] as const;

async function make(wanted: Wanted, folder: string, { signal }: Making): Promise<void> {
  const { suite, packages } = wanted.debian;
  const options = [
    '--mode=root',
    '--variant=apt',
    // It is there whole or not at all, so that no file of it need be on the disk before the next one is written.
    '--dpkgopt=force-unsafe-io',
    // An archive that stands still is signed all the same.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    `--include=${packages.join(',')}`,
    // Relative to this folder, so that no character in its path can be of harm.
    `--customize-hook=download /var/lib/dpkg/status ${STATUS}`,
  ];
  const [program, args] = WITH_ALL_ITS_OWN;
  // A user of the archive's tools with no rights looks into it.
  chmodSync(folder, 0o755);
  const made = await execa(program, [...args, PROGRAM, ...options, suite, TAR], {
    cwd: folder,
    env: { TMPDIR: folder },
    killSignal: 'SIGKILL',
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: LIMIT_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (made.failed) throw failure(wanted, made.timedOut ? `it took more than ${LIMIT_MS / 60_000} min` : made.all);
  writeFileSync(join(folder, PACKAGES), JSON.stringify(installed(readFileSync(join(folder, STATUS), 'utf8')), null, 2));
  unlinkSync(join(folder, STATUS));
}

/** What is wrong, by what apt says. */
function failure({ version, debian, file }: Wanted, printed: string): Error {
  const where = (...keys: string[]): string => placeOf(file, ['versions', version, 'debian', ...keys]);
  const { suite } = debian;
  if (printed.includes('does not have a Release file'))
    return new InputError(`${where('suite')}: the archive has no suite ${suite}`);
  const missing = /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/.exec(printed);
  if (missing !== null)
    return new InputError(`${where('packages')}: ${suite} has no package ${missing[1] ?? missing[2]}`);
  const errors = printed.split('\n').filter((line) => line.startsWith('E: '));
  return new EnvironmentError(`${where()}: ${PROGRAM} failed: ${(errors[0] ?? printed.slice(-300)).trim()}`);
}

/** The packages in dpkg's own record, with their versions. */
function installed(status: string): Record<string, string> {
  const found = status.split('\n\n').flatMap((entry) => {
    const [name, version] = [/^Package: (.+)$/m.exec(entry)?.[1], /^Version: (.+)$/m.exec(entry)?.[1]];
    return name === undefined || version === undefined ? [] : [[name, version] as const];
  });
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
