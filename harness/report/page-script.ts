/**
 * Scripts of pages, bundled from their sources; once, and again when anything changes that went into them. The package brings
 * the script of its page.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFiles } from '../host/digest.ts';
import { built, isPackaged, paths } from '../host/paths.ts';
import { writeWhole } from '../host/whole-file.ts';
import { EnvironmentError } from '../input/errors.ts';

const PAGE = join(paths.report, 'browser', 'page.ts');

let asked: Promise<string> | null = null;

/**
 * The script of the report's page.
 * @throws EnvironmentError
 */
export function pageScript(): Promise<string> {
  asked ??= isPackaged ? readFile(built.pageScript, 'utf8') : bundledOnce(paths.root, PAGE, join(paths.build, 'page'));
  return asked;
}

/** The script of the report's page, from its sources. @throws EnvironmentError */
export function bundlePage(): Promise<Bundled> {
  return bundle(paths.root, PAGE);
}

/**
 * The bundle of a script. Which files go into it is known only once it is made: the list is kept beside it. A file that
 * joins the list is imported by one that stands on it, and so changes the digest.
 * @param root that the sources are named from
 * @param cache a folder for this one script; may be deleted at any time
 * @throws EnvironmentError
 */
export async function bundledOnce(root: string, entry: string, cache: string): Promise<string> {
  const list = join(cache, 'inputs.json');
  const known = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as string[]) : [];
  if (known.length > 0 && known.every((input) => existsSync(join(root, input)))) {
    const file = fileOf(root, known, cache);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  const made = await bundle(root, entry);
  const { code } = made;
  const inputs = made.inputs.filter((input) => !input.split('/').includes('node_modules'));
  writeWhole(fileOf(root, inputs, cache), code);
  writeWhole(list, JSON.stringify(inputs));
  return code;
}

function fileOf(root: string, inputs: readonly string[], cache: string): string {
  // How it is bundled counts, too; and the lock file stands for all packages.
  const files = [...inputs.map((input) => join(root, input)), paths.lockFile, import.meta.filename];
  return join(cache, `${digestOfFiles(root, files)}.js`);
}

export interface Bundled {
  readonly code: string;
  /** The files that it was made of, from the root. */
  readonly inputs: readonly string[];
}

async function bundle(root: string, entry: string): Promise<Bundled> {
  // Loaded here: the package has no sources to bundle, and does without it.
  const { build } = await import('esbuild');
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      write: false,
      metafile: true,
      bundle: true,
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      minify: true,
      legalComments: 'none',
      logLevel: 'silent',
    });
    return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
  } catch (error) {
    throw new EnvironmentError(`cannot bundle the script of the report: ${(error as Error).message}`);
  }
}
