/** `refresh-rig doctor`: what is here, what each is needed for, and how to get it. */
import { Command } from 'commander';
import colors from 'picocolors';
import { findLibrary } from '../build/libraries.ts';
import { processRuntime } from '../runtime/process.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';

interface Finding {
  readonly name: string;
  readonly found: string | null;
  readonly neededFor: string;
  readonly howToGet: string;
  /** Whether nothing works without it. */
  readonly essential: boolean;
}

const NODE_MAJOR = 24;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what is here, what each is needed for, and how to get it')
    .option('--clean', 'remove what rigs that were killed have left behind')
    .option('--json', 'print JSON')
    .action(async ({ clean, json }: { clean?: boolean; json?: boolean }) => {
      const { askEngine } = await import('../runtime/engine.ts');
      const engine = await askEngine();
      if (clean) return cleanUp(engine.answers);
      const findings = [
        node(),
        engineFinding(engine.answers ? engine.version : null),
        await images(engine.answers),
        await libdqlite(),
      ];
      if (json) printJson(findings);
      else for (const finding of findings) console.log(lineOf(finding));
      process.exitCode = findings.some(({ essential, found }) => essential && found === null)
        ? EXIT.environment
        : EXIT.holds;
    });
}

function lineOf({ name, found, neededFor, howToGet }: Finding): string {
  const mark = found === null ? colors.yellow('missing') : colors.green('  found');
  return `${mark}  ${colors.bold(name)} ${found ?? ''}\n         for ${neededFor}${found === null ? `; ${howToGet}` : ''}`;
}

function node(): Finding {
  const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
  return {
    name: 'Node',
    found: isNew ? process.version : null,
    neededFor: 'everything',
    howToGet: `this is ${process.version}, and ${NODE_MAJOR} is needed: run through npm (npm run rig --), which finds the pinned one`,
    essential: true,
  };
}

function engineFinding(version: string | null): Finding {
  return {
    name: 'Docker engine',
    found: version,
    neededFor: 'members in containers (without it they are processes)',
    howToGet: 'on Debian: apt-get install --no-install-recommends docker.io iptables, then start dockerd',
    essential: false,
  };
}

async function images(engineAnswers: boolean): Promise<Finding> {
  const tags = engineAnswers ? await memberImages() : [];
  return {
    name: 'member images',
    found: tags.length === 0 ? null : tags.join(', '),
    neededFor: 'members in containers (a roll builds those it lacks)',
    howToGet: 'make images',
    essential: false,
  };
}

async function memberImages(): Promise<string[]> {
  const { engineClient } = await import('../runtime/engine.ts');
  const found = await (await engineClient()).container.dockerode.listImages({
    filters: { reference: ['refresh-rig/member'] },
  });
  return found
    .flatMap((image) => image.RepoTags ?? [])
    .filter((tag) => tag.startsWith('refresh-rig/member:'))
    .sort();
}

async function libdqlite(): Promise<Finding> {
  return {
    name: 'libdqlite',
    found: await findLibrary('libdqlite.so.0'),
    neededFor: 'members that embed dqlite; nothing needs it yet, and an assembled base image takes it along',
    howToGet: 'on Debian: apt-get install libdqlite0',
    essential: false,
  };
}

async function cleanUp(engineAnswers: boolean): Promise<void> {
  const removed = await processRuntime().clean();
  if (engineAnswers) {
    const { containerRuntime } = await import('../runtime/container.ts');
    removed.push(...(await containerRuntime().clean()));
  }
  console.log(
    removed.length === 0 ? 'no rig has left anything behind' : removed.map((what) => `removed ${what}`).join('\n'),
  );
}
