/** The two ways in which a command can fail that are not a verdict: bad input, and an environment that does not serve. */

/** Something the user gave cannot be used. The message names the file, line or flag, and what to do. Exit code 2. */
export class InputError extends Error {
  override name = 'InputError';
  /** What of a file it is about, as keys: `faults.0`; null where the message begins with them, or it is about none. */
  readonly key: string | null;
  /** Whether the message names its place already. */
  readonly isPlaced: boolean;

  constructor(message: string, { key = null, isPlaced = false }: { key?: string | null; isPlaced?: boolean } = {}) {
    super(message);
    this.key = key;
    this.isPlaced = isPlaced;
  }
}

/** Something around us does not work: a Docker engine, a port, a process that will not start. Exit code 3. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/** Do what reads a file further than its schema, so that whatever is refused is refused in the name of that file. */
export function inNameOf<Of>(file: string | undefined, read: () => Of): Of {
  return refusing(read, (error) => named(file, error));
}

/**
 * The error in the name of a file.
 * @param at where in the file
 */
export function named(file: string | undefined, error: InputError, at: string | undefined = file): InputError {
  if (file === undefined || error.isPlaced || error.message.startsWith(file)) return error;
  return new InputError(`${at}: ${error.message}`, { isPlaced: true });
}

/** Do something, and have what it refuses be said otherwise. */
export function refusing<Of>(read: () => Of, otherwise: (error: InputError) => InputError): Of {
  try {
    return read();
  } catch (error) {
    throw error instanceof InputError ? otherwise(error) : error;
  }
}
