/**
 * What ends a command before its time: Ctrl-C, SIGTERM, a closed terminal or pipe, a fault of our own. All end it in the
 * same way: by a signal that aborts, upon which the roll is stopped and cleaned up.
 */

export class Interrupted extends Error {
  override name = 'Interrupted';
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal that aborts with `Interrupted`, or with the fault, and a way to stop listening. */
export function interruptSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => controller.abort(new Interrupted(`stopped by ${name}`));
  const onFault = (fault: unknown): void => controller.abort(fault);
  // Whoever reads our output has gone: nobody wants to see the rest.
  const onBrokenPipe = (error: NodeJS.ErrnoException): void =>
    controller.abort(error.code === 'EPIPE' ? new Interrupted('nobody reads the output any more') : error);
  for (const name of SIGNALS) process.on(name, onSignal);
  process.on('uncaughtException', onFault);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onBrokenPipe);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
      process.off('uncaughtException', onFault);
    },
  };
}
