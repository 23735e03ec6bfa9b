/** Ctrl-C and SIGTERM end a command in order: the roll is stopped and cleaned up. A second one is not needed. */

export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** A signal that aborts when the rig is told to stop, and a way to stop listening. */
export function interruptSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals): void => controller.abort(new Interrupted(`stopped by ${name}`));
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, abort);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, abort);
    },
  };
}
