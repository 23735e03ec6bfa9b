/** A member's own state folder: who it is, so that a refreshed member comes back as itself. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, formatAddress } from './address.ts';
import type { Place } from './database/database.ts';

/** What of a member's configuration its state folder must fit. */
export interface StateOwner {
  readonly name: string;
  readonly listen: Address;
  readonly action: 'bootstrap' | 'join' | 'start';
  readonly stateFolder: string;
  readonly database: { readonly engine: Engine };
}

type Engine = 'sqlite' | 'dqlite';

interface Identity {
  readonly name: string;
  readonly address: string;
  readonly engine: Engine;
  readonly place: Omit<Place, 'how'>;
}

export class StateError extends Error {
  override name = 'StateError';
}

const FILE = 'identity.json';

/** Whether a member has been bootstrapped or joined with this state folder. */
export function holdsMember(stateFolder: string): boolean {
  return existsSync(join(stateFolder, FILE));
}

/**
 * Check that the folder fits what the member is asked to do: new for bootstrap and join, its own for start.
 * @returns the place in its cluster that the member comes back to; null where it is new
 * @throws StateError
 */
export function checkState(config: StateOwner): Place | null {
  const file = join(config.stateFolder, FILE);
  const exists = holdsMember(config.stateFolder);
  if (config.action === 'start') {
    if (!exists) throw new StateError(`no member in ${config.stateFolder}: give --bootstrap or --join the first time`);
    const identity = JSON.parse(readFileSync(file, 'utf8')) as Identity;
    const address = formatAddress(config.listen);
    if (identity.name !== config.name || identity.address !== address) {
      const theirs = `${identity.name} at ${identity.address}`;
      throw new StateError(`${config.stateFolder} belongs to ${theirs}, not to ${config.name} at ${address}`);
    }
    if (identity.engine !== config.database.engine) {
      throw new StateError(
        `${config.stateFolder} belongs to a member of a cluster on ${identity.engine}: start it with --database ${identity.engine}`,
      );
    }
    return { ...identity.place, how: 'start' };
  }
  if (exists) {
    throw new StateError(`${config.stateFolder} already holds a member: start it without --bootstrap or --join`);
  }
  return null;
}

/** Remember who the member is. */
export function saveState(config: StateOwner, { id, role, through }: Place): void {
  mkdirSync(config.stateFolder, { recursive: true });
  const identity: Identity = {
    name: config.name,
    address: formatAddress(config.listen),
    engine: config.database.engine,
    place: { id, role, through },
  };
  writeFileSync(join(config.stateFolder, FILE), `${JSON.stringify(identity)}\n`);
}
