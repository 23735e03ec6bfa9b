/** What the package says of itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from './paths.ts';

interface PackageFile {
  readonly version: string;
  readonly repository: { readonly url: string };
}

export function version(): string {
  return packageFile().version;
}

/** `OWNER/NAME` of the repository on GitHub that package.json names; null where it names one elsewhere. */
export function repository(): string | null {
  return /github\.com[/:]([^/]+\/[^/]+?)(\.git)?$/.exec(packageFile().repository.url)?.[1] ?? null;
}

function packageFile(): PackageFile {
  return JSON.parse(readFileSync(join(paths.root, 'package.json'), 'utf8')) as PackageFile;
}
