/** A member's trust as its state folder has it, made where the member is new. */
import { checkState, makeStateFolder, StateError, type StateOwner } from '../state.ts';
import { TrustFiles } from './files.ts';
import { Trust } from './trust.ts';

/**
 * @param places where the member's build looks for who the member is
 * @returns null where the member speaks plain HTTP
 * @throws StateError where its cluster does not speak as the member is asked to
 */
export async function openTrust(
  config: StateOwner & { readonly isInsecure: boolean },
  places: readonly string[],
): Promise<Trust | null> {
  const { name, action, stateFolder, isInsecure } = config;
  const isKnown = checkState(config, places) !== null;
  const speaksTls = new TrustFiles(stateFolder).pair('cluster') !== null;
  if (isKnown && speaksTls === isInsecure) {
    const how = speaksTls ? 'speaks TLS: start it without --insecure' : 'speaks plain HTTP: start it with --insecure';
    throw new StateError(`${stateFolder} belongs to a member of a cluster that ${how}`);
  }
  if (isInsecure) return null;
  makeStateFolder(stateFolder);
  const trust = await Trust.of(stateFolder, name);
  if (action === 'bootstrap') await trust.found(name);
  return trust;
}
