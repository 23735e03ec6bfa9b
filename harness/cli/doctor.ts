/** `refresh-rig doctor`: what is here, what each is needed for, and how to get it. */
import { Command } from 'commander';
import colors from 'picocolors';
import { knownRoot, PROGRAM as MMDEBSTRAP } from '../build/root-filesystem.ts';
import { chooseDaemon } from '../daemon/choose.ts';
import { invocation } from '../host/invocation.ts';
import { LABELS } from '../host/labels.ts';
import { findDqlite } from '../host/libraries.ts';
import { findProgram } from '../host/programs.ts';
import type { Debian } from '../input/description.ts';
import { InputError } from '../input/errors.ts';
import { beside, type Screen, screenOf } from '../report/screen.ts';
import { lackOfNamespaces } from '../runtime/namespaces/tools.ts';
import { processRuntime } from '../runtime/process.ts';
import { removeLeftovers } from './clean.ts';
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

interface DoctorFlags {
  readonly daemon?: string;
  readonly clean?: boolean;
  readonly images?: boolean;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .option('--daemon <name>', 'also what the versions of this daemon need: by name, or the file of its description')
    .option('--clean', 'remove what rigs that were killed have left behind')
    .option('--images', 'with --clean: remove all images that were built, too')
    .option('--json', 'print JSON')
    .action(async ({ daemon, clean, images: removesImages, json }: DoctorFlags) => {
      const { askEngine } = await import('../host/engine.ts');
      const engine = await askEngine();
      if (clean) return cleanUp(engine.answers, removesImages === true);
      if (removesImages) throw new InputError('--images goes with --clean: it says what to remove');
      const findings = [
        node(),
        engineFinding(engine.answers ? engine.version : null),
        await images(engine.answers),
        await libdqlite(),
        mmdebstrap(),
        await namespaces(),
        ...(daemon === undefined ? [] : await versionFindings(daemon, engine.answers)),
      ];
      if (json) printJson(findings);
      else for (const finding of findings) console.log(linesOf(finding, screenOf(process.stdout)).join('\n'));
      process.exitCode = findings.some(({ essential, found }) => essential && found === null)
        ? EXIT.environment
        : EXIT.holds;
    });
}

const INDENT = ' '.repeat(9);

function linesOf({ name, found, neededFor, howToGet }: Finding, screen: Screen): string[] {
  const mark = found === null ? colors.yellow('missing  ') : colors.green('  found  ');
  return [
    ...beside(mark, `${colors.bold(name)} ${found ?? ''}`.trimEnd(), screen),
    ...beside(INDENT, `for ${neededFor}${found === null ? `; ${howToGet}` : ''}`, screen),
  ];
}

function node(): Finding {
  const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
  return {
    name: 'Node',
    found: isNew ? process.version : null,
    neededFor: 'everything',
    howToGet: `this is ${process.version}, and ${NODE_MAJOR} is needed: npm run rig -- finds the pinned one of a checkout`,
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
    found: tags.length === 0 ? null : `refresh-rig/member: ${tags.join(', ')}`,
    neededFor:
      'members in containers; a roll builds those it lacks, on the base that RIG_BASE_IMAGE names or on one of its own',
    howToGet: `${invocation()} images`,
    essential: false,
  };
}

/** The versions that there are images of. */
async function memberImages(): Promise<string[]> {
  const { engineClient } = await import('../host/engine.ts');
  const found = await (await engineClient()).container.dockerode.listImages({
    filters: { reference: ['refresh-rig/member'] },
  });
  return found
    .flatMap((image) => image.RepoTags ?? [])
    .flatMap((tag) => /^refresh-rig\/member:(.*)$/.exec(tag)?.[1] ?? [])
    .sort();
}

async function libdqlite(): Promise<Finding> {
  return {
    name: 'libdqlite',
    found: await findDqlite(),
    neededFor: 'members that replicate their database (--database dqlite); an assembled base image takes it along',
    howToGet: 'on Debian: apt-get install libdqlite0 (1.11 or later; Linux only)',
    essential: false,
  };
}

function mmdebstrap(): Finding {
  return {
    name: 'mmdebstrap',
    found: findProgram(MMDEBSTRAP),
    neededFor:
      'versions that are packages of a Debian suite, as those of --daemon incus and lxd; it is run as root, once',
    howToGet: 'on Debian: apt-get install --no-install-recommends mmdebstrap',
    essential: false,
  };
}

async function namespaces(): Promise<Finding> {
  const lack = await lackOfNamespaces();
  return {
    name: 'namespaces',
    found: lack === null ? 'network, mount and UTS, with overlays' : null,
    neededFor:
      'members that come with a root file system, where they are not in containers, as those of --daemon incus and lxd',
    howToGet: lack ?? '',
    essential: false,
  };
}

async function cleanUp(engineAnswers: boolean, removesImages: boolean): Promise<void> {
  const { containerRuntime } = await import('../runtime/container.ts');
  const removed = await removeLeftovers(engineAnswers ? containerRuntime() : processRuntime());
  if (engineAnswers && removesImages) removed.push(...(await removeImages()));
  console.log(
    removed.length === 0 ? 'no rig has left anything behind' : removed.map((what) => `removed ${what}`).join('\n'),
  );
}

/** Remove every image that the rig has built; the next roll builds what it needs again. */
async function removeImages(): Promise<string[]> {
  const { engineClient } = await import('../host/engine.ts');
  const { dockerode } = (await engineClient()).container;
  const found = await dockerode.listImages({ filters: { label: [LABELS.image] } });
  const tags = found.flatMap((image) => image.RepoTags ?? []).filter((tag) => tag.startsWith('refresh-rig/'));
  for (const tag of tags) await dockerode.getImage(tag).remove({ force: true });
  return tags.map((tag) => `image ${tag}`);
}

/** Whether the program and the image of each version of a described daemon are here. */
async function versionFindings(wanted: string, engineAnswers: boolean): Promise<Finding[]> {
  const { described } = chooseDaemon(wanted);
  const versions = Object.entries(described?.description.versions ?? {});
  const findings = await Promise.all(
    versions.map(async ([name, { program, image, debian }]) => [
      ...(program === undefined ? [] : [programFinding(name, program[0]!)]),
      ...(image === undefined ? [] : [await imageFinding(name, image, engineAnswers)]),
      ...(debian === undefined ? [] : [rootFinding(name, debian)]),
    ]),
  );
  return findings.flat();
}

function rootFinding(version: string, debian: Debian): Finding {
  const { suite, packages } = debian;
  const root = knownRoot(debian);
  const given = Object.entries(root?.packages ?? {}).map(([name, of]) => `${name} ${of}`);
  return {
    name: `version ${version}: ${suite} with ${packages.join(', ')}`,
    found: root === null ? null : `as ${given.join(', ')}`,
    neededFor: `members of ${version}`,
    howToGet: 'the first roll makes it, which takes minutes',
    essential: false,
  };
}

function programFinding(version: string, program: string): Finding {
  return {
    name: `version ${version}: ${program}`,
    found: findProgram(program),
    neededFor: `members of ${version} as processes`,
    howToGet: 'install it, or name it by its path in the description (program:)',
    essential: false,
  };
}

async function imageFinding(version: string, image: string, engineAnswers: boolean): Promise<Finding> {
  let found = false;
  if (engineAnswers) {
    const [{ engineClient }, { hasImage }] = await Promise.all([
      import('../host/engine.ts'),
      import('../build/docker-images.ts'),
    ]);
    found = await hasImage((await engineClient()).container.dockerode, image);
  }
  return {
    name: `version ${version}: image ${image}`,
    found: found ? image : null,
    neededFor: `members of ${version} in containers`,
    howToGet: 'build or pull it',
    essential: false,
  };
}
