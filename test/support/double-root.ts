/** A root file system with the test double in it, as it would be kept that was made of a Debian suite. */
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import tar from 'tar-stream';
import { folderOf, PACKAGES, TAR } from '../../harness/build/root-filesystem.ts';
import { neededLibraries } from '../../harness/host/libraries.ts';
import type { Change } from './changes.ts';
import { setVariable } from './environment.ts';

const DOUBLE = fileURLToPath(new URL('double.mjs', import.meta.url));
/** No archive has it. */
const DEBIAN = { suite: 'double', packages: ['double'] };

let folder: string | null = null;
let putBack: () => void = () => undefined;

export const inRoot: Change = ({ versions }) => {
  for (const version of Object.values(versions)) {
    delete version.program;
    delete version.image;
    version.debian = DEBIAN;
  }
};

export async function buildRoot(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'rig-test-roots-'));
  putBack = setVariable('RIG_ROOTS', folder);
  const root = folderOf(DEBIAN);
  mkdirSync(root);
  writeFileSync(join(root, PACKAGES), JSON.stringify({ double: '1.0-1' }));
  const programs = { '/usr/local/bin/node': process.execPath, '/usr/bin/umount': '', '/usr/bin/setpriv': '' };
  const files = new Map(Object.entries(programs).map(([target, source]) => [target, source || target]));
  for (const program of [...files.values()])
    for (const library of await neededLibraries(program)) files.set(library, library);
  const pack = tar.pack();
  for (const name of ['dev', 'etc', 'proc', 'root', 'sys', 'tmp']) pack.entry({ name, type: 'directory', mode: 0o755 });
  for (const [target, source] of files)
    pack.entry({ name: target.slice(1), mode: 0o755 }, readFileSync(realpathSync(source)));
  pack.entry({ name: 'double.mjs' }, readFileSync(DOUBLE));
  pack.finalize();
  await pipeline(pack, createWriteStream(join(root, TAR)));
}

/** Where it has been built. */
export function removeRoot(): void {
  if (folder === null) return;
  rmSync(folder, { recursive: true });
  putBack();
  folder = null;
}
