/**
 * Where things lie. In a checkout they are beside the sources, and what is built is kept there too. In the package, all code
 * is compiled into dist/, what members and pages are made of has been built before it was packed, and nothing is written into
 * it: what is built on this machine is kept in the user's cache.
 */
import { findPackageJSON } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Whether this is the compiled code of the package. */
export const isPackaged = import.meta.filename.endsWith('.js');

const root = isPackaged ? dirname(import.meta.dirname) : join(import.meta.dirname, '..', '..');

export const paths = {
  root,
  /** The daemon's sources. A checkout's alone, as are the sources of reports. */
  daemon: join(root, 'node'),
  /** The sources of reports, and of the script of their page. */
  report: join(root, 'harness', 'report'),
  versions: join(root, 'versions'),
  fixtures: join(root, 'fixtures'),
  schemas: join(root, 'schemas'),
  /** What tests leave to be looked at. */
  artifacts: join(root, 'artifacts'),
  /** What is built; may be deleted at any time. */
  build: isPackaged ? join(cacheHome(), 'refresh-rig') : join(root, 'build'),
  lockFile: join(root, 'package-lock.json'),
  /** What is built before the package is packed: the code, the daemon as one file and what starts it, the script and the style of pages. */
  dist: join(root, 'dist'),
} as const;

/** The files of dist/ that are no code of the rig's own. */
export const built = {
  pageScript: join(paths.dist, 'page.js'),
  pageStyle: isPackaged ? join(paths.dist, 'page.css') : join(paths.report, 'page.css'),
} as const;

/** As the XDG base directories have it: a relative one counts as none. */
function cacheHome(): string {
  const said = process.env.XDG_CACHE_HOME ?? '';
  return isAbsolute(said) ? said : join(homedir(), '.cache');
}

/**
 * The folder of a package as one of our own files, or one of another package, would find it; null where it is not installed.
 * @param from the folder of the package that asks; ours where it is left out
 */
export function packageFolder(name: string, from = root): string | null {
  try {
    const found = findPackageJSON(name, pathToFileURL(join(from, 'package.json')));
    return found === undefined ? null : dirname(found);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return null;
  }
}
