/**
 * The daemon as one file, what starts it, its native libraries and its compiled code beside it. Starting is part of time-to-open,
 * and one file that has been compiled starts in half the time of the sources. The package brings the two files.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { digestOf, digestOfFiles, filesBelow } from '../host/digest.ts';
import { findDqlite } from '../host/libraries.ts';
import { isPackaged, packageFolder, paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { DatabaseName } from '../input/scenario.ts';
import { COMPILED } from './compiled.ts';
import { makeWhole } from './making.ts';
import { warmUp } from './warm-up.ts';

export interface Bundle {
  readonly digest: string;
  readonly folder: string;
  /** The file to run. */
  readonly main: string;
  /** What that file loads, which lies beside it. */
  readonly code: readonly string[];
  /** The folder of its compiled code; safe to share between processes, and to copy elsewhere with the bundle. */
  readonly compiled: string;
}

/** A native library, by the name under which the daemon looks for it beside itself. */
export interface NativeLibrary {
  readonly name: string;
  readonly source: string;
}

/**
 * The prebuilt libraries that the packages bring for a platform. koffi's is there only where npm found it of use.
 * @throws EnvironmentError where there is none without which no member runs
 */
export function nativeLibraries(platform: string, arch: string): NativeLibrary[] {
  const sqlite = libraryIn(packageFolder('better-sqlite3'), 'prebuilds', `${platform}-${arch}.node`);
  if (sqlite === null)
    throw new EnvironmentError(
      `the package better-sqlite3 has no library for ${platform}-${arch}, and the rig's own daemon needs it: roll another (--daemon)`,
    );
  const asking = packageFolder('koffi');
  const ofKoffi = asking === null ? null : packageFolder(`@koromix/koffi-${platform}-${arch}`, asking);
  const koffi = libraryIn(ofKoffi, `${platform}_${arch}`, 'koffi.node');
  return [
    { name: 'better_sqlite3.node', source: sqlite },
    ...(koffi === null ? [] : [{ name: 'koffi.node', source: koffi }]),
  ];
}

function libraryIn(folder: string | null, ...path: readonly string[]): string | null {
  const file = folder === null ? null : join(folder, ...path);
  return file !== null && existsSync(file) ? file : null;
}

/** Each file of the bundle, and the source in which it begins; the first is the file to run. */
const PARTS = { 'member.cjs': 'boot.ts', 'daemon.cjs': 'main.ts', 'x509.cjs': join('trust', 'x509.ts') } as const;
const [MAIN, ...CODE] = Object.keys(PARTS) as [string, ...string[]];
const nameOf = (file: string): string => basename(file, extname(file));

/** What a rig has bundled stays its daemon until it ends: looking at all sources again takes longer than a roll should wait. */
let bundled: Promise<Bundle> | null = null;

/**
 * Bundle the daemon, unless a bundle of the same sources is there.
 * @throws EnvironmentError
 */
export async function bundleDaemon(): Promise<Bundle> {
  const known = await bundled?.catch(() => null);
  if (known && existsSync(known.folder)) return known;
  bundled = bundleAnew();
  return bundled;
}

async function bundleAnew(): Promise<Bundle> {
  const natives = nativeLibraries(process.platform, process.arch);
  const engines: readonly DatabaseName[] = (await findDqlite()) === null ? ['sqlite'] : ['sqlite', 'dqlite'];
  const digest = digestOf(isPackaged ? digestOfPackaged(natives) : digestOfSources(), ...engines);
  const folder = join(paths.build, 'member', digest);
  const inFolder = (name: string): string => join(folder, name);
  const code = CODE.map(inFolder);
  const bundle: Bundle = { digest, folder, main: inFolder(MAIN), code, compiled: inFolder(COMPILED) };
  if (existsSync(folder)) return bundle;
  await makeWhole(folder, async (making) => {
    if (!isPackaged) await writeBundle(making);
    else for (const file of packaged()) copyFileSync(file, join(making, basename(file)));
    for (const { name, source } of natives) copyFileSync(source, join(making, name));
    await warmUp(making, engines);
  });
  return bundle;
}

function digestOfSources(): string {
  const making = ['bundle', 'warm-up', 'compiled'].map((name) => join(import.meta.dirname, `${name}.ts`));
  return digestOfFiles(paths.root, [...filesBelow(paths.daemon), paths.lockFile, ...making]);
}

/** No lock file stands for what is beside it; and what one Node has compiled is of no use to the next. */
function digestOfPackaged(natives: readonly NativeLibrary[]): string {
  const libraries = natives.map(({ source }) => digestOfFiles('/', [source]));
  return digestOf(digestOfFiles(paths.root, packaged()), ...libraries, process.version);
}

/** The files that the package brings. */
function packaged(): string[] {
  return Object.keys(PARTS).map((name) => join(paths.dist, name));
}

/** What is loaded only where it is needed, and has a file of its own, is not part of any other. */
const inFilesOfTheirOwn: Plugin = {
  name: 'in files of their own',
  setup: (build) => {
    const files = new Map(Object.entries(PARTS).map(([file, source]) => [join(paths.daemon, source), file]));
    build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const file = kind === 'dynamic-import' ? files.get(join(resolveDir, path)) : undefined;
      return file === undefined ? null : { path: `./${file}`, external: true };
    });
  },
};

/**
 * Bundle the daemon's sources, and those of what starts it.
 * @returns what went into them
 * @throws EnvironmentError
 */
export async function writeBundle(folder: string): Promise<Metafile> {
  // Loaded here: the package has no sources to bundle, and does without it.
  const { build } = await import('esbuild');
  try {
    const { metafile } = await build({
      entryPoints: Object.fromEntries(
        Object.entries(PARTS).map(([file, source]) => [nameOf(file), join(paths.daemon, source)]),
      ),
      outdir: folder,
      outExtension: { '.js': '.cjs' },
      metafile: true,
      bundle: true,
      platform: 'node',
      // Its native library lies beside the bundle; the rest of it only looks for that.
      external: ['koffi'],
      plugins: [inFilesOfTheirOwn],
      target: 'node24',
      // CommonJS loads built-in modules when they are needed; an ES module loads all of them before it starts.
      format: 'cjs',
      // Modules, where a package has them: what is wanted of none is left out, and the rest is loaded in half the time.
      mainFields: ['module', 'main'],
      // What loads compiled code loads what is asked for with `require`.
      supported: { 'dynamic-import': false },
      define: { 'import.meta.dirname': '__dirname' },
      minify: true,
      legalComments: 'none',
      logLevel: 'silent',
    });
    return metafile;
  } catch (error) {
    throw new EnvironmentError(`cannot bundle the member daemon: ${(error as Error).message}`);
  }
}
