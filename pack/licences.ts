/** The licences of the packages of which files were bundled: most of them ask to be handed on with the code. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @param inputs the files that went into each bundle, from the root */
export function licencesOf(root: string, inputs: Readonly<Record<string, readonly string[]>>): string {
  const bundles = Object.keys(inputs).join(' and ');
  const folders = new Set(Object.values(inputs).flatMap((files) => files.flatMap((file) => packageOf(file) ?? [])));
  const texts = [...folders].sort().map((folder) => licenceOf(root, folder));
  return [`${bundles} contain code of these packages.`, ...texts].join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** `node_modules/NAME`, or that of a package below another; null where it is none. */
function packageOf(file: string): string | null {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? null;
}

function licenceOf(root: string, folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
  };
  const [file] = globSync('{LICENSE,LICENCE,license,licence,COPYING}*', { cwd: join(root, folder) });
  const text = file === undefined ? 'It brings no text of it.' : readFileSync(join(root, folder, file), 'utf8').trim();
  return `${name} ${version}: ${license}\n\n${text}`;
}
