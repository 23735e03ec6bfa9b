/** Joining a cluster through a live member: the newcomer asks, the live member writes its row. */
import { type Address, formatAddress } from '../address.ts';
import type { Role } from '../database/database.ts';
import type { Row, Version } from '../upgrade/version.ts';
import { ask } from './client.ts';

export interface JoinRequest {
  readonly name: string;
  readonly address: string;
  readonly version: Version;
}

/** What the live member answers: the row as it was committed, and the clock inside that transaction. */
export interface Admission {
  readonly row: Row;
  readonly id: number;
  readonly role: Role;
  readonly decidedNs: number;
}

export class JoinError extends Error {
  override name = 'JoinError';
}

/** Admitting is one transaction; a cluster that takes longer is in trouble. */
const JOIN_TIMEOUT_MS = 10_000;

/**
 * Ask a live member to be let in.
 * @throws JoinError saying what the live member answered
 */
export async function join(through: Address, request: JoinRequest): Promise<Admission> {
  const where = formatAddress(through);
  const answer = await ask(through, {
    method: 'POST',
    path: '/internal/members',
    timeoutMs: JOIN_TIMEOUT_MS,
    json: request,
  });
  if (answer.is !== 'answered') throw new JoinError(`cannot join through ${where}: ${answer.message}`);
  if (answer.status === 201) return JSON.parse(answer.body) as Admission;
  throw new JoinError(`${where} did not let ${request.name} join (HTTP ${answer.status}): ${answer.body}`);
}
