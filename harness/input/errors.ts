/** The two ways in which a command can fail that are not a verdict: bad input, and an environment that does not serve. */

/** Something the user gave cannot be used. The message names the file, line or flag, and what to do. Exit code 2. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Something around us does not work: a Docker engine, a port, a process that will not start. Exit code 3. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * Do what reads a file further than its schema, so that whatever is refused is refused in the name of that file.
 * @param at where in the file, by what is said of it
 */
export function inNameOf<Of>(
  file: string | undefined,
  read: () => Of,
  at: (file: string, message: string) => string = (named) => named,
): Of {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError) || file === undefined || error.message.startsWith(file)) throw error;
    throw new InputError(`${at(file, error.message)}: ${error.message}`);
  }
}
