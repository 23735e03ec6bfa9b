/** Making a folder where what is built is kept, so that it is there whole or not at all, whoever is killed meanwhile. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning } from '../host/owner.ts';
import { isPackaged, paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';

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
  const making = begin(beside);
  try {
    await fill(making);
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function begin(beside: string): string {
  try {
    mkdirSync(beside, { recursive: true });
    removeAbandoned(beside);
    return mkdtempSync(join(beside, `making-${process.pid}-`));
  } catch (error) {
    const otherwise = isPackaged ? ': set XDG_CACHE_HOME to a folder that can be written' : '';
    throw new EnvironmentError(`cannot keep what is built: ${(error as Error).message}${otherwise}`);
  }
}

/** What a rig was making when it was killed. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^making-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
