/** What a small cluster comes to by itself, in the one interleaving in which notices arrive in the order of their sending. */
import type { Model } from './protocol.ts';
import { act, canAct, deliver, type Moved, type World } from './world.ts';

/**
 * Let everybody act and every notice arrive, until nothing moves by itself.
 * @returns whether that has come about within so many moves
 */
export function settle(model: Model, from: World, moved: (next: Moved) => void, mostMoves: number): boolean {
  let world = from;
  for (let moves = 0; moves < mostMoves; moves += 1) {
    const next = nextOf(model, world);
    if (next === null) return true;
    moved(next);
    world = next.world;
  }
  return false;
}

function nextOf(model: Model, world: World): Moved | null {
  // Whoever is in the middle of a transaction comes first: others may wait for that.
  const members = [...(world.inside === null ? [] : [world.inside]), ...world.members.keys()];
  const member = members.find((candidate) => canAct(model, world, candidate));
  if (member !== undefined) return act(model, world, member);
  const [notice] = world.flight;
  return notice === undefined ? null : deliver(model, world, notice);
}
