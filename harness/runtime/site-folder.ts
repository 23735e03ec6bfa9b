/** The folder of one roll on this host: with its owner's name in it, so that it is known as a leftover once that is gone. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';

/** @param folders the folders to make in it. @throws EnvironmentError */
export function makeSiteFolder(run: string, folders: readonly string[]): string {
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(tmpdir(), `${SITE_PREFIX}${run}-`));
    writeFileSync(join(folder, OWNER_FILE), owner());
    for (const name of folders) mkdirSync(join(folder, name));
    return folder;
  } catch (error) {
    // Without its owner's name in it nobody would know it for a leftover.
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    throw new EnvironmentError(
      `cannot make a folder for the members: ${(error as Error).message}: set TMPDIR to a folder that can be written`,
    );
  }
}

/** With whatever is mounted in it. @throws EnvironmentError */
export function removeSiteFolder(folder: string): void {
  try {
    for (const mounted of mountsIn(folder)) execFileSync('umount', ['--lazy', mounted], { stdio: 'pipe' });
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw new EnvironmentError(`cannot remove ${folder}: ${(error as Error).message}: the next start tries again`);
  }
}

/** The last that was mounted first. None but on Linux. */
function mountsIn(folder: string): string[] {
  if (process.platform !== 'linux' || !existsSync(folder)) return [];
  const below = `${realpathSync(folder)}${sep}`;
  // Spaces, tabs, line ends and backslashes are in octal there.
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  return mounted.filter((path) => path.startsWith(below)).reverse();
}
