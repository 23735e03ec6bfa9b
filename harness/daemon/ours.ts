/** The first kind of member: the rig's own daemon in `node/`. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import got from 'got';
import type { DataRecord } from '../../node/database/records.ts';
import type { MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Status } from '../../node/status.ts';
import type { Artifact, Layer } from '../build/artifact.ts';
import { type Bundle, bundleDaemon, nativeLibraries } from '../build/bundle.ts';
import { cacheEnv } from '../build/compile-cache.ts';
import { digestOf, digestOfFiles, filesBelow } from '../host/digest.ts';
import { paths } from '../host/paths.ts';
import { InputError } from '../input/errors.ts';
import type { VersionSource, Versions } from '../input/versions.ts';
import type { Plan } from '../plan/plan.ts';
import type { Launch, MemberClient, MemberKind } from './contract.ts';

const IMAGE_FOLDER = '/opt/member';
const IMAGE_NODE = '/usr/local/bin/node';
/** Long: that a member is slow on a busy machine is not that it refuses. */
const CLIENT_TIMEOUT_MS = 10_000;
const HELD_NOTICE_TIMEOUT = '10m';

/** @param versions the versions that can be built */
export function daemonKind(versions: Versions): MemberKind {
  return {
    name: 'daemon',
    port: 7000,
    build: async (names) => {
      const bundle = await bundleDaemon();
      return new Map(names.map((name) => [name, artifactOf(bundle, known(versions, name))]));
    },
    args,
    readEvent,
    client,
  };
}

function known(versions: Versions, name: string): VersionSource {
  const source = versions.get(name);
  if (source === undefined)
    throw new InputError(`there is no version ${name}; there are ${[...versions.keys()].join(', ')}`);
  return source;
}

function artifactOf(bundle: Bundle, source: VersionSource): Artifact {
  const { name } = source.build.version;
  const content = `${JSON.stringify(source.build)}\n`;
  const folder = join(paths.build, 'versions');
  const versionFile = join(folder, `${name}-${digestOf(content)}.json`);
  if (!existsSync(versionFile)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(versionFile, content);
  }
  const versionLayer: Layer = {
    digest: digestOf(content),
    files: [{ source: versionFile, target: `${IMAGE_FOLDER}/version.json` }],
  };
  return {
    version: name,
    layers: [bundleLayer(bundle), versionLayer],
    program: {
      process: [process.execPath, bundle.main, '--tether', '--version-file', versionFile],
      container: [IMAGE_NODE, `${IMAGE_FOLDER}/member.cjs`, '--version-file', `${IMAGE_FOLDER}/version.json`],
    },
    env: { process: cacheEnv(bundle.folder), container: cacheEnv(IMAGE_FOLDER) },
  };
}

/** The layer that all versions share. */
function bundleLayer(bundle: Bundle): Layer {
  // An image is always Linux, and made for the processor of the host.
  const natives = nativeLibraries('linux', process.arch);
  const cached = filesBelow(bundle.cache).map((file) => ({
    source: file,
    target: `${IMAGE_FOLDER}/cache/${file.slice(bundle.cache.length + 1)}`,
  }));
  const files = [
    { source: bundle.main, target: `${IMAGE_FOLDER}/${basename(bundle.main)}` },
    ...natives.map(({ name, source }) => ({ source, target: `${IMAGE_FOLDER}/${name}` })),
    ...cached,
  ];
  const digests = digestOfFiles(
    '/',
    natives.map(({ source }) => source),
  );
  return { digest: digestOf(bundle.digest, digests), files };
}

function args(plan: Plan, { action, seat, through, failpoints }: Launch): string[] {
  return [
    ...['--name', seat.member, '--listen', seat.address, '--state', seat.stateFolder],
    ...['--database', plan.database === 'sqlite' ? `sqlite:${seat.sharedFolder}/cluster.db` : plan.database],
    ...(plan.networkLatencyMs === null ? [] : ['--network-latency', `${plan.networkLatencyMs}ms`]),
    ...(plan.handover ? [] : ['--no-handover']),
    ...['--strategy', plan.strategy, '--wakeups', plan.wakeups, '--ahead', plan.ahead, '--wait', `${plan.waitMs}ms`],
    ...(action === 'bootstrap' ? ['--bootstrap'] : []),
    ...(through === null ? [] : ['--join', through.address]),
    // A held notice is on its way for as long as it is held.
    ...(failpoints.length === 0 ? [] : ['--failpoints', failpoints.join(','), '--notice-timeout', HELD_NOTICE_TIMEOUT]),
  ];
}

function readEvent(line: string): MemberEvent | null {
  if (!line.startsWith('{"atNs":')) return null;
  try {
    return JSON.parse(line) as MemberEvent;
  } catch {
    // Cut short: the member was killed while it spoke. The log has what there is of it.
    return null;
  }
}

function client(authority: string): MemberClient {
  const http = got.extend({
    prefixUrl: `http://${authority}`,
    timeout: { request: CLIENT_TIMEOUT_MS },
    retry: { limit: 0 },
    responseType: 'json',
    hooks: { beforeError: [(error) => withReason(error)] },
  });
  return {
    status: async () => {
      const { status, waiting, database } = await http.get('1.0').json<Status>();
      return { isOpen: status === 'open', waitsFor: database.trouble ?? waiting?.reason ?? null };
    },
    writeRecord: async (key, value) => {
      await http.post('1.0/records', { json: { key, value } });
    },
    readOne: async () => {
      await http.get('1.0/records', { searchParams: { after: Number.MAX_SAFE_INTEGER } });
    },
    readRecords: () => readRecords((after) => http.get('1.0/records', { searchParams: { after } }).json()),
    release: async (failpoint: Failpoint, notice?: string) => {
      await http.post(`internal/failpoints/${failpoint}`, notice === undefined ? {} : { searchParams: { notice } });
    },
    lead: async () => {
      await http.post('internal/leader');
    },
    disarm: async () => {
      await http.delete('internal/failpoints');
    },
  };
}

async function readRecords(
  page: (after: number) => Promise<{ records: DataRecord[] }>,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let after = 0;
  for (;;) {
    const { records } = await page(after);
    const last = records.at(-1);
    if (last === undefined) return found;
    for (const { key, value } of records) found[key] = value;
    after = last.id;
  }
}

/** A member that refuses says why in its answer; that is the better message. */
function withReason<Fault extends Error>(error: Fault): Fault {
  const body = (error as { response?: { body?: { error?: string } } }).response?.body;
  if (typeof body?.error === 'string') error.message = body.error;
  return error;
}
