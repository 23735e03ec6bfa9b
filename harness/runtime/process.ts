/**
 * The runtime `process`: each member is a process of this host, on a port of loopback. It needs nothing installed. Members
 * carry a mark in their environment, so that the next rig finds and ends those of one that was killed; ours are tethered
 * beside: they stop when the rig's end of their stdin closes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { execa } from 'execa';
import { nowNs } from '../../node/clock.ts';
import type { Artifact } from '../build/artifact.ts';
import type { Command, Seat } from '../daemon/contract.ts';
import { readLines } from '../host/lines.ts';
import { OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { HeldPort, isListenedAt } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import { killProcess, markedProcesses, markOf, removeLeftovers } from './leftovers.ts';
import { type Marked, runProgram } from './program.ts';
import type { Exit, OnLine, RunningMember, Runtime, Site, SiteOptions } from './runtime.ts';

/** How long the output of a process is waited for that has ended: a child of its own may hold it open for ever. */
const OUTPUT_GRACE_MS = 1000;
const CLOSE_GRACE_MS = 2000;

export function processRuntime(): Runtime {
  return {
    name: 'process',
    prepare: async (artifacts) => {
      for (const { version, program } of artifacts) {
        if (program.process === null)
          throw new EnvironmentError(
            `version ${version} has no program for this host: name one (program:), or use --runtime container`,
          );
      }
    },
    open,
    clean: removeLeftovers,
  };
}

async function open({ run, members, addresses }: SiteOptions): Promise<Site> {
  const folder = makeFolder(run);
  const sharedFolder = join(folder, 'shared');
  mkdirSync(sharedFolder);
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
    removeFolder(folder);
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
    start: async (seat, artifact, command, onLine) => {
      const port = ports.get(seat.member)!;
      await port.vacate();
      makeStateFolder(seat);
      // The rig stands still while a process is made. Between two, it reads what others have said.
      turn = turn.then(() => setImmediate());
      await turn;
      const member = startProcess(run, seat, artifact, command, onLine, async (exit) => {
        if (exit.code === 0 || !(await isListenedAt(port.number))) return;
        lost.abort(
          new EnvironmentError(`another program listens at ${seat.address}, where ${seat.member} was to: roll again`),
        );
      });
      running.add(member);
      void member.exited.then(() => running.delete(member));
      return member;
    },
    close,
  };
}

function makeFolder(run: string): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), `${SITE_PREFIX}${run}-`));
    writeFileSync(join(folder, OWNER_FILE), owner());
    return folder;
  } catch (error) {
    throw new EnvironmentError(
      `cannot make a folder for the members: ${(error as Error).message}: set TMPDIR to a folder that can be written`,
    );
  }
}

function makeStateFolder({ stateFolder }: Seat): void {
  try {
    mkdirSync(stateFolder, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(`cannot make the folder of a member: ${(error as Error).message}`);
  }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw new EnvironmentError(`cannot remove ${folder}: ${(error as Error).message}: the next start tries again`);
  }
}

/** @throws EnvironmentError where it is taken */
async function portOf(address: string | null): Promise<HeldPort> {
  if (address === null) return HeldPort.draw();
  const port = await HeldPort.hold(Number(address.split(':').at(-1)));
  if (port === null) throw new EnvironmentError(`${address} is taken by another program`);
  return port;
}

/** @param onOwnExit sees an exit that nobody has told it to make, before anybody else does */
function startProcess(
  run: string,
  seat: Seat,
  artifact: Artifact,
  command: Command,
  onLine: OnLine,
  onOwnExit: (exit: Exit) => Promise<void>,
): RunningMember {
  const [program = '', ...first] = artifact.program.process ?? [];
  const marked: Marked = { ...inherited(), ...artifact.env.process, ...command.env, ...markOf(run, seat.member) };
  const child = execa(program, [...first, ...command.args], {
    env: marked,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // The rig stops its members itself, in order; a Ctrl-C in the terminal must not reach them first. And a group of its
    // own is what can be killed as a whole.
    detached: true,
    cleanup: true,
  });
  const streams = [
    ['stdout', child.stdout],
    ['stderr', child.stderr],
  ] as const;
  const lines = Promise.all(
    streams.map(([name, stream]) => readLines(stream, (line, sinceNs) => onLine(name, line, sinceNs))),
  );
  const ended = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal }));
    child.nodeChildProcess.once('error', (error) => {
      onLine('stderr', `cannot start ${program}: ${error.message}`, nowNs());
      resolve({ code: null, signal: null });
    });
  });
  let isTold = false;
  const exited = ended.then(async (exit) => {
    // Whatever it has started and left behind.
    killGroup(child.pid);
    const late = setTimeout(() => streams.forEach(([, stream]) => void stream.destroy()), OUTPUT_GRACE_MS);
    await lines;
    clearTimeout(late);
    if (!isTold) await onOwnExit(exit);
    return exit;
  });
  return {
    seat,
    authority: seat.address,
    program: artifact.program.process ?? [],
    exited,
    run: (argv, options) => runProgram(argv, options, marked),
    stop: async (signal, graceMs) => {
      let killed = false;
      isTold = true;
      child.kill(signal);
      const insist = setTimeout(() => {
        killed = true;
        killGroup(child.pid);
      }, graceMs);
      await ended;
      clearTimeout(insist);
      return { ...(await exited), killed };
    },
    kill: () => {
      isTold = true;
      killGroup(child.pid);
      return exited;
    },
    memoryBytes: () => residentBytes(child.pid),
  };
}

/** What a member has of the rig's environment: what any program needs, and nothing that could be a setting of its own. */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|LD_LIBRARY_PATH|XDG_RUNTIME_DIR)$/;

function inherited(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name, value]) => INHERITED.test(name) && value !== undefined);
  return Object.fromEntries(own) as Record<string, string>;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in it, or only who is another user by now.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function residentBytes(pid: number | undefined): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    // Not Linux, or gone meanwhile: it cannot be told.
    return null;
  }
}
