/** The root file systems in which members live that have namespaces of their own. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from '../../build/artifact.ts';
import { ensureRoot, type Making, requireMaking, unpackRoot, wantedOf } from '../../build/root-filesystem.ts';
import { EnvironmentError, InputError } from '../../input/errors.ts';
import { placeOf } from '../../input/yaml.ts';
import { NEEDED_IN_ROOT } from './place.ts';

/**
 * Make those that are not there yet.
 * @returns their paths, by version
 * @throws InputError where a version has none, or one that cannot be lived in; EnvironmentError where one cannot be made
 */
export async function prepareRoots(artifacts: readonly Artifact[], making: Making): Promise<Map<string, string>> {
  const wanted = artifacts.flatMap(wantedOf);
  if (wanted.length < artifacts.length) throw new EnvironmentError('not every version is made of a Debian suite');
  requireMaking(wanted);
  const roots = new Map<string, string>();
  for (const one of wanted) {
    const root = await unpackRoot(await ensureRoot(one, making), making);
    const where = (key: string): string => placeOf(one.file, ['versions', one.version, key]);
    const missing = NEEDED_IN_ROOT.find(([path]) => !isIn(root, path));
    if (missing !== undefined)
      throw new InputError(
        `${where('debian')}: a member in a namespace needs ${missing[0]} in it: add the package ${missing[1]}`,
      );
    roots.set(one.version, root);
  }
  for (const { version, program, image } of artifacts) {
    const [path] = program.container;
    if (image.of !== 'debian' || path === undefined || !path.startsWith('/') || isIn(roots.get(version)!, path))
      continue;
    throw new InputError(`${placeOf(image.file, ['versions', version, 'command'])}: its packages have no ${path}`);
  }
  return roots;
}

/** Not whether what it may be a link to is there: that would be looked for on this host. */
function isIn(root: string, path: string): boolean {
  return lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
}
