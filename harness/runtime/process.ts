/**
 * The runtime `process`: each member is a process of this host, on a port of loopback. It needs nothing installed. Members
 * carry a mark in their environment, so that the next rig finds and ends those of one that was killed; ours are tethered
 * beside: they stop when the rig's end of their stdin closes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Artifact } from '../build/artifact.ts';
import type { Command, Seat } from '../daemon/contract.ts';
import { readLines } from '../host/lines.ts';
import { OWNER_FILE, owner, SITE_PREFIX } from '../host/owner.ts';
import { freePort, isFree } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import { markOf, removeLeftovers } from './leftovers.ts';
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
  const running = new Set<RunningMember>();
  const close = async (): Promise<void> => {
    await Promise.all([...running].map((member) => member.stop('SIGTERM', CLOSE_GRACE_MS)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const taken = new Set<number>();
    for (const member of members) {
      const address = await addressOf(addresses?.[member] ?? null, taken);
      const stateFolder = join(folder, member);
      seats.set(member, { member, address, stateFolder, sharedFolder, ours: { stateFolder, sharedFolder } });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    runtime: 'process',
    seat: (member) => seats.get(member)!,
    start: async (seat, artifact, command, onLine) => {
      mkdirSync(seat.stateFolder, { recursive: true });
      const member = startProcess(run, seat, artifact, command, onLine);
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

async function addressOf(kept: string | null, taken: Set<number>): Promise<string> {
  if (kept === null) return `127.0.0.1:${await freePort(taken)}`;
  const port = Number(kept.split(':').at(-1));
  if (!(await isFree(port))) throw new EnvironmentError(`${kept} is taken by another program`);
  taken.add(port);
  return kept;
}

function startProcess(run: string, seat: Seat, artifact: Artifact, command: Command, onLine: OnLine): RunningMember {
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
  const lines = Promise.all(streams.map(([name, stream]) => readLines(stream, (line) => onLine(name, line))));
  const ended = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal }));
    child.nodeChildProcess.once('error', (error) => {
      onLine('stderr', `cannot start ${program}: ${error.message}`);
      resolve({ code: null, signal: null });
    });
  });
  const exited = ended.then(async (exit) => {
    // Whatever it has started and left behind.
    killGroup(child.pid);
    const late = setTimeout(() => streams.forEach(([, stream]) => void stream.destroy()), OUTPUT_GRACE_MS);
    await lines;
    clearTimeout(late);
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
    // Nobody is left in it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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
