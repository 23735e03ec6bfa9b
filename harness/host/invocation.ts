/** How the rig was started: what to type before a command of it, where it runs. */
import { basename, relative } from 'node:path';

/** A script of a package.json that is the rig and nothing more takes commands of it; one with a command of its own does not. */
const PLAIN_SCRIPT = /^(node \S*\/)?refresh-rig(\.cjs)?$/;

/**
 * `npm run rig --`, `npx refresh-rig`, `refresh-rig` where it is on the path, or `node` with the file that was started. Where
 * nobody types it, as in CI, RIG_COMMAND says what somebody who reads a report would.
 */
export function invocation(env: NodeJS.ProcessEnv = process.env, started = process.argv[1] ?? ''): string {
  const { RIG_COMMAND: said = '', npm_lifecycle_event: script, npm_lifecycle_script: line = '' } = env;
  if (said !== '') return said;
  if (script !== undefined && PLAIN_SCRIPT.test(line.trim())) return `npm run ${script} --`;
  const path = started.split(/[/\\]/);
  if (path.includes('node_modules')) return 'npx refresh-rig';
  if (basename(started) === 'refresh-rig') return 'refresh-rig';
  return `node ${relative(process.cwd(), started)}`;
}
