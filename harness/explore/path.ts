/** A packed path, walked again in a world with names: the same steps by the same functions, and what each did. */
import { isServing, type State } from '../../node/upgrade/machine.ts';
import type { Version } from '../../node/upgrade/version.ts';
import type { Flying, Happening } from './happening.ts';
import { KINDS, type Local } from './local.ts';
import type { Locals } from './locals.ts';
import type { PackedStep, Question } from './question.ts';
import { act, beginPatch, deliver, fireTimer, join, leave, type Moved, refresh, type World, worldOf } from './world.ts';

export type Told =
  | Happening
  | { readonly is: 'lost'; readonly notice: Flying }
  | { readonly is: 'duplicated'; readonly notice: Flying }
  | { readonly is: 'crashed'; readonly member: string; readonly version: Version }
  | { readonly is: 'failed'; readonly member: string; readonly version: Version };

/** What a path did, and where it ends. */
export interface Walked {
  readonly told: readonly Told[];
  readonly world: World;
  /** Why members gave up on the way, also those that were started again since. */
  readonly exits: Exits;
}

/** Why members have given up, by their names. */
export type Exits = Readonly<Record<string, (State & { phase: 'exiting' })['outcome']['is']>>;

/** Who has given up by now, and why. */
export function exitsIn({ members }: World): Exits {
  const exits = [...members].flatMap(([member, standing]) =>
    standing.is === 'upgrading' && standing.state.phase === 'exiting' ? [[member, standing.state.outcome.is]] : [],
  );
  return Object.fromEntries(exits);
}

/**
 * Walk a path of a search from its beginning. A place in a packed state is a place among the sorted local states; which
 * member that is follows from where the members stand.
 * @param names of all members, those that join last
 */
export function walk(
  locals: Locals,
  names: readonly string[],
  { members, versions, faults }: Question,
  path: readonly PackedStep[],
): Walked {
  let world = worldOf(locals.model, names.slice(0, members), versions[0]!);
  for (const newcomer of names.slice(members))
    world = { ...world, members: new Map([...world.members, [newcomer, { is: 'absent' }]]) };
  let crashes = faults.crash;
  let exits: Exits = {};
  const told = path.map((step) => {
    const member = sortedMembers(locals, world, versions[0]!, crashes > 0)[step.place]!;
    const { moved, happening } = new Walk(locals, versions, world, member).carryOut(step);
    world = moved;
    exits = { ...exits, ...exitsIn(world) };
    if (step.name === 'crash') crashes -= 1;
    return happening;
  });
  return { told, world, exits };
}

class Walk {
  readonly #locals: Locals;
  readonly #versions: readonly Version[];
  readonly #world: World;
  readonly #member: string;

  constructor(locals: Locals, versions: readonly Version[], world: World, member: string) {
    this.#locals = locals;
    this.#versions = versions;
    this.#world = world;
    this.#member = member;
  }

  carryOut({ name, detail }: PackedStep): { moved: World; happening: Told } {
    const { model } = this.#locals;
    const [world, member] = [this.#world, this.#member];
    const after = ({ world: moved, happening }: Moved) => ({ moved, happening });
    // Notices of one kind to one member are alike; the one sent first stands for them.
    const notice = world.flight.find((flying) => flying.to === member && flying.kind === KINDS[detail]);
    const version = this.#versions[detail]!;
    switch (name) {
      case 'refresh':
        return after(refresh(model, world, member, version));
      case 'check':
      case 'park':
      case 'notify':
      case 'open':
      case 'note':
        return after(act(model, world, member));
      case 'patch':
        return after(this.#isInTheWay() ? beginPatch(model, world, member) : act(model, world, member));
      case 'begin':
        return after(beginPatch(model, world, member));
      case 'timer':
        return after(fireTimer(model, world, member));
      case 'deliver':
        return after(deliver(model, world, notice!));
      case 'leave':
        return after(
          leave(
            world,
            member,
            this.#server((peer) => peer !== member),
          ),
        );
      case 'join':
        return after(
          join(
            model,
            world,
            member,
            this.#server((_, runs) => runs === version),
          ),
        );
      case 'lose':
        return {
          moved: { ...world, flight: world.flight.filter((flying) => flying !== notice) },
          happening: { is: 'lost', notice: notice! },
        };
      case 'duplicate':
        return {
          moved: { ...world, flight: [...world.flight, { ...notice! }] },
          happening: { is: 'duplicated', notice: notice! },
        };
      case 'crash':
        return { moved: refresh(model, world, member, version).world, happening: { is: 'crashed', member, version } };
      case 'fail': {
        const standing = world.members.get(member)!;
        if (standing.is === 'absent') throw new Error(`${member} is not there to be refreshed`);
        const { version: own } = standing;
        const moved = refresh(model, world, member, own).world;
        return { moved, happening: { is: 'failed', member, version: own } };
      }
    }
  }

  #isInTheWay(): boolean {
    return this.#world.inside !== null && this.#world.inside !== this.#member;
  }

  /** A member that serves, the first that fits. */
  #server(fits: (member: string, version: Version) => boolean): string {
    for (const [member, standing] of this.#world.members) {
      if (standing.is === 'absent' || (standing.is === 'upgrading' && !isServing(standing.state))) continue;
      if (fits(member, standing.version)) return member;
    }
    throw new Error('nobody serves where the path has it');
  }
}

/** The members in the order of their local states, as the search sorts them; alike members in the order of their names. */
function sortedMembers(locals: Locals, world: World, oldest: Version, mortal: boolean): string[] {
  const numbered = [...world.members.keys()].map((member) => ({
    member,
    number: locals.numberOf(localOf(locals, world, member, oldest, mortal)),
  }));
  return numbered.toSorted((one, other) => one.number - other.number).map(({ member }) => member);
}

function localOf(locals: Locals, world: World, member: string, oldest: Version, mortal: boolean): Local {
  const standing = world.members.get(member)!;
  const found = world.view.rows.find((candidate) => candidate.member === member);
  const maskOf = (names: readonly string[]): number =>
    locals.patches.reduce((mask, patch) => (names.includes(patch.name) ? mask | locals.patchBit(patch) : mask), 0);
  const rest = {
    inbox: KINDS.map((kind) => world.flight.filter((flying) => flying.to === member && flying.kind === kind).length),
    ran: maskOf(world.ran.get(member) ?? []),
    inside: world.inside === member,
    due: false,
    mortal,
  };
  if (standing.is === 'absent' || found === undefined)
    return { ...rest, state: null, version: oldest, row: null, notes: 0 };
  const { member: _member, ...row } = found;
  return {
    ...rest,
    state: standing.is === 'upgrading' ? standing.state : null,
    version: standing.version,
    row,
    notes: maskOf(world.notes.get(member) ?? []),
  };
}
