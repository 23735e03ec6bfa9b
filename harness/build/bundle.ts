/**
 * The daemon as one file, with its native library and a compile cache beside it. Starting is part of time-to-open, and
 * one file with a warm cache starts in half the time of the sources. The package brings the file.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { digestOf, digestOfFiles, filesBelow } from '../host/digest.ts';
import { built, isPackaged, packageFolder, paths } from '../host/paths.ts';
import { EnvironmentError } from '../input/errors.ts';
import { makeWhole } from './making.ts';
import { warmUp } from './warm-up.ts';

export interface Bundle {
  readonly digest: string;
  readonly folder: string;
  /** The file to run. */
  readonly main: string;
  /** Where Node keeps compiled code; safe to share between processes, and to copy elsewhere with the bundle. */
  readonly cache: string;
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
  const digest = isPackaged ? digestOfPackaged(natives) : digestOfSources();
  const folder = join(paths.build, 'member', digest);
  const bundle: Bundle = { digest, folder, main: join(folder, 'member.cjs'), cache: join(folder, 'cache') };
  if (existsSync(folder)) return bundle;
  await makeWhole(folder, async (making) => {
    if (isPackaged) copyFileSync(built.member, join(making, 'member.cjs'));
    else await writeBundle(join(making, 'member.cjs'));
    for (const { name, source } of natives) copyFileSync(source, join(making, name));
    await warmUp(making);
  });
  return bundle;
}

function digestOfSources(): string {
  return digestOfFiles(paths.root, [...filesBelow(paths.daemon), paths.lockFile, import.meta.filename]);
}

/** No lock file stands for what is beside it; and what one Node has compiled is of no use to the next. */
function digestOfPackaged(natives: readonly NativeLibrary[]): string {
  const libraries = natives.map(({ source }) => digestOfFiles('/', [source]));
  return digestOf(digestOfFiles(paths.root, [built.member]), ...libraries, process.version);
}

/**
 * Bundle the daemon's sources.
 * @returns what went into it
 * @throws EnvironmentError
 */
export async function writeBundle(outfile: string): Promise<Metafile> {
  // Loaded here: the package has no sources to bundle, and does without it.
  const { build } = await import('esbuild');
  try {
    const { metafile } = await build({
      entryPoints: [join(paths.daemon, 'main.ts')],
      outfile,
      metafile: true,
      bundle: true,
      platform: 'node',
      // Its native library lies beside the bundle; the rest of it only looks for that.
      external: ['koffi'],
      target: 'node24',
      // CommonJS loads built-in modules when they are needed; an ES module loads all of them before it starts.
      format: 'cjs',
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
