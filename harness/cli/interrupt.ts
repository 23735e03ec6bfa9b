/**
 * What ends a command before its time: Ctrl-C, SIGTERM, SIGQUIT, a closed terminal or pipe, a fault of our own. All end it in
 * the same way: by a signal that aborts, upon which the roll is stopped and cleaned up. Who asks a second time is in a hurry:
 * members are killed instead of stopped, and cleaned up all the same.
 */
import { EnvironmentError } from '../input/errors.ts';
import { EXIT, reportError } from './outcome.ts';

export class Interrupted extends Error {
  override name = 'Interrupted';
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export interface Interruption {
  /** Aborts with `Interrupted`, or with the fault. */
  readonly signal: AbortSignal;
  /** Aborts when it is asked for once more. */
  readonly hurry: AbortSignal;
  /** Stop listening. */
  readonly release: () => void;
}

/** Of whatever cleans up after itself before the command ends. */
const underWay = new Set<AbortController>();

export function interruptSignal(): Interruption {
  const [first, second] = [new AbortController(), new AbortController()];
  const onSignal = (name: NodeJS.Signals): void => {
    if (first.signal.aborted) second.abort();
    else first.abort(new Interrupted(`stopped by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  underWay.add(first);
  return {
    signal: first.signal,
    hurry: second.signal,
    release: () => {
      underWay.delete(first);
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

/**
 * See to it that a fault ends the command with a code of its own: the system's would be that of a verdict. What is under way
 * is cleaned up first; where nothing is, the command ends at once.
 */
export function endAtFaults(): void {
  const end = (fault: unknown): void => {
    for (const controller of underWay) controller.abort(fault);
    if (underWay.size > 0) return;
    process.exit(fault instanceof Interrupted ? EXIT.interrupted : reportError(fault));
  };
  process.on('uncaughtException', end);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'EPIPE';
      end(
        isClosed
          ? new Interrupted('nobody reads the output any more')
          : new EnvironmentError(`cannot write what is to be told: ${error.message}`),
      );
    });
  }
}
