/** Finding a version by the name that somebody wrote. */
import { InputError } from './errors.ts';

/**
 * @param saidBy what the error begins with: the key that said it
 * @throws InputError that names those that there are
 */
export function named<Known>(versions: ReadonlyMap<string, Known>, name: string, saidBy = ''): Known {
  const found = versions.get(name);
  if (found !== undefined) return found;
  throw new InputError(`${saidBy}there is no version ${name}; there are ${[...versions.keys()].join(', ')}`);
}
