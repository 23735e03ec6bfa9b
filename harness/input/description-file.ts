/** Reading a description: from its YAML, with what it names beside itself found from where it lies. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type DescribedVersion, Description } from './description.ts';
import { InputError } from './errors.ts';
import { readYaml } from './yaml.ts';

/** @throws InputError naming file, line and key */
export function readDescription(file: string): { readonly description: Description; readonly folder: string } {
  const folder = resolve(dirname(file));
  const read = readYaml(file, 'description', Description);
  refuse(file, read);
  const versions = Object.fromEntries(
    Object.entries(read.versions).map(([name, version]) => [name, beside(version, folder)]),
  );
  return { description: { ...read, versions }, folder };
}

/** A program that is named by a path beside the description is found from there, wherever the rig is started. */
function beside(version: DescribedVersion, folder: string): DescribedVersion {
  if (version.program === undefined) return version;
  const program = version.program.map((part) =>
    part.startsWith('./') || part.startsWith('../') ? (isAbsolute(part) ? part : join(folder, part)) : part,
  );
  return { ...version, program };
}

/** What a schema cannot say. */
function refuse(file: string, { versions, model, form, probes }: Description): void {
  const names = Object.entries(versions);
  if (names.length === 0) throw new InputError(`${file}: versions: there must be at least one`);
  for (const [name, { program, image, debian, command, schema, api }] of names) {
    if (program === undefined && image === undefined && debian === undefined)
      throw new InputError(
        `${file}: versions.${name}: it needs a program of this host (program: [PATH, …]), or what a container is made of (image: NAME, or debian: {suite, packages}), or both`,
      );
    if (image !== undefined && debian !== undefined)
      throw new InputError(`${file}: versions.${name}: its image is either made (debian) or there (image): drop one`);
    if (debian !== undefined && command === undefined)
      throw new InputError(
        `${file}: versions.${name}.debian: packages do not say what a container runs: name it (command: [PATH, …])`,
      );
    if (model !== undefined && (schema === undefined || api === undefined))
      throw new InputError(
        `${file}: versions.${name}: a daemon with a model needs the counts of each version (schema: N, api: N): the model compares them`,
      );
  }
  if (form?.join !== undefined && form.how === 'together')
    throw new InputError(`${file}: form.join: members that start together do not join: drop it, or how: together`);
  if (form?.how === 'together' && !probes.some(({ formed }) => formed !== undefined))
    throw new InputError(
      `${file}: form.how: together needs a probe that knows a formed cluster (probes: … formed: …), or it cannot be told when it is there`,
    );
}
