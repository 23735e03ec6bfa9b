/** The versions of this repository, for tests of what is pure. */
import { ourSource } from '../../harness/daemon/ours/plan.ts';
import { paths } from '../../harness/host/paths.ts';
import type { Scenario } from '../../harness/input/scenario.ts';
import { readVersions } from '../../harness/input/versions.ts';
import { compile } from '../../harness/plan/compile.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Version } from '../../node/upgrade/version.ts';

export const versions = readVersions(paths.versions);

export const pinned = new Map([...versions].map(([name, source]) => [name, source.build.version]));

export function version(name: string): Version {
  const found = pinned.get(name);
  if (found === undefined) throw new Error(`no version ${name}`);
  return found;
}

/** The one plan of a scenario. */
export function planOf(scenario: Scenario): Plan {
  return compile({ scenario, daemon: ourSource, versions: pinned, records: [], freshSeed: 1 })[0]!;
}

/** One step of each kind: introduces, both, schema, API. */
export const STEPS = [
  ['v1', 'v2'],
  ['v4', 'v5'],
  ['v3', 'v4'],
  ['v2', 'v3'],
] as const;
