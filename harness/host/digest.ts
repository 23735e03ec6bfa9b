/** Naming things by their content, so that nothing is built twice. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Enough digits that two contents of one project never share them. */
const DIGITS = 16;

export function digestOf(...contents: ReadonlyArray<string | Buffer>): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest('hex').slice(0, DIGITS);
}

/** The digest of files, by name (relative to a folder) and content. */
export function digestOfFiles(folder: string, files: readonly string[]): string {
  return digestOf(...[...files].sort().flatMap((file) => [relative(folder, file), readFileSync(file)]));
}

/** All files below a folder, with their paths. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
