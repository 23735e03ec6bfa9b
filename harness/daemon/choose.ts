/** Which daemon is rolled: ours, one that the rig ships a description of, or one that the user describes in a file. */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Version } from '../../node/upgrade/version.ts';
import { paths } from '../host/paths.ts';
import { readDescription } from '../input/description-file.ts';
import { InputError } from '../input/errors.ts';
import { readVersions, type Versions } from '../input/versions.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import type { Given, Plan } from '../plan/plan.ts';
import type { Daemon } from './contract.ts';
import { describedDaemon, isDescribed } from './described/daemon.ts';
import type { DescribedSettings } from './described/settings.ts';
import { describedSource, describedVersions } from './described/source.ts';
import { Tally } from './described/tally.ts';
import { ourDaemon } from './ours/daemon.ts';
import { OURS, type OurSettings, ourSource } from './ours/plan.ts';

/** A daemon that has been chosen, before there is a plan. */
export interface Chosen {
  readonly name: string;
  readonly source: DaemonSource;
  readonly versions: ReadonlyMap<string, Version>;
  /** What an archive gave for those that have been made of one. */
  readonly given: ReadonlyMap<string, Given>;
  /** What each version is for, in a sentence. */
  readonly about: ReadonlyMap<string, string>;
  /** As it was named; undefined where it was not. */
  readonly said: string | undefined;
  /** Null where it is ours. */
  readonly described: DescribedSettings | null;
}

let ours: Versions | null = null;

/** The versions of our own daemon, read once. */
export function ourVersions(): Versions {
  ours ??= readVersions(relative(process.cwd(), paths.versions) || '.');
  return ours;
}

/**
 * @param wanted the name of a description that the rig ships, or the file or folder of another; undefined for ours
 * @throws InputError where there is none, or its description is not usable
 */
export function chooseDaemon(wanted: string | undefined): Chosen {
  if (wanted === undefined || wanted === OURS) {
    const versions = ourVersions();
    return {
      name: OURS,
      source: ourSource,
      versions: new Map([...versions].map(([name, { build }]) => [name, build.version])),
      given: new Map(),
      about: new Map([...versions].map(([name, { about }]) => [name, about])),
      said: wanted,
      described: null,
    };
  }
  const settings = readDescription(fileOf(wanted));
  const { description } = settings;
  return {
    name: description.name,
    source: describedSource(settings),
    ...describedVersions(settings),
    about: new Map(Object.entries(description.versions).map(([name, { about }]) => [name, about])),
    said: wanted,
    described: settings,
  };
}

/**
 * The daemon that a plan is about.
 * @param tally counts what became of each part of a description
 * @param versions of ours, where they are not those of the rig
 */
export function daemonKind({ daemon }: Pick<Plan, 'daemon'>, tally = new Tally(), versions?: Versions): Daemon {
  return isDescribed(daemon)
    ? describedDaemon(daemon.settings as DescribedSettings, tally)
    : ourDaemon(versions ?? ourVersions(), daemon.settings as OurSettings);
}

/** Where a plan got its daemon from; how a flag would name that, or null where the plan does not tell. */
export function sourceOf({ daemon }: Plan): {
  readonly source: DaemonSource;
  readonly said: string | undefined | null;
} {
  if (!isDescribed(daemon)) return { source: ourSource, said: undefined };
  const settings = daemon.settings as DescribedSettings;
  const shipped = settings.folder === resolve(paths.versions, daemon.name);
  return { source: describedSource(settings), said: shipped ? daemon.name : null };
}

const DESCRIPTION = 'daemon.yaml';

function fileOf(wanted: string): string {
  if (/[/\\]|\.ya?ml$/.test(wanted)) return existsSync(join(wanted, DESCRIPTION)) ? join(wanted, DESCRIPTION) : wanted;
  const shipped = join(paths.versions, wanted, DESCRIPTION);
  if (existsSync(shipped)) return shipped;
  const names = [OURS, ...shippedNames()].join(', ');
  throw new InputError(
    `--daemon ${wanted}: there is no such daemon; there are ${names}; the description of another is named by its file, such as ./${wanted}.yaml`,
  );
}

function shippedNames(): string[] {
  return readdirSync(paths.versions).filter((name) => existsSync(join(paths.versions, name, DESCRIPTION)));
}
