/**
 * The runtime `container`: each member is a container, all on one network and with one shared volume a roll. A refresh is
 * a new container from another image, on the same volumes and under the same network alias.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { GenericContainer, PullPolicy, type StartedTestContainer, type WaitStrategy } from 'testcontainers';
import { prepareImages } from '../build/images.ts';
import type { Seat } from '../daemon/contract.ts';
import { engineClient } from '../host/engine.ts';
import { LABELS } from '../host/labels.ts';
import { isOwnerAlive, owner } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Exit, OnLine, RunningMember, Runtime, Site, SiteOptions } from './runtime.ts';

const STATE_FOLDER = '/var/lib/member';
const SHARED_FOLDER = '/var/lib/cluster';
const CLOSE_GRACE_MS = 2000;
/** The exit code of a container that was killed. */
const KILLED = 137;

export function containerRuntime(): Runtime {
  const images = new Map<string, string>();
  return {
    name: 'container',
    prepare: async (artifacts) => {
      const { base, tags } = await prepareImages(await dockerode(), artifacts);
      for (const [version, tag] of tags) images.set(version, tag);
      return `base image: ${base}`;
    },
    open: (options) => open(options, images),
    clean: async () => removeLeftovers(await dockerode()),
  };
}

async function dockerode(): Promise<Dockerode> {
  return (await engineClient()).container.dockerode;
}

async function open({ run, members, port }: SiteOptions, images: ReadonlyMap<string, string>): Promise<Site> {
  const docker = await dockerode();
  const name = `refresh-rig-${run}`;
  const labels = { [LABELS.run]: run, [LABELS.owner]: owner() };
  const volumeOf = (member: string): string => `${name}-${member}`;
  const volumes = [`${name}-shared`, ...members.map(volumeOf)];
  const running = new Set<RunningMember>();
  const starting = new Set<Promise<unknown>>();
  const removals: Promise<unknown>[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(starting);
    await Promise.allSettled([...running].map((member) => member.stop(CLOSE_GRACE_MS)));
    await Promise.allSettled(removals);
    // Whatever else carries the label: a container whose start was under way when the roll was interrupted.
    await removeRun(docker, run);
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
    }),
    start: async (seat, artifact, args, onLine) => {
      const image = images.get(artifact.version);
      if (image === undefined) throw new Error(`the image of ${artifact.version} has not been prepared`);
      const container = new MemberContainer(image, name, seat.member)
        .withHostname(seat.member)
        .withLabels({ ...labels, [LABELS.member]: seat.member })
        .withEnvironment(artifact.env.container)
        .withCommand([...args])
        .withExposedPorts(port)
        .withBindMounts([
          { source: volumeOf(seat.member), target: STATE_FOLDER },
          { source: `${name}-shared`, target: SHARED_FOLDER },
        ]);
      const start = startContainer(docker, container, seat, port, onLine, (removal) => removals.push(removal));
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
  port: number,
  onLine: OnLine,
  removing: (removal: Promise<unknown>) => void,
): Promise<RunningMember> {
  let lines: Promise<void> = Promise.resolve();
  container.withLogConsumer((stream) => {
    lines = readLines(stream, onLine);
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
    exited,
    stop: async (graceMs) => {
      await started.stop({ timeout: graceMs, remove: false });
      const exit = await exited;
      removeLater();
      return { ...exit, killed: exit.code === KILLED };
    },
    kill: async () => {
      await handle.kill({ signal: 'SIGKILL' });
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

async function readLines(stream: Readable, onLine: OnLine): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line);
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
