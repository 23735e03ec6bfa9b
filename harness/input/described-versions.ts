/** The versions of a described daemon, as the pure machine counts them. */
import type { Version } from '../../node/upgrade/version.ts';
import type { DescribedVersion } from './description.ts';

const NAMES: string[] = [];

/** Names for as many API extensions: a described daemon tells how many it has, and not what they are called. */
export function extensionNames(count: number): readonly string[] {
  while (NAMES.length < count) NAMES.push(`api_${NAMES.length + 1}`);
  return NAMES.slice(0, count);
}

/** What a version pins, as far as its description says. */
export function pinnedBy(name: string, { schema = 0, api = 0 }: Pick<DescribedVersion, 'schema' | 'api'>): Version {
  return { name, internal: schema, external: 0, extensions: extensionNames(api) };
}
