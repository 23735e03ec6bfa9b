/** Which runtime a plan is carried out on. */
import { EnvironmentError, InputError } from '../input/errors.ts';
import type { Plan, RuntimeName } from '../plan/plan.ts';
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
 * @throws EnvironmentError where containers are asked for and no engine answers; InputError where the versions cannot run
 * there
 */
export async function chooseRuntime(wanted: Plan['runtime'], possible: readonly RuntimeName[]): Promise<Choice> {
  if (wanted === 'auto' ? possible.length === 0 : !possible.includes(wanted)) {
    const lacks =
      wanted === 'container'
        ? 'an image (image: NAME, or debian: {suite, packages})'
        : wanted === 'process'
          ? 'a program (program: [PATH])'
          : 'both';
    throw new InputError(
      wanted === 'auto'
        ? 'some versions have only an image and some only a program: give all of them one or the other'
        : `--runtime ${wanted}: not every version of this daemon has ${lacks}: name it in its description`,
    );
  }
  if (wanted === 'process') return { runtime: processRuntime(), because: 'as asked' };
  if (!possible.includes('container'))
    return { runtime: processRuntime(), because: 'not every version of this daemon has an image' };
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
  if (wanted === 'auto' && possible.includes('process'))
    return { runtime: processRuntime(), because: `no Docker engine answers (${engine.because})` };
  const otherwise = possible.includes('process') ? ', or use --runtime process' : '';
  throw new EnvironmentError(
    `--runtime container: no Docker engine answers (${engine.because}): start one${otherwise}`,
  );
}
