/** The shared libraries of this host, as its loader finds them. Linux only; elsewhere there is none to be found. */
import { execa } from 'execa';
import { LIBRARY } from '../../node/database/dqlite/library.ts';
import { EnvironmentError } from '../input/errors.ts';

/** The path of a library by its name (`libdqlite.so.0`), or null where the loader does not know it. */
async function findLibrary(name: string): Promise<string | null> {
  const { stdout } = await execa('/sbin/ldconfig', ['-p'], { reject: false });
  const line = (stdout ?? '').split('\n').find((entry) => entry.trim().startsWith(`${name} `));
  return line?.split(' => ')[1] ?? null;
}

/** The path of libdqlite, or null where it is not installed. */
export function findDqlite(): Promise<string | null> {
  return findLibrary(LIBRARY);
}

/**
 * The paths of the libraries that the loader needs for a file, the loader itself among them.
 * @throws EnvironmentError
 */
export async function neededLibraries(file: string): Promise<string[]> {
  const { stdout, failed, shortMessage } = await execa('ldd', [file], { reject: false });
  if (failed) throw new EnvironmentError(`cannot tell which libraries ${file} needs: ${shortMessage}`);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}
