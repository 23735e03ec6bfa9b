/** Asking a Docker engine about images, and waiting for it to make one. */
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { LABELS } from '../host/labels.ts';
import { EnvironmentError } from '../input/errors.ts';

export async function hasImage(docker: Dockerode, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    // 400: what cannot be the name of an image.
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === 404 || statusCode === 400) return false;
    throw error;
  }
}

/** Make an image of a tar of its whole file system, labelled as one of the rig's. */
export async function importImage(docker: Dockerode, tag: string, root: Readable, label: string): Promise<void> {
  const [repo, version] = tag.split(':');
  const changes = [`LABEL ${LABELS.image}=${label}`];
  const output = await docker.importImage(root, { repo, tag: version, changes });
  await finished(docker, output as unknown as NodeJS.ReadableStream, `cannot import the image ${tag}`);
}

interface Progress {
  readonly error?: string;
}

/** Wait for the engine to finish a build or a pull, and turn the error in its stream into one. */
export async function finished(docker: Dockerode, output: NodeJS.ReadableStream, otherwise: string): Promise<void> {
  const progress = await new Promise<Progress[]>((resolve, reject) => {
    docker.modem.followProgress(output, (error: Error | null, steps: Progress[]) =>
      error === null ? resolve(steps) : reject(error),
    );
  });
  const failed = progress.find((step) => step.error !== undefined);
  if (failed !== undefined) throw new EnvironmentError(`${otherwise}: ${failed.error}`);
}
