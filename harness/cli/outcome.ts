/** Exit codes, and the one way in which a command ends. */
import colors from 'picocolors';
import { EnvironmentError, InputError } from '../input/errors.ts';
import type { Results } from '../matrix/results.ts';
import { cellResults, isFine } from '../matrix/state.ts';

export const EXIT = { holds: 0, broken: 1, badInput: 2, environment: 3, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOfMatrix(results: Results): ExitCode {
  const wrong = cellResults(results).flatMap(({ state }) => (isFine(state) ? [] : [state]));
  if (wrong.length === 0) return EXIT.holds;
  return wrong.every((state) => state === 'no-verdict') ? EXIT.environment : EXIT.broken;
}

/** Print an error for a person, and say with which code to exit. A fault of ours is shown with its stack. */
export function reportError(error: unknown): ExitCode {
  if (error instanceof InputError || error instanceof EnvironmentError) {
    process.stderr.write(`${colors.red('error:')} ${error.message}\n`);
    return error instanceof InputError ? EXIT.badInput : EXIT.environment;
  }
  process.stderr.write(
    `${colors.red('this is a fault in refresh-rig:')} ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT.environment;
}
