/** The folder of one roll on this host: with its owner's name in it, so that it is known as a leftover once that is gone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';

/** @param folders the folders to make in it. @throws EnvironmentError */
export function makeSiteFolder(run: string, folders: readonly string[]): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), `${SITE_PREFIX}${run}-`));
    writeFileSync(join(folder, OWNER_FILE), owner());
    for (const name of folders) mkdirSync(join(folder, name));
    return folder;
  } catch (error) {
    throw new EnvironmentError(
      `cannot make a folder for the members: ${(error as Error).message}: set TMPDIR to a folder that can be written`,
    );
  }
}

/** @throws EnvironmentError */
export function removeSiteFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw new EnvironmentError(`cannot remove ${folder}: ${(error as Error).message}: the next start tries again`);
  }
}
