/** A packed path, walked again in a world with names: the same steps by the same functions, and what each did. */
import type { Version } from '../../node/upgrade/version.ts';
import { KINDS, type Local } from './local.ts';
import type { Locals } from './locals.ts';
import type { Model } from './protocol.ts';
import type { PackedStep, Question } from './question.ts';
import {
  act,
  deliver,
  type Flying,
  fireTimer,
  type Happening,
  type Moved,
  refresh,
  type World,
  worldOf,
} from './world.ts';

export type Told =
  | Happening
  | { readonly is: 'lost'; readonly notice: Flying }
  | { readonly is: 'duplicated'; readonly notice: Flying }
  | { readonly is: 'crashed'; readonly member: string; readonly version: Version };

/**
 * Walk a path of a search from its beginning. A place in a packed state is a place among the sorted local states; which
 * member that is follows from where the members stand.
 */
export function walk(
  locals: Locals,
  members: readonly string[],
  { from, to, faults }: Question,
  path: readonly PackedStep[],
): Told[] {
  let world = worldOf(members, from);
  let crashes = faults.crash;
  return path.map((step) => {
    const member = sortedMembers(locals, world, crashes > 0)[step.place]!;
    const { moved, happening } = carryOut(locals.model, world, member, step, from, to);
    world = moved;
    if (step.name === 'crash') crashes -= 1;
    return happening;
  });
}

function carryOut(
  model: Model,
  world: World,
  member: string,
  { name, detail }: PackedStep,
  from: Version,
  to: Version,
): { moved: World; happening: Told } {
  const after = ({ world: moved, happening }: Moved) => ({ moved, happening });
  // Notices of one kind to one member are alike; the one sent first stands for them.
  const notice = world.flight.find((flying) => flying.to === member && flying.kind === KINDS[detail]);
  switch (name) {
    case 'refresh':
      return after(refresh(model, world, member, to));
    case 'check':
    case 'park':
    case 'notify':
    case 'open':
      return after(act(model, world, member));
    case 'timer':
      return after(fireTimer(model, world, member));
    case 'deliver':
      return after(deliver(model, world, notice!));
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
    case 'crash': {
      const version = detail === 0 ? from : to;
      return { moved: refresh(model, world, member, version).world, happening: { is: 'crashed', member, version } };
    }
  }
}

/** The members in the order of their local states, as the search sorts them; alike members in the order of their names. */
function sortedMembers(locals: Locals, world: World, mortal: boolean): string[] {
  const numbered = [...world.members.keys()].map((member) => ({
    member,
    number: locals.numberOf(localOf(world, member, mortal)),
  }));
  return numbered.toSorted((one, other) => one.number - other.number).map(({ member }) => member);
}

function localOf(world: World, member: string, mortal: boolean): Local {
  const standing = world.members.get(member)!;
  const { member: _member, ...row } = world.view.rows.find((candidate) => candidate.member === member)!;
  const waiting = (kind: (typeof KINDS)[number]): number =>
    world.flight.filter((flying) => flying.to === member && flying.kind === kind).length;
  return {
    state: standing.is === 'upgrading' ? standing.state : null,
    version: standing.version,
    row,
    inbox: [waiting('schema'), waiting('api'), waiting('both')],
    due: false,
    mortal,
  };
}
