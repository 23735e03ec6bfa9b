/** Exit codes, and the one way in which a command ends. */
import colors from 'picocolors';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { shortened } from '../input/faults.ts';
import type { Results } from '../matrix/results.ts';
import { cellResults, isFine } from '../matrix/state.ts';
import { printable } from '../report/printable.ts';
import { screenOf, wrapped } from '../report/screen.ts';

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
    const text = `${colors.red('error:')} ${errorText(error.message)}`;
    process.stderr.write(`${wrapped(text, screenOf(process.stderr))}\n`);
    return error instanceof InputError ? EXIT.badInput : EXIT.environment;
  }
  process.stderr.write(
    `${colors.red('this is a fault in refresh-rig:')} ${printable(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
  );
  return EXIT.environment;
}

/** A line of an error that is longer is cut, and of more lines only the first are shown. */
const LONGEST_LINE = 2000;
const MOST_LINES = 40;

/** What an error quotes came from a file, a flag or a program: nothing in it moves a cursor, or fills the screen. */
export function errorText(message: string): string {
  const lines = message.trimEnd().split('\n');
  const shown = lines.slice(0, MOST_LINES).map((line) => shortened(printable(line), LONGEST_LINE));
  const left = lines.length - shown.length;
  return [...shown, ...(left > 0 ? [`… and ${left} more lines`] : [])].join('\n');
}
