/**
 * The image on which members run: the one named in RIG_BASE_IMAGE; else, where this host has libdqlite, one assembled from
 * it, so that members can embed that; else `node:24-bookworm-slim` if it is there or can be pulled; else an assembled one
 * all the same. What is assembled: the pinned Node, and the shared libraries that it and libdqlite need.
 */
import { globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import tar from 'tar-stream';
import { digestOf } from '../host/digest.ts';
import { findDqlite, neededLibraries } from '../host/libraries.ts';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { finished, hasImage, importImage } from './docker-images.ts';

const OFFICIAL = 'node:24-bookworm-slim';
/** An engine without a way out may take minutes to say so. */
const PULL_LIMIT_MS = 20_000;

export interface Base {
  readonly image: string;
  /** Which it is, and why, for a person. */
  readonly says: string;
}

/** @throws EnvironmentError where there is no base to be had */
export async function ensureBase(docker: Dockerode): Promise<Base> {
  const named = process.env.RIG_BASE_IMAGE;
  if (named !== undefined && named !== '') {
    if (await hasImage(docker, named)) return { image: named, says: `${named}, as RIG_BASE_IMAGE says` };
    throw new InputError(
      `RIG_BASE_IMAGE=${named}: the engine does not have this image: build or pull it (it must have Node as /usr/local/bin/node), or unset the variable`,
    );
  }
  const dqlite = process.platform === 'linux' ? await findDqlite() : null;
  const assembled = process.platform === 'linux' ? await hostFiles(dqlite === null ? [] : [dqlite]) : null;
  const tag = assembled === null ? null : `refresh-rig/base:${digestOf(...assembled.map(fingerprint))}`;
  if (assembled !== null && tag !== null && dqlite !== null) {
    if (!(await hasImage(docker, tag))) await assemble(docker, tag, assembled);
    return { image: tag, says: `${tag}, assembled from this host, which has libdqlite` };
  }
  if (await hasImage(docker, OFFICIAL)) return { image: OFFICIAL, says: `${OFFICIAL}, which the engine has` };
  if (tag !== null && (await hasImage(docker, tag))) return { image: tag, says: `${tag}, assembled from this host` };
  const refusal = await pull(docker, OFFICIAL);
  if (refusal === null) return { image: OFFICIAL, says: `${OFFICIAL}, pulled` };
  if (assembled === null || tag === null) {
    throw new EnvironmentError(
      `cannot pull ${OFFICIAL} (${refusal}), and a base can be assembled on Linux only: set RIG_BASE_IMAGE`,
    );
  }
  await assemble(docker, tag, assembled);
  return { image: tag, says: `${tag}, assembled from this host (${OFFICIAL} cannot be pulled)` };
}

/** Returns null, or why the image cannot be pulled. */
async function pull(docker: Dockerode, image: string): Promise<string | null> {
  const limit = AbortSignal.timeout(PULL_LIMIT_MS);
  try {
    await finished(docker, await docker.pull(image, { abortSignal: limit }), `cannot pull ${image}`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

interface HostFile {
  readonly source: string;
  readonly target: string;
}

/** Names a file's content without reading it, the same in every checkout; Node alone has a hundred megabytes. */
function fingerprint({ source, target }: HostFile): string {
  return `${process.version} ${target} ${basename(source)} ${statSync(source).size}`;
}

/**
 * The image in which the links of a member are relayed: the pinned Node, and the packet filter's program of this host.
 * @param filter its path
 * @throws EnvironmentError
 */
export async function ensureRelayImage(docker: Dockerode, filter: string): Promise<string> {
  const files = await hostFiles([filter, ...filterModules()]);
  const tag = `refresh-rig/relay:${digestOf(...files.map(fingerprint))}`;
  if (!(await hasImage(docker, tag))) await assemble(docker, tag, files);
  return tag;
}

/** What the packet filter's program loads by itself, wherever this host has it. */
function filterModules(): string[] {
  return globSync('/usr/lib{,64,/*}/xtables/*.so');
}

/** The pinned Node, other files, and every shared library that any of them needs, wherever the loader finds them. */
async function hostFiles(others: readonly string[]): Promise<HostFile[]> {
  const needed = await Promise.all([process.execPath, ...others].map(neededLibraries));
  const libraries = [...new Set([...others, ...needed.flat()])].sort();
  return [
    { source: realpathSync(process.execPath), target: '/usr/local/bin/node' },
    ...libraries.map((library) => ({ source: realpathSync(library), target: library })),
  ];
}

async function assemble(docker: Dockerode, tag: string, files: readonly HostFile[]): Promise<void> {
  const root = tar.pack();
  for (const folder of ['tmp', 'var/lib', 'etc', 'root'])
    root.entry({ name: folder, type: 'directory', mode: folder === 'tmp' ? 0o1777 : 0o755 });
  root.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/false\n');
  root.entry({ name: 'etc/group' }, 'root:x:0:\n');
  root.entry({ name: 'etc/nsswitch.conf' }, 'hosts: files dns\n');
  for (const { source, target } of files) root.entry({ name: target.slice(1), mode: 0o755 }, readFileSync(source));
  root.finalize();
  await importImage(docker, tag, Readable.from(root), 'base');
}
