/** What this machine may lack of which the rig itself needs some: that is no member's doing, and no answer of one. */
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
