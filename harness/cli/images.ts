/** `refresh-rig images`: build the image of every version, for docker-compose.yml and for a look. */
import { Command } from 'commander';
import { chooseDaemon } from '../daemon/choose.ts';
import { EnvironmentError } from '../input/errors.ts';
import { plansFrom } from './options.ts';
import { daemonOfPlan } from './roll-plan.ts';

export function imagesCommand(): Command {
  return new Command('images')
    .option('--daemon <name>', 'whose: a daemon by name, or the file of its description (default: our own)')
    .action(async ({ daemon }: { daemon?: string }) => {
      const [{ askEngine, engineClient }, { imageName, prepareImages }] = await Promise.all([
        import('../host/engine.ts'),
        import('../build/images.ts'),
      ]);
      const engine = await askEngine();
      if (!engine.answers)
        throw new EnvironmentError(`images need a Docker engine, and none answers: ${engine.because}`);
      const { versions } = chooseDaemon(daemon);
      const [plan] = plansFrom(undefined, daemon === undefined ? {} : { daemon });
      const artifacts = await daemonOfPlan(plan!).build([...versions.keys()]);
      const { dockerode } = (await engineClient()).container;
      const making = { say: (line: string) => console.log(line), signal: new AbortController().signal };
      const tags = await prepareImages(dockerode, [...artifacts.values()], making);
      for (const [version, tag] of tags) console.log(daemon === undefined ? imageName(version) : `${version}: ${tag}`);
    });
}
