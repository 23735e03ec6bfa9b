/** Where the compiled code of a bundle is, so that a member starts faster than from its sources: see node/boot.ts. */
import { join } from 'node:path';
import type { DatabaseName } from '../input/scenario.ts';

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
