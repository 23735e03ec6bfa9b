/** Making a folder where what is built is kept, so that it is there whole or not at all, whoever is killed meanwhile. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOwnerAlive, owner } from '../host/owner.ts';
import { isPackaged, paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';

/** How often it is looked whether somebody else has made it. */
const AGAIN_MS = 200;

/**
 * Fill a folder that is not there yet. Two rigs may do so at once: the first that has finished wins.
 * @param beside a folder of the same disk, in which it is made
 * @throws EnvironmentError where nothing can be kept
 */
export async function makeWhole(
  folder: string,
  fill: (making: string) => Promise<void>,
  beside = paths.build,
): Promise<void> {
  const making = begin(basename(folder), beside);
  try {
    await fill(making);
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** The same, for what takes so long that whoever finds somebody at it waits. @throws the signal's reason when it aborts */
export async function makeOnce(
  folder: string,
  fill: (making: string) => Promise<void>,
  beside: string,
  signal: AbortSignal,
): Promise<void> {
  while (!existsSync(folder) && isBeingMade(basename(folder), beside)) await sleep(AGAIN_MS, undefined, { signal });
  if (!existsSync(folder)) await makeWhole(folder, fill, beside);
}

function begin(name: string, beside: string): string {
  try {
    mkdirSync(beside, { recursive: true });
    for (const { path, isAlive } of makingIn(beside)) if (!isAlive) rmSync(path, { recursive: true, force: true });
    const random = randomBytes(4).toString('hex');
    const making = join(beside, `${PREFIX}${name}-${random}@${encodeURIComponent(owner())}`);
    mkdirSync(making);
    return making;
  } catch (error) {
    const otherwise = isPackaged ? ': set XDG_CACHE_HOME to a folder that can be written' : '';
    throw new EnvironmentError(`cannot keep what is built: ${(error as Error).message}${otherwise}`);
  }
}

/** What is being made has this, its own name, something random and its maker in its name. */
const PREFIX = 'making-';

function isBeingMade(name: string, beside: string): boolean {
  return existsSync(beside) && makingIn(beside).some((making) => making.isAlive && making.name === name);
}

/** What is being made, and what somebody was making when it was killed. */
function makingIn(folder: string): Array<{ path: string; name: string; isAlive: boolean }> {
  return readdirSync(folder).flatMap((entry) => {
    const [, name, ownedBy] = /^making-(.*)-[0-9a-f]{8}@(.*)$/.exec(entry) ?? [];
    if (name === undefined || ownedBy === undefined) return [];
    return [{ path: join(folder, entry), name, isAlive: isOwnerAlive(decodeURIComponent(ownedBy)) }];
  });
}
