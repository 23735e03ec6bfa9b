/** Which runtime a plan is carried out on. */

import type { Place } from '../daemon/contract.ts';
import { EnvironmentError, InputError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { processRuntime } from './process.ts';
import type { Runtime } from './runtime.ts';

/** A runtime, and why it was chosen. */
export interface Choice {
  readonly runtime: Runtime;
  readonly because: string;
}

/**
 * `auto`: containers where an engine answers and the versions can run in them, else processes.
 * @param possible where the versions of the plan can run
 * @throws EnvironmentError where what is asked for is not to be had here; InputError where the versions cannot run there
 */
export async function chooseRuntime(wanted: Plan['runtime'], possible: readonly Place[]): Promise<Choice> {
  refuseImpossible(wanted, possible);
  if (wanted === 'process') return { runtime: await processes(possible, '--runtime process: '), because: 'as asked' };
  if (!possible.includes('container'))
    return { runtime: await processes(possible, ''), because: 'not every version of this daemon has an image' };
  // Loaded here: no command that needs no engine should wait for its client.
  const [{ containerRuntime }, { askEngine }] = await Promise.all([
    import('./container.ts'),
    import('../host/engine.ts'),
  ]);
  const engine = await askEngine();
  if (engine.answers) {
    return {
      runtime: containerRuntime(),
      because: wanted === 'auto' ? `a Docker engine answers (${engine.version})` : 'as asked',
    };
  }
  const isOther = possible.some((place) => place !== 'container');
  if (wanted === 'auto' && isOther) {
    const because = `no Docker engine answers (${engine.because})`;
    return { runtime: await processes(possible, `${because}, and `), because };
  }
  const otherwise = isOther ? ', or use --runtime process' : '';
  throw new EnvironmentError(
    `--runtime container: no Docker engine answers (${engine.because}): start one${otherwise}`,
  );
}

/** @throws InputError */
function refuseImpossible(wanted: Plan['runtime'], possible: readonly Place[]): void {
  const isPossible = possible.some(
    (place) => wanted === 'auto' || (place === 'container') === (wanted === 'container'),
  );
  if (isPossible) return;
  if (wanted === 'auto')
    throw new InputError('some versions have only an image and some only a program: give all of them one or the other');
  const lacks =
    wanted === 'container'
      ? 'an image (image: NAME, or debian: {suite, packages})'
      : 'a program (program: [PATH], or debian: {suite, packages})';
  throw new InputError(
    `--runtime ${wanted}: not every version of this daemon has ${lacks}: name it in its description`,
  );
}

/**
 * Processes as they are, or, of versions that are no programs of this host, in namespaces of their own.
 * @param first what led here, before the reason why that cannot be
 * @throws EnvironmentError
 */
async function processes(possible: readonly Place[], first: string): Promise<Runtime> {
  if (possible.includes('process')) return processRuntime();
  const [{ namespaceRuntime, needsNamespaces }, { lackOfNamespaces }] = await Promise.all([
    import('./namespaces/namespaces.ts'),
    import('./namespaces/tools.ts'),
  ]);
  const lack = await lackOfNamespaces();
  if (lack !== null) throw new EnvironmentError(`${first}${needsNamespaces(lack)}`);
  return namespaceRuntime();
}
