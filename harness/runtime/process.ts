/**
 * The runtime `process`: each member is a process of this host, on a port of loopback, which needs nothing installed; or, where
 * something is to be done to the links between them, at an address of its own in a network of the roll's. Members carry a mark in their environment, so that the next rig finds and ends those of one that was killed; ours are tethered
 * beside: they stop when the rig's end of their stdin closes.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Seat } from '../daemon/contract.ts';
import { lackAround } from '../host/lack.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Linked } from '../plan/plan.ts';
import { startChild } from './child.ts';
import { Disks, given } from './disks.ts';
import { killProcessesOf, markOf, removeLeftovers } from './leftovers.ts';
import { loopback, type Whereabouts } from './loopback.ts';
import { lackOfDisks, lackOfLinks } from './namespaces/tools.ts';
import { type Marked, runProgram } from './program.ts';
import type { RunningMember, Runtime, RuntimeNeed, Site, SiteOptions } from './runtime.ts';
import { makeSiteFolder, removeSiteFolder } from './site-folder.ts';

const CLOSE_GRACE_MS = 2000;

export function processRuntime(): Runtime {
  return {
    name: 'process',
    seats: 'process',
    prepare: async (artifacts) => {
      for (const { version, program } of artifacts) {
        if (program.process === null)
          throw new EnvironmentError(
            `version ${version} has no program for this host: name one (program:), or use --runtime container`,
          );
      }
    },
    lacks: lackOfProcesses,
    open,
    clean: removeLeftovers,
  };
}

function lackOfProcesses(need: RuntimeNeed): string | null {
  if (need === 'freeze') return null;
  return need === 'links' ? lackOfLinks() : lackOfDisks();
}

async function open(options: SiteOptions): Promise<Site> {
  const { run, members } = options;
  const folder = makeSiteFolder(run, ['shared']);
  const sharedFolder = join(folder, 'shared');
  const seats = new Map<string, Seat>();
  const authorities = new Map<string, string>();
  const running = new Set<RunningMember>();
  /** How often each member has been started. */
  const lives = new Map<string, number>();
  let turn: Promise<unknown> = Promise.resolve();
  const lost = new AbortController();
  const lose = (because: EnvironmentError): void => lost.abort(because);
  let whereabouts: Whereabouts | null = null;
  let disks: Disks | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    killProcessesOf(run);
    await whereabouts?.close();
    removeSiteFolder(folder);
  };
  try {
    whereabouts = options.linked ? await apart(options, options.linked, folder, lose) : await loopback(options, lose);
    for (const member of members) {
      const address = whereabouts.addressOf(member);
      authorities.set(member, await whereabouts.authorityOf(member));
      const stateFolder = join(folder, member);
      seats.set(member, { member, address, stateFolder, sharedFolder, ours: { stateFolder, sharedFolder } });
    }
    if (options.disks) disks = await disksOf(seats.values());
  } catch (error) {
    await close();
    throw error;
  }
  const there = whereabouts;
  return {
    runtime: 'process',
    lost: lost.signal,
    lack: () => lackAround(folder),
    links: there.links,
    seat: (member) => seats.get(member)!,
    setDisk: (member, state) => given(disks).set(member, state, null),
    start: async (seat, artifact, command, onLine) => {
      await there.vacate(seat.member);
      makeStateFolder(seat);
      // The rig stands still while a process is made. Between two, it reads what others have said.
      turn = turn.then(() => setImmediate());
      await turn;
      const life = (lives.get(seat.member) ?? 0) + 1;
      lives.set(seat.member, life);
      const program = artifact.program.process ?? [];
      const env: Marked = { ...inherited(), ...artifact.env.process, ...command.env, ...markOf(run, seat.member) };
      const member = await startChild({
        seat,
        authority: authorities.get(seat.member)!,
        program,
        command: [...there.within(seat.member), ...program, ...command.args],
        env,
        onLine,
        // Its next life may have begun before this one had told all, and listen where it did.
        onOwnExit: async (exit) => {
          if (lives.get(seat.member) === life) await there.onOwnExit(seat.member, exit);
        },
        run: () => (argv, options) => runProgram([...there.within(seat.member), ...argv], options, env),
      });
      running.add(member);
      void member.exited.then(() => running.delete(member));
      return member;
    },
    close,
  };
}

async function disksOf(seats: Iterable<Seat>): Promise<Disks> {
  const folders = new Map<string, string>();
  for (const seat of seats) {
    makeStateFolder(seat);
    folders.set(seat.member, seat.stateFolder);
  }
  return Disks.make(folders);
}

function makeStateFolder({ stateFolder }: Seat): void {
  try {
    mkdirSync(stateFolder, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(`cannot make the folder of a member: ${(error as Error).message}`);
  }
}

/** Members at addresses of their own. */
async function apart(
  { run, members, port }: SiteOptions,
  linked: Linked,
  folder: string,
  lost: (because: EnvironmentError) => void,
): Promise<Whereabouts> {
  const { PrivateNetwork } = await import('./namespaces/private-network.ts');
  const network = await PrivateNetwork.make({ run, members, port, folder, linked, env: inherited(), lost });
  return {
    links: network.links,
    addressOf: (member) => network.addressOf(member),
    authorityOf: (member) => network.authorityOf(member),
    within: (member) => network.within(member),
    vacate: async () => undefined,
    onOwnExit: async () => undefined,
    close: () => network.close(),
  };
}

/** What a member has of the rig's environment: what any program needs, and nothing that could be a setting of its own. */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|LD_LIBRARY_PATH|XDG_RUNTIME_DIR)$/;

function inherited(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name, value]) => INHERITED.test(name) && value !== undefined);
  return Object.fromEntries(own) as Record<string, string>;
}
