/** Removing what rigs that are gone have left behind, wherever that is. */
import type { Runtime } from '../runtime/runtime.ts';
import { removeUnfinishedClusters } from '../store/kept-cluster.ts';

/** @returns what was removed, as sentences. @throws EnvironmentError where something does not go */
export async function removeLeftovers(runtime: Runtime): Promise<string[]> {
  return [...(await runtime.clean()), ...removeUnfinishedClusters()];
}
