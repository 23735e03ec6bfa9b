/**
 * Images from artifacts: a base, the layer that all versions of a kind share, and a small layer a version. Every image is
 * tagged with the digest of all that it was made from, and is built only where that tag is missing.
 */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import tarStream from 'tar-stream';
import { digestOf } from '../host/digest.ts';
import { LABELS } from '../host/labels.ts';
import { EnvironmentError } from '../input/errors.ts';
import { placeOf } from '../input/yaml.ts';
import type { Artifact, Layer } from './artifact.ts';
import { type Base, ensureBase } from './base-image.ts';
import { finished, hasImage, importImage } from './docker-images.ts';
import { ensureRoot, type Making, requireMaking, type Wanted, wantedOf } from './root-filesystem.ts';

/** The name of a version's image for docker-compose.yml and for people: the one that was prepared last. */
export function imageName(version: string): string {
  return `refresh-rig/member:${version}`;
}

/**
 * Tags by version, each naming the content of its image: another checkout cannot move them.
 * @throws EnvironmentError; InputError where there is no such thing as it is to be made of
 */
export async function prepareImages(
  docker: Dockerode,
  artifacts: readonly Artifact[],
  making: Making,
): Promise<ReadonlyMap<string, string>> {
  requireMaking(artifacts.flatMap(wantedOf));
  const tags = new Map<string, string>();
  let base: Base | null = null;
  for (const artifact of artifacts) {
    const { image, version } = artifact;
    if (image.of === 'nothing') throw new Error(`version ${version} has no image, and was not refused`);
    if (image.of === 'engine') tags.set(version, await named(docker, version, image));
    else if (image.of === 'debian') tags.set(version, await imageOfRoot(docker, { version, ...image }, making));
    else {
      if (base === null) {
        base = await ensureBase(docker);
        making.say(`base image: ${base.says}`);
      }
      const tag = await buildLayers(docker, base.image, artifact);
      const [repo, name] = imageName(version).split(':');
      await docker.getImage(tag).tag({ repo: repo!, tag: name! });
      tags.set(version, tag);
    }
  }
  return tags;
}

async function imageOfRoot(docker: Dockerode, wanted: Wanted, making: Making): Promise<string> {
  const { digest, tar } = await ensureRoot(wanted, making);
  const tag = `refresh-rig/root:${digest}`;
  if (!(await hasImage(docker, tag))) await importImage(docker, tag, createReadStream(tar), wanted.version);
  return tag;
}

/** @throws EnvironmentError where the engine does not have the image that a version names */
async function named(
  docker: Dockerode,
  version: string,
  { name, file }: { readonly name: string; readonly file: string | null },
): Promise<string> {
  if (await hasImage(docker, name)) return name;
  throw new EnvironmentError(
    `${placeOf(file, ['versions', version, 'image'])}: the engine does not have the image ${name}: build or pull it first`,
  );
}

async function buildLayers(docker: Dockerode, base: string, artifact: Artifact): Promise<string> {
  const { layers, program, env } = artifact;
  let below = base;
  for (const [index, layer] of layers.entries()) {
    const isLast = index === layers.length - 1;
    const settings = [
      ...Object.entries(env.container).map(([name, value]) => `ENV ${name}=${value}`),
      `ENTRYPOINT ${JSON.stringify(program.container)}`,
    ];
    const recipe = [
      `FROM ${below}`,
      'COPY rootfs/ /',
      `LABEL ${LABELS.image}=${isLast ? artifact.version : 'shared'}`,
      ...(isLast ? settings : []),
    ].join('\n');
    const tag = `refresh-rig/layer:${digestOf(recipe, layer.digest)}`;
    if (!(await hasImage(docker, tag))) await buildImage(docker, tag, recipe, layer);
    below = tag;
  }
  return below;
}

async function buildImage(docker: Dockerode, tag: string, recipe: string, layer: Layer): Promise<void> {
  const context = tarStream.pack();
  context.entry({ name: 'Dockerfile' }, recipe);
  for (const { source, target } of layer.files) {
    context.entry({ name: `rootfs${target}`, mode: statSync(source).mode, mtime: new Date(0) }, readFileSync(source));
  }
  context.finalize();
  const output = await docker.buildImage(Readable.from(context), { t: tag, forcerm: true });
  await finished(docker, output, `cannot build the image ${tag}`);
}
