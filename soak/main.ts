/**
 * `npm run soak -- NAME`: what takes too long for `npm test`, one at a time. Each prints its seed, and exits 1 where it found
 * something. It is for whoever works on the rig; `refresh-rig soak`, which draws rolls, is for whoever has a daemon.
 */

/** By name: what it does, and the function that does it. @returns whether nothing was found */
const SOAKS: Readonly<Record<string, () => Promise<(options: readonly string[]) => Promise<boolean>>>> = {
  defects: async () => (await import('./defects.ts')).defects,
  fuzz: async () => (await import('./fuzz.ts')).fuzz,
  kills: async () => (await import('./kills.ts')).kills,
  memory: async () => (await import('./memory.ts')).memory,
};

const [name = '', ...options] = process.argv.slice(2);
const soak = Object.hasOwn(SOAKS, name) ? SOAKS[name] : undefined;
if (soak === undefined) {
  process.stderr.write(`npm run soak -- NAME: there are ${Object.keys(SOAKS).join(', ')}\n`);
  process.exitCode = 2;
} else if (!(await (await soak())(options))) {
  process.exitCode = 1;
}
