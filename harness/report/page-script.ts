/** The script of the report's page, bundled from its sources; once, and again when they change. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { digestOfFiles, filesBelow } from '../host/digest.ts';
import { paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';

let asked: Promise<string> | null = null;

/** @throws EnvironmentError */
export function pageScript(): Promise<string> {
  asked ??= bundledOnce();
  return asked;
}

async function bundledOnce(): Promise<string> {
  const inputs = [...filesBelow(paths.report), ...filesBelow(paths.daemon), paths.lockFile, import.meta.filename];
  const file = join(paths.build, 'page', `${digestOfFiles(paths.root, inputs)}.js`);
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const making = `${file}.${process.pid}`;
    writeFileSync(making, await bundle());
    // At once, so that a rig beside this one never reads half of it.
    renameSync(making, file);
  }
  return readFileSync(file, 'utf8');
}

async function bundle(): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [join(paths.report, 'browser', 'page.ts')],
      write: false,
      bundle: true,
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      minify: true,
      legalComments: 'none',
      logLevel: 'silent',
    });
    return outputFiles[0]!.text;
  } catch (error) {
    throw new EnvironmentError(`cannot bundle the script of the report: ${(error as Error).message}`);
  }
}
