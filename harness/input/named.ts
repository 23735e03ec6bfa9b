/** Finding a version by the name that somebody wrote. */
import { InputError } from './errors.ts';

/** @throws InputError that names those that there are */
export function named<Known>(versions: ReadonlyMap<string, Known>, name: string): Known {
  const found = versions.get(name);
  if (found !== undefined) return found;
  throw new InputError(`there is no version ${name}; there are ${[...versions.keys()].join(', ')}`);
}
