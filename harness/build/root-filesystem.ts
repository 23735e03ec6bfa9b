/**
 * The root file system of a Debian suite with some packages, as a tar: made by mmdebstrap, and kept. A suite moves on, and
 * what was made of it stays, named by the versions of all packages that the archive gave on that day; whoever wants newer
 * ones deletes its folder below build/roots.
 */
import { existsSync, readFileSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { digestOf } from '../host/digest.ts';
import { paths } from '../host/paths.ts';
import type { Debian } from '../input/description.ts';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { makeWhole } from './making.ts';

export interface RootFilesystem {
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
/** Mostly it takes one or two minutes. */
const LIMIT_MS = 20 * 60_000;
const PROGRAM = 'mmdebstrap';

/** Its path, or null where it is not installed. */
export function findMmdebstrap(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, PROGRAM)).find((file) => existsSync(file)) ?? null;
}

/**
 * Refuse before anything is built what could not be built.
 * @throws EnvironmentError
 */
export function requireMaking(wanted: readonly Debian[]): void {
  if (wanted.every((debian) => existsSync(folderOf(debian)))) return;
  if (findMmdebstrap() === null)
    throw new EnvironmentError(
      `a version of a Debian suite is made by ${PROGRAM}, and that is not here: on Debian: apt-get install --no-install-recommends ${PROGRAM}`,
    );
  if (process.getuid?.() !== 0)
    throw new EnvironmentError(
      `a version of a Debian suite is made by ${PROGRAM} as root, since its files belong to several users: run this once as root`,
    );
}

/**
 * @param version for which version of a daemon it is
 * @throws InputError where the archive has no such suite or package; EnvironmentError where it cannot be made
 */
export async function ensureRoot(version: string, debian: Debian, making: Making): Promise<RootFilesystem> {
  const folder = folderOf(debian);
  if (!existsSync(folder)) {
    making.say(`version ${version}: making ${debian.suite} with ${debian.packages.join(', ')}: takes minutes, once`);
    await makeWhole(folder, (unfinished) => make(version, debian, unfinished, making));
  }
  const all = JSON.parse(readFileSync(join(folder, PACKAGES), 'utf8')) as Record<string, string>;
  return {
    tar: join(folder, TAR),
    digest: digestOf(debian.suite, JSON.stringify(debian.packages), JSON.stringify(all)),
    packages: Object.fromEntries(debian.packages.map((name) => [name, all[name] ?? 'of another package'])),
  };
}

const TAR = 'root.tar';
const PACKAGES = 'packages.json';
const STATUS = 'status';

function folderOf({ suite, packages }: Debian): string {
  return join(paths.build, 'roots', `${suite}-${digestOf(suite, ...packages)}`);
}

async function make(version: string, { suite, packages }: Debian, folder: string, { signal }: Making): Promise<void> {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < NEEDED_BYTES)
    throw new EnvironmentError(
      `version ${version}: a root file system needs ${gib(NEEDED_BYTES)} free in ${paths.build}, which has ${gib(bavail * bsize)}: make room`,
    );
  const options = [
    '--mode=root',
    '--variant=apt',
    // An archive that stands still is signed all the same.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    `--include=${packages.join(',')}`,
    // Relative to this folder, so that no character in its path can be of harm.
    `--customize-hook=download /var/lib/dpkg/status ${STATUS}`,
  ];
  const made = await execa(PROGRAM, [...options, suite, TAR], {
    cwd: folder,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: LIMIT_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (made.failed)
    throw failure(version, suite, made.timedOut ? `it took more than ${LIMIT_MS / 60_000} min` : made.all);
  writeFileSync(join(folder, PACKAGES), JSON.stringify(installed(readFileSync(join(folder, STATUS), 'utf8')), null, 2));
  unlinkSync(join(folder, STATUS));
}

/** What is wrong, by what apt says. */
function failure(version: string, suite: string, printed: string): Error {
  const where = `versions.${version}.debian`;
  if (printed.includes('does not have a Release file'))
    return new InputError(`${where}.suite: the archive has no suite ${suite}`);
  const missing = /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/.exec(printed);
  if (missing !== null) return new InputError(`${where}.packages: ${suite} has no package ${missing[1] ?? missing[2]}`);
  const errors = printed.split('\n').filter((line) => line.startsWith('E: '));
  return new EnvironmentError(`${where}: ${PROGRAM} failed: ${(errors[0] ?? printed.slice(-300)).trim()}`);
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
