/**
 * Builds what the package ships, into dist/: the rig's code, compiled; the daemon as one file, and what starts it; the script and
 * the style of pages; the types of the entry; and the licences of what went into the files that are bundled whole. `npm pack` runs
 * it first.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { writeBundle } from '../harness/build/bundle.ts';
import { built, paths } from '../harness/host/paths.ts';
import { bundlePage } from '../harness/report/page-script.ts';
import { licencesOf } from './licences.ts';

const { root, dist, report } = paths;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
await compileRig();
const member = await writeBundle(dist);
const page = await bundlePage();
writeFileSync(built.pageScript, page.code);
copyFileSync(join(report, 'page.css'), join(dist, 'page.css'));
writeFileSync(
  join(dist, 'THIRD-PARTY.txt'),
  licencesOf(root, {
    'daemon.cjs and x509.cjs': Object.keys(member.inputs),
    'page.js': page.inputs,
  }),
);
await execa('tsc', ['--project', 'pack'], { cwd: root, preferLocal: true, stdio: 'inherit' });

/** Flat, since its code finds the package from where it lies; in parts, so that a command loads no more than it needs. */
async function compileRig(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'harness/cli/main.ts', index: 'harness/index.ts' },
    outdir: dist,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    // A stack needs names and lines; who wants to read more finds it by the version.
    sourcesContent: false,
    logLevel: 'warning',
  });
}
