/** Having peers look whom to trust now, and not with their next heartbeat. One that does not answer learns it with that. */
import type { PeerClient } from './client.ts';

export const TRUSTSTORE = '/internal/truststore';

/** A peer that is there looks in a few milliseconds. */
const TIMEOUT_MS = 1000;

/** Resolves when all have looked, or not answered. @param addresses HOST:PORT of each */
export async function haveThemLook(peers: PeerClient, addresses: readonly string[]): Promise<void> {
  const look = { method: 'POST', path: TRUSTSTORE, timeoutMs: TIMEOUT_MS } as const;
  await Promise.all(addresses.map((address) => peers.ask(address, look)));
}
