/** `refresh-rig images`: build the image of every version, for docker-compose.yml and for a look. */
import { Command } from 'commander';
import { daemonKind } from '../daemon/ours.ts';
import { EnvironmentError } from '../input/errors.ts';
import { ourVersions } from './options.ts';

export function imagesCommand(): Command {
  return new Command('images')
    .description('build the images of all versions, where their inputs changed')
    .action(async () => {
      const [{ askEngine, engineClient }, { imageName, prepareImages }] = await Promise.all([
        import('../host/engine.ts'),
        import('../build/images.ts'),
      ]);
      const engine = await askEngine();
      if (!engine.answers)
        throw new EnvironmentError(`images need a Docker engine, and none answers: ${engine.because}`);
      const versions = ourVersions();
      const artifacts = await daemonKind(versions).build([...versions.keys()]);
      const { base, tags } = await prepareImages((await engineClient()).container.dockerode, artifacts.values());
      console.log(`base: ${base}`);
      for (const version of tags.keys()) console.log(imageName(version));
    });
}
