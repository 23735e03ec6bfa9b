/** Which runtime a plan is carried out on. */
import { EnvironmentError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { processRuntime } from './process.ts';
import type { Runtime } from './runtime.ts';

/** A runtime, and why it was chosen. */
export interface Choice {
  readonly runtime: Runtime;
  readonly because: string;
}

/**
 * `auto`: containers where an engine answers, else processes.
 * @throws EnvironmentError where containers are asked for and no engine answers
 */
export async function chooseRuntime(wanted: Plan['runtime']): Promise<Choice> {
  if (wanted === 'process') return { runtime: processRuntime(), because: 'as asked' };
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
  if (wanted === 'auto') return { runtime: processRuntime(), because: `no Docker engine answers (${engine.because})` };
  throw new EnvironmentError(
    `--runtime container: no Docker engine answers (${engine.because}): start one, or use --runtime process`,
  );
}
