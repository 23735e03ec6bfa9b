/**
 * What rigs that are gone have left on this host: folders by the owner's file in them, processes by a mark in their
 * environment.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOwnerAlive, OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';
import { removeSiteFolder } from './site-folder.ts';

const MARK = 'REFRESH_RIG_MEMBER';

/** The environment by which a process can be known as a member of a roll: RUN MEMBER OWNER. */
export function markOf(run: string, member: string): Record<string, string> {
  return { [MARK]: `${run} ${member} ${owner()}` };
}

export interface MarkedProcess {
  readonly pid: number;
  readonly run: string;
  readonly member: string;
  readonly owner: string;
}

/** All processes of this host that carry the mark, as far as they can be read. Linux only; elsewhere there are none. */
export function markedProcesses(): MarkedProcess[] {
  return numbersIn('/proc').flatMap((pid) => {
    const mark = variableOf(pid, MARK);
    const [run, member, ...rest] = mark?.split(' ') ?? [];
    return run === undefined || member === undefined ? [] : [{ pid, run, member, owner: rest.join(' ') }];
  });
}

/** Ends whatever still lives of a roll of this rig's, as what has left the group of its member; another rig may have one of that name. */
export function killProcessesOf(run: string): void {
  for (const found of markedProcesses()) if (found.run === run && found.owner === owner()) killProcess(found.pid);
}

/** How long a process that was killed may take to be gone; until then it may write in its folder. */
const GONE_LIMIT_MS = 5000;
const GONE_EVERY_MS = 20;

/** @returns what was removed, as sentences. @throws EnvironmentError where something cannot be read, or does not go */
export async function removeLeftovers(): Promise<string[]> {
  const processes = orphans();
  for (const { pid } of processes) killProcess(pid);
  const limit = AbortSignal.timeout(GONE_LIMIT_MS);
  for (let left = orphans(); left.length > 0; left = orphans()) {
    if (limit.aborted)
      throw new EnvironmentError(`an earlier rig has left process ${left[0]!.pid}, and it cannot be killed`);
    for (const { pid } of left) killProcess(pid);
    await sleep(GONE_EVERY_MS);
  }
  const folders = siteFolders().filter((folder) => {
    const ownedBy = readOwner(folder);
    return ownedBy !== null && !isOwnerAlive(ownedBy) && isOfThisUser(folder);
  });
  for (const folder of folders) removeSiteFolder(folder);
  return [
    ...processes.map(({ pid, member, run }) => `process ${pid} (${member} of roll ${run})`),
    ...folders.map((folder) => `folder ${folder}`),
  ];
}

/** The members of rigs that are gone. */
function orphans(): MarkedProcess[] {
  return markedProcesses().filter((found) => !isOwnerAlive(found.owner));
}

/** @throws EnvironmentError where it is there and cannot be killed */
function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has gone, or a rig beside this one was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH')
      throw new EnvironmentError(`cannot kill process ${pid}, which a rig has started: ${(error as Error).message}`);
  }
}

function siteFolders(): string[] {
  try {
    return readdirSync(tmpdir(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(SITE_PREFIX))
      .map((entry) => join(tmpdir(), entry.name));
  } catch (error) {
    throw new EnvironmentError(
      `cannot read the folder of temporary files: ${(error as Error).message}: set TMPDIR to one that is there`,
    );
  }
}

function readOwner(folder: string): string | null {
  try {
    return readFileSync(join(folder, OWNER_FILE), 'utf8');
  } catch {
    // Somebody else's folder, or one that a rig is just making: not ours to remove.
    return null;
  }
}

/** Another user's rig cleans up after itself. */
function isOfThisUser(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function variableOf(pid: number, name: string): string | null {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  } catch {
    // Another user's, or gone meanwhile.
    return null;
  }
}
