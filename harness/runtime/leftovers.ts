/**
 * What rigs that are gone have left on this host: folders by the owner's file in them, processes by a mark in their
 * environment.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOwnerAlive, OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';

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

/** @returns what was removed, as sentences. @throws EnvironmentError where the folder of temporary files cannot be read */
export async function removeLeftovers(): Promise<string[]> {
  const removed: string[] = [];
  for (const { pid, member, run, owner: ownedBy } of markedProcesses()) {
    if (isOwnerAlive(ownedBy)) continue;
    process.kill(pid, 'SIGKILL');
    removed.push(`process ${pid} (${member} of roll ${run})`);
  }
  for (const folder of siteFolders()) {
    const ownedBy = readOwner(folder);
    if (ownedBy === null || isOwnerAlive(ownedBy)) continue;
    rmSync(folder, { recursive: true, force: true });
    removed.push(`folder ${folder}`);
  }
  return removed;
}

function siteFolders(): string[] {
  try {
    return readdirSync(tmpdir())
      .filter((entry) => entry.startsWith(SITE_PREFIX))
      .map((entry) => join(tmpdir(), entry));
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
