/** Making a folder below build/ so that it is there whole or not at all, whoever is killed meanwhile. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning } from '../host/owner.ts';
import { paths } from '../host/paths.ts';

/** Fill a folder that is not there yet. Two rigs may do so at once: the first that has finished wins. */
export async function makeWhole(folder: string, fill: (making: string) => Promise<void>): Promise<void> {
  mkdirSync(paths.build, { recursive: true });
  removeAbandoned();
  const making = mkdtempSync(join(paths.build, `making-${process.pid}-`));
  try {
    await fill(making);
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** What a rig was making when it was killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(paths.build)) {
    const pid = /^making-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(paths.build, name), { recursive: true, force: true });
  }
}
