/**
 * The runtime `container`: each member is a container, all on one network and with one shared volume a roll. A refresh is
 * a new container from another image, on the same volumes and under the same network alias.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { GenericContainer, PullPolicy, type StartedTestContainer, type WaitStrategy } from 'testcontainers';
import { prepareImages } from '../build/images.ts';
import type { Seat } from '../daemon/contract.ts';
import { engineClient } from '../host/engine.ts';
import { LABELS } from '../host/labels.ts';
import { readLines } from '../host/lines.ts';
import { owner } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';
import { runInContainer } from './container-program.ts';
import { removeAllLeftovers, removeRun } from './engine-leftovers.ts';
import { EngineWatch, withEngine } from './engine-watch.ts';
import { removeLeftovers as removeFolders } from './leftovers.ts';
import { lackOfFilter } from './namespaces/tools.ts';
import { type RelayContainers, startRelays } from './relay-containers.ts';
import {
  type Exit,
  isKilled,
  MEMBER_FOLDERS,
  type OnLine,
  type RunningMember,
  type Runtime,
  type Site,
  type SiteOptions,
} from './runtime.ts';
import { makeSiteFolder, removeSiteFolder } from './site-folder.ts';

const CLOSE_GRACE_MS = 2000;

export function containerRuntime(): Runtime {
  const images = new Map<string, string>();
  return {
    name: 'container',
    seats: 'container',
    prepare: async (artifacts, making) => {
      const docker = await dockerode();
      const tags = await withEngine(docker, () => prepareImages(docker, artifacts, making));
      for (const [version, tag] of tags) images.set(version, tag);
    },
    lacks: (need) => {
      if (need === 'links') return lackOfFilter();
      return need === 'freeze'
        ? null
        : 'a member’s state folder is a volume of the engine there: use --runtime process';
    },
    open: (options) => open(options, images),
    clean: async () => {
      const docker = await dockerode();
      const removed = await withEngine(docker, () => removeAllLeftovers(docker));
      return [...removed, ...(await removeFolders())];
    },
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
  const folder = options.needsFolders ? makeSiteFolder(run, ['shared', ...members]) : null;
  const watch = new EngineWatch(docker);
  const lost = new AbortController();
  let relays: RelayContainers | null = null;
  const sourceOf = (what: string): string => (folder === null ? `${name}-${what}` : join(folder, what));
  const volumes = folder === null ? ['shared', ...members].map(sourceOf) : [];
  const running = new Set<RunningMember>();
  const starting = new Set<Promise<unknown>>();
  const removals: Promise<unknown>[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(starting);
    await Promise.allSettled([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    await Promise.allSettled(removals);
    relays?.close();
    try {
      // Whatever else carries the label: a container whose start was under way when the roll was interrupted.
      await watch.ask(removeRun(docker, run));
    } finally {
      watch.end();
      if (folder !== null) removeSiteFolder(folder);
    }
  };
  try {
    await Promise.all([
      watch.ask(docker.createNetwork({ Name: name, CheckDuplicate: true, Labels: labels })),
      ...volumes.map((volume) => watch.ask(docker.createVolume({ Name: volume, Labels: labels }))),
    ]);
  } catch (error) {
    await close();
    throw new EnvironmentError(`cannot make the network and volumes of a roll: ${(error as Error).message}`);
  }
  if (options.linked) {
    const lose = (because: EnvironmentError): void => lost.abort(because);
    try {
      relays = await watch.ask(
        startRelays(docker, { network: name, members, linked: options.linked, port, labels, lost: lose }),
      );
    } catch (error) {
      await close();
      throw error;
    }
  }
  const through = relays;
  return {
    runtime: 'container',
    lost: AbortSignal.any([watch.lost, lost.signal]),
    lack: () => null,
    setDisk: async () => {
      throw new EnvironmentError('the disk of a container cannot be spoilt here');
    },
    links: through?.links ?? null,
    seat: (member) => ({
      member,
      address: `${member}:${port}`,
      ...MEMBER_FOLDERS,
      ours: folder === null ? null : { stateFolder: sourceOf(member), sharedFolder: sourceOf('shared') },
    }),
    start: async (seat, artifact, command, onLine) => {
      const image = images.get(artifact.version);
      if (image === undefined) throw new Error(`the image of ${artifact.version} has not been prepared`);
      const holder = through?.of(seat.member) ?? null;
      const container = (holder === null ? containerOn(name, port, image, seat.member) : containerIn(holder.id, image))
        .withLabels({ ...labels, [LABELS.member]: seat.member })
        .withEnvironment({ ...artifact.env.container, ...command.env })
        .withCommand([...command.args])
        .withDroppedCapabilities('ALL')
        .withAddedCapabilities(...artifact.rights)
        .withBindMounts([
          { source: sourceOf(seat.member), target: MEMBER_FOLDERS.stateFolder },
          { source: sourceOf('shared'), target: MEMBER_FOLDERS.sharedFolder },
        ]);
      // An image made from layers has its entrypoint; of another, the version may say what to run in it.
      if (artifact.image.of !== 'layers' && artifact.program.container.length > 0)
        container.withEntrypoint([...artifact.program.container]);
      const place = {
        docker,
        watch,
        port,
        authority: holder?.authority ?? null,
        removing: (removal: Promise<unknown>) => void removals.push(removal),
      };
      const start = startContainer(place, container, seat, artifact.program.container, onLine);
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

/** A container whose readiness is for its events to tell. */
class MemberContainer extends GenericContainer {
  constructor(image: string, network: string) {
    super(image);
    this.withNetworkMode(network)
      .withPullPolicy(PullPolicy.neverPull())
      .withWaitStrategy(waitForNothing)
      .withAutoCleanup(false);
  }

  /** Under a name on its network. */
  called(name: string, network: string): this {
    // As `withNetworkAliases`, but without the default network, whose interface costs every start a tenth of a second.
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: [name] } } };
    return this;
  }
}

/** One that joins one network only, under an alias. */
function containerOn(network: string, port: number, image: string, member: string): MemberContainer {
  return new MemberContainer(image, network).called(member, network).withHostname(member).withExposedPorts(port);
}

/** One that shares the network of another, with all names and ports that this has. */
function containerIn(holder: string, image: string): MemberContainer {
  return new MemberContainer(image, `container:${holder}`);
}

const waitForNothing: WaitStrategy = {
  waitUntilReady: async () => undefined,
  withStartupTimeout: () => waitForNothing,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/** Where containers are started, and what is told of those that are being removed. */
interface Place {
  readonly docker: Dockerode;
  readonly watch: EngineWatch;
  readonly port: number;
  /** HOST:PORT by which the rig reaches the member, where another container has its port; else null. */
  readonly authority: string | null;
  readonly removing: (removal: Promise<unknown>) => void;
}

async function startContainer(
  { docker, watch, port, authority, removing }: Place,
  container: MemberContainer,
  seat: Seat,
  program: readonly string[],
  onLine: OnLine,
): Promise<RunningMember> {
  let lines: Promise<unknown> = Promise.resolve();
  container.withLogConsumer((stream) => {
    // The two streams of a container come as one here.
    lines = readLines(stream, (line, sinceNs) => onLine('output', line, sinceNs));
    // Looked at when the container has ended; until then its engine may go.
    lines.catch(() => undefined);
  });
  let started: StartedTestContainer;
  try {
    started = await watch.ask(container.start());
  } catch (error) {
    if (watch.lost.aborted) throw error;
    throw new EnvironmentError(`cannot start the container of ${seat.member}: ${(error as Error).message}`);
  }
  const handle = docker.getContainer(started.getId());
  const exited = (async (): Promise<Exit> => {
    const { StatusCode: code } = (await watch.ask(handle.wait())) as { StatusCode: number };
    await watch.ask(lines);
    return { code, signal: null };
  })();
  // An engine sends no signal to what is paused.
  const thaw = (): Promise<unknown> => watch.ask(handle.unpause()).catch(ignoreNotPaused);
  let isFrozen = false;
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (isFrozen) await thaw();
    await watch.ask(handle.kill({ signal })).catch(ignoreMissing);
  };
  /** The next container of this member need not wait for the old one's files to be deleted; what is left, the site removes. */
  const removeLater = (): void => removing(watch.ask(handle.remove({ v: false })).catch(() => undefined));
  return {
    seat,
    authority: authority ?? `${started.getHost()}:${started.getMappedPort(port)}`,
    program,
    exited,
    run: (argv, options) => runInContainer(docker, handle, argv, options),
    stop: async (signal, graceMs) => {
      let killed = false;
      const insist = new AbortController();
      const insisting = sleep(graceMs, undefined, { signal: insist.signal }).then(
        async () => {
          killed = true;
          await kill('SIGKILL');
        },
        () => undefined,
      );
      try {
        await kill(signal);
        const exit = await exited;
        return { ...exit, killed: killed && isKilled(exit) };
      } finally {
        insist.abort();
        await insisting.catch(() => undefined);
        removeLater();
      }
    },
    freeze: async () => {
      isFrozen = true;
      await watch.ask(handle.pause()).catch(ignoreMissing);
    },
    thaw: async () => {
      await thaw();
      isFrozen = false;
    },
    kill: async () => {
      await kill('SIGKILL');
      const exit = await exited;
      removeLater();
      return exit;
    },
    memoryBytes: async () => {
      // Not from the engine's statistics, which take a second: from its process list, whose column is in KiB.
      const { Titles: titles, Processes: processes } = await watch.ask(handle.top({ ps_args: '-o pid,rss' }));
      const kib = processes[0]?.[titles.indexOf('RSS')];
      return kib === undefined ? null : Number(kib) * 1024;
    },
  };
}

/** It is gone, or runs. */
function ignoreNotPaused(error: { statusCode?: number }): void {
  if (![404, 409, 500].includes(error.statusCode ?? 0)) throw error;
}

/** What is to end may be gone, or going, already. */
function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}
