/**
 * The runtime `process` for versions that come with a root file system each: a member is a process of this host, in network,
 * mount and UTS namespaces of its own. It has the address, the folders and the rights that it would have in a container, and
 * needs no engine. The number of its process stays that of the daemon, and its mark is that of any other process of a roll.
 */
import { join } from 'node:path';
import type { Seat } from '../../daemon/contract.ts';
import { lackAround } from '../../host/lack.ts';
import { EnvironmentError } from '../../input/errors.ts';
import { startChild } from '../child.ts';
import { Disks, given } from '../disks.ts';
import { killProcessesOf, markOf, removeLeftovers } from '../leftovers.ts';
import { type Marked, runProgram } from '../program.ts';
import {
  MEMBER_FOLDERS,
  type OnLine,
  type RunningMember,
  type Runtime,
  type Site,
  type SiteOptions,
} from '../runtime.ts';
import { makeSiteFolder, removeSiteFolder } from '../site-folder.ts';
import { joining, placing, SCRATCH, SHARED } from './place.ts';
import { PrivateNetwork } from './private-network.ts';
import { prepareRoots } from './roots.ts';
import { findTools, lackOfDisks, lackOfLinks } from './tools.ts';

const CLOSE_GRACE_MS = 2000;

/** What a program finds in its environment, as in a container. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

/** The path of the unpacked root file system, by version. */
type Roots = ReadonlyMap<string, string>;

export function namespaceRuntime(): Runtime {
  const roots = new Map<string, string>();
  return {
    name: 'process',
    seats: 'namespaces',
    prepare: async (artifacts, making) => {
      for (const [version, root] of await prepareRoots(artifacts, making)) roots.set(version, root);
    },
    lacks: (need) => {
      if (need === 'links') return lackOfLinks();
      return need === 'freeze' ? null : lackOfDisks();
    },
    open: (options) => open(options, roots),
    clean: removeLeftovers,
  };
}

/** @param lack why it cannot have them, without a full stop */
export function needsNamespaces(lack: string): string {
  return `a member that comes with a root file system, and is not in a container, needs namespaces of its own: ${lack}`;
}

async function open(
  { run, members, port, linked = null, disks: spoilt = false }: SiteOptions,
  roots: Roots,
): Promise<Site> {
  const tools = findTools();
  const folder = makeSiteFolder(run, [SHARED, SCRATCH, ...members]);
  const running = new Set<RunningMember>();
  const lost = new AbortController();
  /** Of the members that run, the number of the process. */
  const processes = new Map<string, number>();
  let network: PrivateNetwork | null = null;
  let disks: Disks | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    await network?.close();
    // Whoever has left the group of its member and lives on.
    killProcessesOf(run);
    removeSiteFolder(folder);
  };
  const seats = new Map<string, Seat>();
  const authorities = new Map<string, string>();
  try {
    const lose = (because: EnvironmentError): void => lost.abort(because);
    network = await PrivateNetwork.make({ run, members, port, folder, linked, env: ENVIRONMENT, lost: lose });
    for (const member of members) {
      const address = network.addressOf(member);
      const ours = { stateFolder: join(folder, member), sharedFolder: join(folder, SHARED) };
      seats.set(member, { member, address, ...MEMBER_FOLDERS, ours });
      authorities.set(member, await network.authorityOf(member));
    }
    if (spoilt) disks = await Disks.make(new Map(members.map((member) => [member, join(folder, member)])));
  } catch (error) {
    await close();
    throw error;
  }
  const within = network;
  return {
    runtime: 'process',
    lost: lost.signal,
    lack: () => lackAround(folder),
    links: within.links,
    seat: (member) => seats.get(member)!,
    setDisk: (member, state) => {
      const pid = processes.get(member);
      const inside = pid === undefined ? null : { pid, folder: MEMBER_FOLDERS.stateFolder };
      return given(disks).set(member, state, inside);
    },
    start: async (seat, artifact, command, onLine) => {
      const root = roots.get(artifact.version);
      if (root === undefined) throw new Error(`the root file system of ${artifact.version} has not been prepared`);
      const { member } = seat;
      const { rights } = artifact;
      const failed = `refresh-rig ${run}: the place of ${member} cannot be made`;
      const env: Marked = { ...ENVIRONMENT, ...artifact.env.container, ...command.env, ...markOf(run, member) };
      const place = placing({ member, root, folder, rights, failed }, tools);
      const program = artifact.program.container;
      const child = await startChild({
        seat,
        authority: authorities.get(member)!,
        program,
        command: [...within.within(member), ...place, ...program, ...command.args],
        env,
        onLine: unlessFailed(onLine, failed, (because) =>
          lost.abort(new EnvironmentError(`cannot make the place of ${member}: ${because}`)),
        ),
        onOwnExit: async () => undefined,
        run: (pid) => (argv, options) => runProgram([...joining(pid ?? 0, rights, tools), ...argv], options, env),
      });
      running.add(child);
      processes.set(member, child.pid);
      void child.exited.then(() => {
        running.delete(child);
        if (processes.get(member) === child.pid) processes.delete(member);
      });
      return child;
    },
    close,
  };
}

/** Hands lines on, until one says that no daemon was ever started. */
function unlessFailed(onLine: OnLine, failed: string, tell: (because: string) => void): OnLine {
  let before = 'nobody says why';
  return (stream, line, sinceNs) => {
    onLine(stream, line, sinceNs);
    if (stream !== 'stderr') return;
    if (line === failed) tell(before);
    // What is indented goes on with a line before it.
    if (!/^\s/.test(line)) before = line;
  };
}
