/** Where Node keeps the compiled code of a bundle, so that a member starts faster than from its sources. */

/** The environment in which the bundle finds its compile cache, wherever it lies. */
export function cacheEnv(folder: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: `${folder}/cache`, NODE_COMPILE_CACHE_PORTABLE: '1' };
}
