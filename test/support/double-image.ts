/** An image of the test double, on the base that the rig's own members run on. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import tar from 'tar-stream';
import { ensureBase } from '../../harness/build/base-image.ts';
import { finished } from '../../harness/build/docker-images.ts';
import { engineClient } from '../../harness/host/engine.ts';
import type { Change } from './changes.ts';

const DOUBLE = fileURLToPath(new URL('double.mjs', import.meta.url));
/** Its own of this run of tests, so that nobody else's is taken for it, or removed. */
const TAG = `refresh-rig-test/double:${process.pid}`;

let isBuilt = false;

export const inImage: Change = ({ versions }) => {
  for (const version of Object.values(versions)) version.image = TAG;
};

export async function buildImage(): Promise<void> {
  const docker = (await engineClient()).container.dockerode;
  const { image } = await ensureBase(docker);
  const context = tar.pack();
  context.entry({ name: 'Dockerfile' }, `FROM ${image}\nCOPY double.mjs /double.mjs\n`);
  context.entry({ name: 'double.mjs' }, readFileSync(DOUBLE));
  context.finalize();
  const output = await docker.buildImage(Readable.from(context), { t: TAG, forcerm: true });
  await finished(docker, output, `cannot build the image ${TAG}`);
  isBuilt = true;
}

/** Where it has been built. */
export async function removeImage(): Promise<void> {
  if (!isBuilt) return;
  const docker = (await engineClient()).container.dockerode;
  await docker.getImage(TAG).remove({ force: true });
  isBuilt = false;
}
