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

/** `OWNER/NAME` on GitHub, where the action and the workflow are. */
export function repository(): string {
  const { url } = packageFile().repository;
  const found = /github\.com[/:]([^/]+\/[^/]+?)(\.git)?$/.exec(url)?.[1];
  if (found === undefined) throw new Error(`package.json: repository.url is of no GitHub repository: ${url}`);
  return found;
}

function packageFile(): PackageFile {
  return JSON.parse(readFileSync(join(paths.root, 'package.json'), 'utf8')) as PackageFile;
}
