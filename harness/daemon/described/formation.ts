/** What a formed cluster of a version depends on, so that one that is kept is used again only where it is the same. */
import { statSync } from 'node:fs';
import { digestOf } from '../../host/digest.ts';
import type { DescribedVersion } from '../../input/description.ts';
import type { DescribedSettings } from './settings.ts';

/** Names all that it depends on: of what is only observed, nothing. */
export function formationOf({ description, folder }: DescribedSettings, version: string): string {
  const { versions, start, form, port } = description;
  const { about: _, ...described } = versions[version] as DescribedVersion;
  const said = JSON.stringify([described, start, form, port]);
  // Another build under the same name forms another cluster.
  const builds = (described.program ?? []).map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return digestOf(said, said.includes('{description.folder}') ? folder : '', builds.join(' '));
}
