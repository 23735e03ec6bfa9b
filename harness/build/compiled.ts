/** How a bundle is started: faster than from its sources, with its compiled code (see node/boot.ts). */
import { join } from 'node:path';
import type { DatabaseName } from '../input/scenario.ts';

/**
 * How Node is told to start it: no authority signs for a member, and those that Node knows it would read on a thread of its own, for
 * as much of the processor as half a bare start takes.
 */
export const NODE_FLAGS = ['--use-openssl-ca'] as const;

/** The folder, in that of the bundle. */
export const COMPILED = 'compiled';

/** One for each engine, on which a member runs other code. */
export function compiledFolder(folder: string, database: DatabaseName): string {
  return join(folder, COMPILED, database);
}

/** The environment in which a member runs what was compiled before, wherever the bundle lies. */
export function compiledEnv(folder: string, database: DatabaseName): Record<string, string> {
  return { MEMBER_COMPILED: compiledFolder(folder, database) };
}

/** The environment in which it leaves that. */
export function compilingEnv(folder: string, database: DatabaseName): Record<string, string> {
  return { MEMBER_COMPILED_TO: compiledFolder(folder, database) };
}
