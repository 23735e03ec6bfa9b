/** The Docker engine, if one answers. */
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';

export type Engine =
  | { readonly answers: true; readonly version: string }
  | { readonly answers: false; readonly because: string };

/** Ask for an engine. Never throws: that none answers is an answer. */
export async function askEngine(): Promise<Engine> {
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
