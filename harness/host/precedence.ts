/**
 * Precedence over all that is run beside: whoever watches others from outside sees late what it is not let see, most of all while
 * they start and keep every processor busy. It needs root, Linux and `chrt`; without, what is seen is known less exactly.
 */
import { execFile } from 'node:child_process';
import { findProgram } from './programs.ts';

/** The least of what Linux calls real-time priorities: above everything that is not of that kind. */
const PRIORITY = '1';

let holders = 0;
/** One change after the other. */
let change = Promise.resolve();

/**
 * Have the main thread of this process run as soon as it has anything to do, until whoever asked for that has no more need; none of
 * the processes that it starts meanwhile is concerned.
 * @returns gives it up
 */
export function takePrecedence(): () => void {
  holders += 1;
  if (holders === 1) set(['--rr', '--reset-on-fork', '--pid', PRIORITY]);
  return () => {
    holders -= 1;
    if (holders === 0) set(['--other', '--pid', '0']);
  };
}

function set(options: readonly string[]): void {
  const chrt = process.platform === 'linux' && process.getuid?.() === 0 ? findProgram('chrt') : null;
  if (chrt === null) return;
  // Where the machine does not allow it, even to root, it is as if there were no such program.
  change = change.then(
    () => new Promise((resolve) => void execFile(chrt, [...options, String(process.pid)], () => resolve())),
  );
}
