/** Printing for scripts. */
import { printable } from '../report/printable.ts';

/** A terminal may show it, too: JSON escapes some control characters by itself, and the others mean the same escaped. */
export function printJson(document: unknown): void {
  process.stdout.write(`${printable(JSON.stringify(document, null, 2))}\n`);
}
