/**
 * The runtime `process`: each member is a process of this host, on a port of loopback. It needs nothing installed. Members
 * carry a mark in their environment, so that the next rig finds and ends those of one that was killed; ours are tethered
 * beside: they stop when the rig's end of their stdin closes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Seat } from '../daemon/contract.ts';
import { HeldPort, isListenedAt } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import { startChild } from './child.ts';
import { killProcess, markedProcesses, markOf, removeLeftovers } from './leftovers.ts';
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
  return need === 'freeze' ? null : `processes of this host share its ${need === 'disk' ? 'disk' : 'network'}`;
}

async function open({ run, members, addresses }: SiteOptions): Promise<Site> {
  const folder = makeSiteFolder(run, ['shared']);
  const sharedFolder = join(folder, 'shared');
  const seats = new Map<string, Seat>();
  const ports = new Map<string, HeldPort>();
  const running = new Set<RunningMember>();
  let turn: Promise<unknown> = Promise.resolve();
  const lost = new AbortController();
  const close = async (): Promise<void> => {
    await Promise.all([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    // Whoever has left the group of its member and lives on.
    for (const { pid } of markedProcesses().filter((found) => found.run === run)) killProcess(pid);
    await Promise.all([...ports.values()].map((port) => port.release()));
    removeSiteFolder(folder);
  };
  try {
    for (const member of members) {
      const port = await portOf(addresses?.[member] ?? null);
      ports.set(member, port);
      const address = `127.0.0.1:${port.number}`;
      const stateFolder = join(folder, member);
      seats.set(member, { member, address, stateFolder, sharedFolder, ours: { stateFolder, sharedFolder } });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    runtime: 'process',
    lost: lost.signal,
    seat: (member) => seats.get(member)!,
    setDisk: async () => {
      throw new EnvironmentError('the disk of a process cannot be spoilt here');
    },
    start: async (seat, artifact, command, onLine) => {
      const port = ports.get(seat.member)!;
      await port.vacate();
      makeStateFolder(seat);
      // The rig stands still while a process is made. Between two, it reads what others have said.
      turn = turn.then(() => setImmediate());
      await turn;
      const program = artifact.program.process ?? [];
      const env: Marked = { ...inherited(), ...artifact.env.process, ...command.env, ...markOf(run, seat.member) };
      const member = await startChild({
        seat,
        authority: seat.address,
        program,
        command: [...program, ...command.args],
        env,
        onLine,
        onOwnExit: async (exit) => {
          if (exit.code === 0 || !(await isListenedAt(port.number))) return;
          lost.abort(
            new EnvironmentError(`another program listens at ${seat.address}, where ${seat.member} was to: roll again`),
          );
        },
        run: () => (argv, options) => runProgram(argv, options, env),
      });
      running.add(member);
      void member.exited.then(() => running.delete(member));
      return member;
    },
    close,
  };
}

function makeStateFolder({ stateFolder }: Seat): void {
  try {
    mkdirSync(stateFolder, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(`cannot make the folder of a member: ${(error as Error).message}`);
  }
}

/** @throws EnvironmentError where it is taken */
async function portOf(address: string | null): Promise<HeldPort> {
  if (address === null) return HeldPort.draw();
  const port = await HeldPort.hold(Number(address.split(':').at(-1)));
  if (port === null) throw new EnvironmentError(`${address} is taken by another program`);
  return port;
}

/** What a member has of the rig's environment: what any program needs, and nothing that could be a setting of its own. */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|LD_LIBRARY_PATH|XDG_RUNTIME_DIR)$/;

function inherited(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name, value]) => INHERITED.test(name) && value !== undefined);
  return Object.fromEntries(own) as Record<string, string>;
}
