/** The package as `npm pack` makes it, unpacked in a folder of somebody who has only that, and what it says it depends on. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { paths } from '../../harness/host/paths.ts';

export interface Installed {
  /** Where the stranger is. */
  readonly folder: string;
  /** Where npm would have put the package. */
  readonly package: string;
  /** The size of the tarball, in bytes. */
  readonly bytes: number;
  /** The files in it. */
  readonly files: readonly string[];
}

/** Dependencies are links to those of the checkout: what the package does not say that it needs, it does not find. */
export async function installPackage(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'rig-test-package-'));
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: paths.root,
    preferLocal: true,
  });
  // A script that runs before may print, too.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as unknown;
  const [{ filename, size, files }] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [
    { filename: string; size: number; files: Array<{ path: string }> },
  ];
  const own = join(folder, 'node_modules', 'refresh-rig');
  mkdirSync(own, { recursive: true });
  await execa('tar', ['--extract', '--file', join(folder, filename), '--directory', own, '--strip-components', '1']);
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(paths.root, 'node_modules', name), link);
  }
  return { folder, package: own, bytes: size, files: files.map(({ path }) => path) };
}

/** Run the command of an installed package there, with caches of its own. */
export function runInstalled({ folder, package: own }: Installed, args: readonly string[], cwd = folder) {
  return execa(process.execPath, [join(own, 'bin', 'refresh-rig.cjs'), ...args], {
    cwd,
    env: { XDG_CACHE_HOME: join(folder, 'cache'), NO_COLOR: '1' },
    reject: false,
  });
}
