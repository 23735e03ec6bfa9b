/** The Docker engine, if one answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';

export type Engine =
  | { readonly answers: true; readonly version: string }
  | { readonly answers: false; readonly because: string };

/** Long: a busy engine may take seconds over an answer. */
const ANSWER_LIMIT_MS = 15_000;

/** Ask for an engine. Never throws: that none answers, or not in time, is an answer. */
export async function askEngine(): Promise<Engine> {
  const limit = new AbortController();
  const late = sleep(ANSWER_LIMIT_MS, undefined, { signal: limit.signal }).then(
    (): Engine => ({ answers: false, because: `it did not answer within ${ANSWER_LIMIT_MS / 1000} s` }),
  );
  try {
    return await Promise.race([asked(), late]);
  } finally {
    late.catch(() => undefined);
    limit.abort();
  }
}

async function asked(): Promise<Engine> {
  try {
    const client = await engineClient();
    const { Version: version } = await client.container.dockerode.version();
    return { answers: true, version: `Docker ${version}` };
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return { answers: false, because: first ?? 'it does not say why' };
  }
}

/** The client of the engine that testcontainers finds. It is asked for once. */
export function engineClient(): Promise<ContainerRuntimeClient> {
  // The rig removes what it makes itself, by label; Ryuk would be one more image to have.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  return getContainerRuntimeClient();
}
