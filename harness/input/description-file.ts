/** Reading a description: from its YAML, with what it names beside itself found from where it lies. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type DescribedVersion, Description } from './description.ts';
import { readYaml } from './yaml.ts';

/** @throws InputError naming file, line and key */
export function readDescription(file: string): {
  readonly description: Description;
  readonly folder: string;
  readonly file: string;
} {
  const folder = resolve(dirname(file));
  const read = readYaml(file, 'description', Description);
  const versions = Object.fromEntries(
    Object.entries(read.versions).map(([name, version]) => [name, beside(version, folder)]),
  );
  return { description: { ...read, versions }, folder, file: resolve(file) };
}

/** A program that is named by a path beside the description is found from there, wherever the rig is started. */
function beside(version: DescribedVersion, folder: string): DescribedVersion {
  if (version.program === undefined) return version;
  const program = version.program.map((part) =>
    part.startsWith('./') || part.startsWith('../') ? (isAbsolute(part) ? part : join(folder, part)) : part,
  );
  return { ...version, program };
}
