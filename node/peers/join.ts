/** Joining a cluster through a live member: the newcomer asks, the live member writes its row. */
import { type Address, formatAddress } from '../address.ts';
import type { Role } from '../database/database.ts';
import type { Welcome } from '../trust/trust.ts';
import type { Row, Version } from '../upgrade/version.ts';
import type { PeerClient } from './client.ts';

export interface JoinRequest {
  readonly name: string;
  readonly address: string;
  readonly version: Version;
  /** The secret of its token; none where members do not ask who somebody is. */
  readonly secret?: string;
}

/** What the live member answers: the row as it was committed, and the clock inside that transaction. */
export interface Admission {
  readonly row: Row;
  readonly id: number;
  readonly role: Role;
  readonly decidedNs: number;
  /** What it takes to be trusted, and to trust; not where members do not ask who somebody is. */
  readonly welcome?: Welcome;
}

export class JoinError extends Error {
  override name = 'JoinError';
}

/** Where a newcomer asks. */
export const DOOR = '/internal/members';

/** Admitting is one transaction; a cluster that takes longer is in trouble. */
const JOIN_TIMEOUT_MS = 10_000;

/**
 * Ask live members to be let in, in turn, until one answers.
 * @returns its answer, and HOST:PORT of whoever gave it
 * @throws JoinError saying what the live member answered
 */
export async function join(
  peers: PeerClient,
  live: readonly Address[],
  request: JoinRequest,
): Promise<{ admission: Admission; through: string }> {
  let last = new JoinError('there is nobody to join through');
  for (const address of live) {
    const through = formatAddress(address);
    const answer = await peers.ask(address, {
      method: 'POST',
      path: DOOR,
      timeoutMs: JOIN_TIMEOUT_MS,
      json: request,
    });
    if (answer.is !== 'answered') last = new JoinError(`cannot join through ${through}: ${answer.message}`);
    else if (answer.status === 201) return { admission: JSON.parse(answer.body) as Admission, through };
    else throw new JoinError(`${through} did not let ${request.name} join (HTTP ${answer.status}): ${answer.body}`);
  }
  throw last;
}
