/** One process of this host as a member: its lines, how it ends, and the ways to end it. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { Seat } from '../daemon/contract.ts';
import { lackAtStart } from '../host/lack.ts';
import { readLines } from '../host/lines.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Marked } from './program.ts';
import { type Exit, isKilled, type OnLine, type RunningMember } from './runtime.ts';

/** How long the output of a process is waited for that has ended: a child of its own may hold it open for ever. */
const OUTPUT_GRACE_MS = 1000;

/** What a member is made of. */
export interface Child {
  readonly seat: Seat;
  /** HOST:PORT by which the rig reaches it. */
  readonly authority: string;
  /** The program of its version with its first arguments, as it is known where the member runs. */
  readonly program: readonly string[];
  /** The whole command. Whatever it runs first must become the daemon itself: its number is what signals are sent to. */
  readonly command: readonly string[];
  readonly env: Marked;
  readonly onLine: OnLine;
  /** Sees an exit that nobody has told it to make, before anybody else does. */
  readonly onOwnExit: (exit: Exit) => Promise<void>;
  /** Runs a program where the process is that has this number. */
  readonly run: (pid: number | undefined) => RunningMember['run'];
}

/** @throws EnvironmentError where the system does not start it: then there is no member that could have done anything */
export async function startChild(what: Child): Promise<RunningMember & { readonly pid: number }> {
  const { seat, authority, program, command, env, onLine, onOwnExit, run } = what;
  const [file = '', ...args] = command;
  const child = execa(file, args, {
    env,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // The rig stops its members itself, in order; a Ctrl-C in the terminal must not reach them first. And a group of its
    // own is what can be killed as a whole.
    detached: true,
    // How long it may take to stop is its daemon's to say; execa would kill it after five seconds.
    forceKillAfterDelay: false,
    cleanup: true,
  });
  const { pid } = child;
  if (pid === undefined) {
    const { cause, shortMessage } = await child;
    throw (
      lackAtStart(cause) ??
      new EnvironmentError(`cannot start ${seat.member}: ${(cause as Error | undefined)?.message ?? shortMessage}`)
    );
  }
  const streams = [
    ['stdout', child.stdout],
    ['stderr', child.stderr],
  ] as const;
  const lines = Promise.all(
    streams.map(([name, stream]) => readLines(stream, (line, sinceNs) => onLine(name, line, sinceNs))),
  );
  const ended = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal }));
  });
  let isTold = false;
  let isFrozen = false;
  const exited = ended.then(async (exit) => {
    // Whatever it has started and left behind.
    killGroup(pid);
    const late = setTimeout(() => streams.forEach(([, stream]) => void stream.destroy()), OUTPUT_GRACE_MS);
    await lines;
    clearTimeout(late);
    if (!isTold) await onOwnExit(exit);
    return exit;
  });
  return {
    pid,
    seat,
    authority,
    program,
    exited,
    run: run(pid),
    stop: async (signal, graceMs) => {
      let killed = false;
      isTold = true;
      child.kill(signal);
      // One that the rig has frozen would never hear of it; one that somebody else has is to be seen not to stop.
      if (isFrozen) signalGroup(pid, 'SIGCONT');
      const insist = setTimeout(() => {
        killed = true;
        killGroup(pid);
      }, graceMs);
      await ended;
      clearTimeout(insist);
      const exit = await exited;
      // A rig that did not get to run finds its grace past, and its member gone in time.
      return { ...exit, killed: killed && isKilled(exit) };
    },
    freeze: async () => {
      isFrozen = true;
      signalGroup(pid, 'SIGSTOP');
    },
    thaw: async () => {
      isFrozen = false;
      signalGroup(pid, 'SIGCONT');
    },
    kill: () => {
      isTold = true;
      killGroup(pid);
      return exited;
    },
    memoryBytes: () => residentBytes(pid),
  };
}

function killGroup(pid: number | undefined): void {
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
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
