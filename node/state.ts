/** A member's own state folder: who it is, so that a refreshed member comes back as itself. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Address, formatAddress } from './address.ts';
import type { Build } from './build.ts';
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

/**
 * Whether a member has been bootstrapped or joined with this state folder, where a build looks for it that knows of no patch,
 * or at one of these places.
 */
export function holdsMember(stateFolder: string, places: readonly string[] = [FILE]): boolean {
  return places.some((place) => existsSync(join(stateFolder, place)));
}

/** Where a build looks for who the member is: where its patches have moved that to, then where it was before. */
export function identityPlaces({ changes = [] }: Build): readonly string[] {
  const moved = changes.flatMap((change) => ('move' in change && change.move.from === FILE ? [change.move.to] : []));
  return [...moved.reverse(), FILE];
}

/**
 * Check that the folder fits what the member is asked to do: new for bootstrap and join, its own for start.
 * @param places where the member's build looks
 * @returns the place in its cluster that the member comes back to; null where it is new
 * @throws StateError
 */
export function checkState(config: StateOwner, places: readonly string[] = [FILE]): Place | null {
  const { stateFolder } = config;
  const place = places.find((candidate) => holdsMember(stateFolder, [candidate]));
  if (config.action === 'start') {
    if (place === undefined)
      throw new StateError(`no member in ${stateFolder}: give --bootstrap or --join the first time`);
    const identity = JSON.parse(readFileSync(join(stateFolder, place), 'utf8')) as Identity;
    const address = formatAddress(config.listen);
    if (identity.name !== config.name || identity.address !== address) {
      const theirs = `${identity.name} at ${identity.address}`;
      throw new StateError(`${stateFolder} belongs to ${theirs}, not to ${config.name} at ${address}`);
    }
    if (identity.engine !== config.database.engine) {
      throw new StateError(
        `${stateFolder} belongs to a member of a cluster on ${identity.engine}: start it with --database ${identity.engine}`,
      );
    }
    return { ...identity.place, how: 'start' };
  }
  if (place !== undefined) {
    throw new StateError(`${stateFolder} already holds a member: start it without --bootstrap or --join`);
  }
  return null;
}

/** Make a state folder, for the member's user only. One that is there already stays as it was made. */
export function makeStateFolder(stateFolder: string): void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
}

/** Remember who the member is, where its build will look first. */
export function saveState(
  config: StateOwner,
  { id, role, through }: Place,
  [place = FILE]: readonly string[] = [FILE],
): void {
  const file = join(config.stateFolder, place);
  makeStateFolder(dirname(file));
  const identity: Identity = {
    name: config.name,
    address: formatAddress(config.listen),
    engine: config.database.engine,
    place: { id, role, through },
  };
  writeFileSync(file, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
}
