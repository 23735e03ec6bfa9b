/** Printing for scripts. */
import { printable } from '../report/printable.ts';

export function printJson(document: unknown): void {
  process.stdout.write(`${jsonText(document)}\n`);
}

/** A terminal may show it, too: JSON escapes some control characters by itself, and the others mean the same escaped. */
export function jsonText(document: unknown): string {
  return printable(JSON.stringify(document ?? null, null, 2));
}
