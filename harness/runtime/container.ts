/**
 * The runtime `container`: each member is a container, all on one network and with one shared volume a roll. A refresh is
 * a new container from another image, on the same volumes and under the same network alias.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { GenericContainer, PullPolicy, type StartedTestContainer, type WaitStrategy } from 'testcontainers';
import { prepareImages } from '../build/images.ts';
import type { Seat } from '../daemon/contract.ts';
import { engineClient } from '../host/engine.ts';
import { LABELS } from '../host/labels.ts';
import { readLines } from '../host/lines.ts';
import { isOwnerAlive, OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';
import { runInContainer } from './container-program.ts';
import { removeLeftovers as removeFolders } from './leftovers.ts';
import type { Exit, OnLine, RunningMember, Runtime, Site, SiteOptions } from './runtime.ts';

const STATE_FOLDER = '/var/lib/member';
const SHARED_FOLDER = '/var/lib/cluster';
const CLOSE_GRACE_MS = 2000;
export function containerRuntime(): Runtime {
  const images = new Map<string, string>();
  return {
    name: 'container',
    prepare: async (artifacts, making) => {
      const tags = await prepareImages(await dockerode(), artifacts, making);
      for (const [version, tag] of tags) images.set(version, tag);
    },
    open: (options) => open(options, images),
    clean: async () => [...(await removeLeftovers(await dockerode())), ...(await removeFolders())],
  };
}

async function dockerode(): Promise<Dockerode> {
  return (await engineClient()).container.dockerode;
}

async function open(options: SiteOptions, images: ReadonlyMap<string, string>): Promise<Site> {
  const { run, members, port } = options;
  const docker = await dockerode();
  const name = `refresh-rig-${run}`;
  const labels = { [LABELS.run]: run, [LABELS.owner]: owner() };
  const folder = options.needsFolders ? makeFolder(run, members) : null;
  const sourceOf = (what: string): string => (folder === null ? `${name}-${what}` : join(folder, what));
  const volumes = folder === null ? ['shared', ...members].map(sourceOf) : [];
  const running = new Set<RunningMember>();
  const starting = new Set<Promise<unknown>>();
  const removals: Promise<unknown>[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(starting);
    await Promise.allSettled([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    await Promise.allSettled(removals);
    // Whatever else carries the label: a container whose start was under way when the roll was interrupted.
    await removeRun(docker, run);
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([
      docker.createNetwork({ Name: name, CheckDuplicate: true, Labels: labels }),
      ...volumes.map((volume) => docker.createVolume({ Name: volume, Labels: labels })),
    ]);
  } catch (error) {
    await close();
    throw new EnvironmentError(`cannot make the network and volumes of a roll: ${(error as Error).message}`);
  }
  return {
    runtime: 'container',
    seat: (member) => ({
      member,
      address: `${member}:${port}`,
      stateFolder: STATE_FOLDER,
      sharedFolder: SHARED_FOLDER,
      ours: folder === null ? null : { stateFolder: sourceOf(member), sharedFolder: sourceOf('shared') },
    }),
    start: async (seat, artifact, command, onLine) => {
      const image = images.get(artifact.version);
      if (image === undefined) throw new Error(`the image of ${artifact.version} has not been prepared`);
      const container = new MemberContainer(image, name, seat.member)
        .withHostname(seat.member)
        .withLabels({ ...labels, [LABELS.member]: seat.member })
        .withEnvironment({ ...artifact.env.container, ...command.env })
        .withCommand([...command.args])
        .withExposedPorts(port)
        .withBindMounts([
          { source: sourceOf(seat.member), target: STATE_FOLDER },
          { source: sourceOf('shared'), target: SHARED_FOLDER },
        ]);
      // An image made from layers has its entrypoint; of another, the version may say what to run in it.
      if (artifact.image.of !== 'layers' && artifact.program.container.length > 0)
        container.withEntrypoint([...artifact.program.container]);
      const start = startContainer(docker, container, seat, artifact.program.container, port, onLine, (removal) =>
        removals.push(removal),
      );
      starting.add(start);
      const member = await start.finally(() => starting.delete(start));
      running.add(member);
      member.exited.then(
        () => running.delete(member),
        () => undefined,
      );
      return member;
    },
    close,
  };
}

/** A container that joins one network only, under an alias, and whose readiness is for its events to tell. */
class MemberContainer extends GenericContainer {
  constructor(image: string, network: string, alias: string) {
    super(image);
    this.withNetworkMode(network)
      .withPullPolicy(PullPolicy.neverPull())
      .withWaitStrategy(waitForNothing)
      .withAutoCleanup(false);
    // As `withNetworkAliases`, but without the default network, whose interface costs every start a tenth of a second.
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: [alias] } } };
  }
}

const waitForNothing: WaitStrategy = {
  waitUntilReady: async () => undefined,
  withStartupTimeout: () => waitForNothing,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

async function startContainer(
  docker: Dockerode,
  container: MemberContainer,
  seat: Seat,
  program: readonly string[],
  port: number,
  onLine: OnLine,
  removing: (removal: Promise<unknown>) => void,
): Promise<RunningMember> {
  let lines: Promise<unknown> = Promise.resolve();
  container.withLogConsumer((stream) => {
    // The two streams of a container come as one here.
    lines = readLines(stream, (line) => onLine('output', line));
  });
  let started: StartedTestContainer;
  try {
    started = await container.start();
  } catch (error) {
    throw new EnvironmentError(`cannot start the container of ${seat.member}: ${(error as Error).message}`);
  }
  const handle = docker.getContainer(started.getId());
  const exited = (async (): Promise<Exit> => {
    const { StatusCode: code } = (await handle.wait()) as { StatusCode: number };
    await lines;
    return { code, signal: null };
  })();
  /** The next container of this member need not wait for the old one's files to be deleted. */
  const removeLater = (): void => removing(handle.remove({ v: false }).catch(ignoreMissing));
  return {
    seat,
    authority: `${started.getHost()}:${started.getMappedPort(port)}`,
    program,
    exited,
    run: (argv, options) => runInContainer(docker, handle, argv, options),
    stop: async (signal, graceMs) => {
      let killed = false;
      await handle.kill({ signal }).catch(ignoreMissing);
      const insist = new AbortController();
      const insisting = sleep(graceMs, undefined, { signal: insist.signal }).then(
        async () => {
          killed = true;
          await handle.kill({ signal: 'SIGKILL' }).catch(ignoreMissing);
        },
        () => undefined,
      );
      const exit = await exited;
      insist.abort();
      await insisting;
      removeLater();
      return { ...exit, killed };
    },
    kill: async () => {
      await handle.kill({ signal: 'SIGKILL' }).catch(ignoreMissing);
      const exit = await exited;
      removeLater();
      return exit;
    },
    memoryBytes: async () => {
      // Not from the engine's statistics, which take a second: from its process list, whose column is in KiB.
      const { Titles: titles, Processes: processes } = await handle.top({ ps_args: '-o pid,rss' });
      const kib = processes[0]?.[titles.indexOf('RSS')];
      return kib === undefined ? null : Number(kib) * 1024;
    },
  };
}

/** One that the rig sees too, with a folder for each member and one that all share. */
function makeFolder(run: string, members: readonly string[]): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), `${SITE_PREFIX}${run}-`));
    writeFileSync(join(folder, OWNER_FILE), owner());
    for (const name of ['shared', ...members]) mkdirSync(join(folder, name));
    return folder;
  } catch (error) {
    throw new EnvironmentError(`cannot make a folder for the members: ${(error as Error).message}`);
  }
}

async function removeLeftovers(docker: Dockerode): Promise<string[]> {
  const filters = { label: [LABELS.owner] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const found = [...containers, ...networks, ...(volumes ?? [])].flatMap(({ Labels: labels }) => {
    const [run, ownedBy] = [labels?.[LABELS.run], labels?.[LABELS.owner]];
    return run === undefined || ownedBy === undefined || isOwnerAlive(ownedBy) ? [] : [run];
  });
  const runs = [...new Set(found)];
  const removed = await Promise.all(runs.map((run) => removeRun(docker, run)));
  return removed.flat();
}

/** Remove everything that carries the label of a roll: containers first, since they hold the rest. */
async function removeRun(docker: Dockerode, run: string): Promise<string[]> {
  const filters = { label: [`${LABELS.run}=${run}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true }).catch(ignoreMissing)));
  const [networks, { Volumes: volumes }] = await Promise.all([
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  await Promise.all([
    ...networks.map(({ Id }) => docker.getNetwork(Id).remove().catch(ignoreMissing)),
    ...(volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove().catch(ignoreMissing)),
  ]);
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}

/** What is to be removed may be gone, or going, already. */
function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}
