/** Our own daemon in `node/`: it pushes its events, and everything that the rig can do with a daemon can be done with it. */
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { ruleText } from '../../../node/tampering.ts';
import type { Artifact, Layer } from '../../build/artifact.ts';
import { type Bundle, bundleDaemon, nativeLibraries } from '../../build/bundle.ts';
import { COMPILED, compiledEnv, NODE_FLAGS } from '../../build/compiled.ts';
import { digestOf, digestOfFiles, filesBelow } from '../../host/digest.ts';
import { once } from '../../host/once.ts';
import { paths } from '../../host/paths.ts';
import { writeWhole } from '../../host/whole-file.ts';
import { named } from '../../input/named.ts';
import type { DatabaseName } from '../../input/scenario.ts';
import type { VersionSource, Versions } from '../../input/versions.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Daemon, Finding, type Launch, RequestError } from '../contract.ts';
import { pushed } from '../pushed.ts';
import { ourClient } from './client.ts';
import { controlOf } from './control.ts';
import { operatorFingerprint } from './operator.ts';
import { OURS, type OurSettings } from './plan.ts';

const IMAGE_FOLDER = '/opt/member';
const IMAGE_NODE = '/usr/local/bin/node';
const HELD_NOTICE_TIMEOUT = '10m';
/** How long a member may take to stop before it is killed. A parked one stops at once; this is for a broken one. */
const STOP_GRACE_MS = 5000;
const FORMING_LIMIT_MS = 60_000;
const START_LIMIT_MS = 60_000;

/**
 * @param versions the versions that can be built
 * @param settings those of a plan; members of one that has none speak TLS, and share a file of SQLite
 */
export function ourDaemon(versions: Versions, settings: Partial<OurSettings> = {}): Daemon {
  const { database = 'sqlite', insecure: isInsecure = false } = settings;
  return {
    name: OURS,
    port: 7000,
    needsFolders: false,
    places: () => ['container', 'process'],
    joinsAtOnce: true,
    keeps: null,
    archive: null,
    stopping: { signal: 'SIGTERM', command: null, graceMs: STOP_GRACE_MS, killsParked: false, killsTogether: false },
    formingLimitMs: FORMING_LIMIT_MS,
    startLimitMs: START_LIMIT_MS,
    build: async (names) => {
      const bundle = await bundleDaemon();
      return new Map(names.map((name) => [name, artifactOf(bundle, named(versions, name), database)]));
    },
    command: async (plan, launch) => {
      const known = isInsecure ? ['--insecure'] : ['--operator', await operatorFingerprint()];
      return { args: [...args(plan, launch), ...known], env: isInsecure ? {} : await tokenFor(launch) };
    },
    // No build knows this flag: it says so, and exits.
    failing: ({ args: known, env }) => ({ args: [...known, '--fails-at-once'], env }),
    attend: (_plan, launch, told) => pushed(launch.seat.member, told),
    // A member bootstraps or joins as it starts.
    enter: async () => undefined,
    isFormed: null,
    client: ({ seat }, reach) => ourClient(reach.authority, controlOf(seat, reach), isInsecure ? null : seat),
    unmatched: () => [],
    doubt: () => null,
  };
}

/** What lets a newcomer in: its operator has a live member issue it, and hands it over. @throws Finding where that does not */
async function tokenFor({ seat: { member }, through }: Launch): Promise<Record<string, string>> {
  if (through === null) return {};
  try {
    const token = await controlOf(through.seat, through.reach)('token', member);
    return { MEMBER_TOKEN: String(token) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new Finding(through.seat.member, `${through.seat.member} issued no token for ${member}: ${error.message}`);
  }
}

function artifactOf(bundle: Bundle, source: VersionSource, database: DatabaseName): Artifact {
  const { name } = source.build.version;
  const content = `${JSON.stringify(source.build)}\n`;
  const folder = join(paths.build, 'versions');
  const versionFile = join(folder, `${name}-${digestOf(content)}.json`);
  if (!existsSync(versionFile)) writeWhole(versionFile, content);
  const versionLayer: Layer = {
    digest: digestOf(content),
    files: [{ source: versionFile, target: `${IMAGE_FOLDER}/version.json` }],
  };
  return {
    version: name,
    layers: [bundleLayer(bundle), versionLayer],
    program: {
      process: [process.execPath, ...NODE_FLAGS, bundle.main, '--tether', '--version-file', versionFile],
      container: [
        IMAGE_NODE,
        ...NODE_FLAGS,
        `${IMAGE_FOLDER}/member.cjs`,
        '--version-file',
        `${IMAGE_FOLDER}/version.json`,
      ],
    },
    image: { of: 'layers' },
    rights: [],
    env: { process: compiledEnv(bundle.folder, database), container: compiledEnv(IMAGE_FOLDER, database) },
  };
}

/** The layer that all versions share. */
function bundleLayer(bundle: Bundle): Layer {
  return once(LAYERS, bundle, () => layerOf(bundle));
}

const LAYERS = new WeakMap<Bundle, Layer>();

function layerOf(bundle: Bundle): Layer {
  // An image is always Linux, and made for the processor of the host.
  const natives = nativeLibraries('linux', process.arch);
  const compiled = filesBelow(bundle.compiled).map((source) => ({
    source,
    target: `${IMAGE_FOLDER}/${COMPILED}/${relative(bundle.compiled, source)}`,
  }));
  const files = [
    ...[bundle.main, ...bundle.code].map((source) => ({ source, target: `${IMAGE_FOLDER}/${basename(source)}` })),
    ...natives.map(({ name, source }) => ({ source, target: `${IMAGE_FOLDER}/${name}` })),
    ...compiled,
  ];
  const digests = digestOfFiles(
    '/',
    natives.map(({ source }) => source),
  );
  return { digest: digestOf(bundle.digest, digests), files };
}

function args(
  { daemon }: Plan,
  { action, seat, through, failpoints, rules = [], holdsTruststore = false }: Launch,
): string[] {
  const { model, timer } = daemon;
  if (model === null || timer === null) throw new Error('a plan of our own daemon has a model and a timer');
  const { database, handover, networkLatencyMs, update = null, defect } = daemon.settings as OurSettings;
  return [
    ...['--name', seat.member, '--listen', seat.address, '--state', seat.stateFolder],
    ...['--database', database === 'sqlite' ? `sqlite:${seat.sharedFolder}/cluster.db` : database],
    ...(networkLatencyMs === null ? [] : ['--network-latency', `${networkLatencyMs}ms`]),
    ...(handover ? [] : ['--no-handover']),
    ...(update === null ? [] : updateArgs(update, seat.member)),
    ...['--strategy', model.strategy, '--wakeups', model.wakeups, '--ahead', model.ahead],
    ...(model.patching === undefined ? [] : ['--patch-when', model.patching.when, '--patch-by', model.patching.by]),
    ...['--wait', `${timer.everyMs}ms`],
    ...(action === 'bootstrap' ? ['--bootstrap'] : []),
    ...(through === null ? [] : ['--join', through.seat.address]),
    '--control',
    ...(defect === undefined ? [] : ['--defect', defect]),
    ...(holdsTruststore ? ['--hold-truststore'] : []),
    ...(rules.length === 0 ? [] : ['--tampering', rules.map(ruleText).join(',')]),
    // A held notice is on its way for as long as it is held.
    ...(failpoints.length === 0 ? [] : ['--failpoints', failpoints.join(','), '--notice-timeout', HELD_NOTICE_TIMEOUT]),
  ];
}

/** Each member draws waits of its own, by the number in its name. */
function updateArgs({ withinMs, seed }: NonNullable<OurSettings['update']>, member: string): string[] {
  const own = (seed + SEEDS_APART * Number(/\d+$/.exec(member)?.[0] ?? 0)) % 2 ** 31;
  return ['--update-within', `${withinMs}ms`, '--update-seed', String(own)];
}

const SEEDS_APART = 7919;
