/** What this machine may lack of which the rig itself needs some: that is no member's doing, and no answer of one. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { EnvironmentError } from '../input/errors.ts';

const LACKS: Readonly<Record<string, string>> = {
  EMFILE: 'the rig may open no more files: allow it more (ulimit -n)',
  ENFILE: 'the machine has no more files to open',
  ENOMEM: 'the machine has no memory left',
  ENOBUFS: 'the machine has no buffers left for connections',
  EADDRNOTAVAIL: 'the machine has no ports left for connections',
};
/** Of one that is to be started: of a connection it says that its other end is busy. */
const LACKS_AT_START: typeof LACKS = { ...LACKS, EAGAIN: 'this user may start no more processes (ulimit -u)' };

/** What it is that the rig lacked as it asked somebody something, as an error of the environment; null where it lacked nothing. */
export function lackOf(error: unknown): EnvironmentError | null {
  return lackIn(LACKS, error);
}

/** As `lackOf`, of a program that the rig was to start. */
export function lackAtStart(error: unknown): EnvironmentError | null {
  return lackIn(LACKS_AT_START, error);
}

function lackIn(lacks: typeof LACKS, error: unknown): EnvironmentError | null {
  const { code, message } = error as NodeJS.ErrnoException;
  const lack = code === undefined ? undefined : lacks[code];
  return lack === undefined ? null : new EnvironmentError(`${lack} (${message})`);
}

/** A replicated database takes its files in pieces of eight mebibytes, and says no more than that it could not. */
const LEAST_BYTES = 16 * 1024 * 1024;
/** Node takes eleven to start. */
const LEAST_TASKS = 12;

/**
 * What members may lack that live in a folder of this host, and go, or come to nothing, without saying why: room on its disk, or leave
 * to start a process or a thread; null where there is enough of both.
 */
export function lackAround(folder: string): EnvironmentError | null {
  if (lacksRoom(folder))
    return new EnvironmentError(`hardly any room is left in ${folder}: set TMPDIR to a folder with more`);
  const tasks = tasksLeft();
  return tasks === null || tasks >= LEAST_TASKS
    ? null
    : new EnvironmentError(
        `this user may start ${tasks} more processes or threads, and a member takes more (ulimit -u)`,
      );
}

function lacksRoom(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < LEAST_BYTES || (files > 0 && ffree === 0);
  } catch {
    // It is gone: whoever lived in it says so.
    return false;
  }
}

/** How many processes and threads this user may still start; null where nothing limits that, or nothing tells. Linux only. */
function tasksLeft(): number | null {
  const uid = process.getuid?.();
  if (process.platform !== 'linux' || uid === undefined || uid === 0) return null;
  const most = Number(/^Max processes +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.NaN);
  if (Number.isNaN(most)) return null;
  const running = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return most - running.reduce((sum, pid) => sum + threadsOf(pid, uid), 0);
}

/** 0 where it is another user's, or has gone meanwhile. */
function threadsOf(pid: string, uid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(status) ? Number(/^Threads:\s+(\d+)/m.exec(status)![1]) : 0;
  } catch {
    return 0;
  }
}
