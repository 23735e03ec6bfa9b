/**
 * The daemon as one file, with its native library and a compile cache beside it. Starting is part of time-to-open, and
 * one file with a warm cache starts in half the time of the sources.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { digestOfFiles, filesBelow } from '../host/digest.ts';
import { paths } from '../host/paths.ts';
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

/** The prebuilt libraries that the packages bring for a platform. koffi's is there only where npm found it of use. */
export function nativeLibraries(platform: string, arch: string): NativeLibrary[] {
  const { nodeModules } = paths;
  const sqlite = join(nodeModules, 'better-sqlite3', 'prebuilds', `${platform}-${arch}.node`);
  const koffi = join(nodeModules, '@koromix', `koffi-${platform}-${arch}`, `${platform}_${arch}`, 'koffi.node');
  return [
    { name: 'better_sqlite3.node', source: sqlite },
    ...(existsSync(koffi) ? [{ name: 'koffi.node', source: koffi }] : []),
  ];
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
  const inputs = [...filesBelow(paths.daemon), paths.lockFile, import.meta.filename];
  const digest = digestOfFiles(paths.root, inputs);
  const folder = join(paths.build, 'member', digest);
  const bundle: Bundle = { digest, folder, main: join(folder, 'member.cjs'), cache: join(folder, 'cache') };
  if (existsSync(folder)) return bundle;
  await makeWhole(folder, async (making) => {
    await writeBundle(join(making, 'member.cjs'));
    for (const { name, source } of nativeLibraries(process.platform, process.arch)) {
      copyFileSync(source, join(making, name));
    }
    await warmUp(making);
  });
  return bundle;
}

async function writeBundle(outfile: string): Promise<void> {
  try {
    await build({
      entryPoints: [join(paths.daemon, 'main.ts')],
      outfile,
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
  } catch (error) {
    throw new EnvironmentError(`cannot bundle the member daemon: ${(error as Error).message}`);
  }
}
