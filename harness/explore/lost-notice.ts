/**
 * The path on which one member alone loses every notice: it has recorded what it runs, and does not know yet that it has to wait, when
 * everybody else opens. It is walked in the model of a daemon, and ends, where wake-ups are lossy, with that member parked and
 * nobody left who would wake it.
 */

import { InputError } from '../input/errors.ts';
import { rulesOf } from '../plan/daemon.ts';
import { memberNames } from '../plan/member-names.ts';
import { type Answer, type Asked, explore } from './explore.ts';
import type { Told } from './path.ts';
import { type Model, PROTOCOL } from './protocol.ts';
import { act, canAct, deliver, type Moved, refresh, type World, worldOf } from './world.ts';

/** A path that leads in circles is not followed any further. */
const MOST_MOVES = 1000;

/**
 * @returns the answer to what is asked, with this path and where it ends
 * @throws InputError where no notice is lost on it
 */
export function lostNotice(asked: Asked): Answer {
  const { strategy, compares = null, wakeups, ahead, from, to, members } = asked;
  const answer = explore(asked);
  const model: Model = {
    protocol: PROTOCOL,
    rules: rulesOf({ strategy, compares, wakeups, ahead, patching: answer.patching }),
  };
  const names = memberNames(members);
  const walk = new Walk(model, worldOf(model, names, from));
  // Who leads the database before the roll cannot be kept from what it asks itself; once it is stopped, another leads.
  const [kept = '', ...others] = names;
  const last = others.pop();
  if (last === undefined || others.length === 0) throw new InputError('--members: a notice is lost among 3 or more');
  for (const member of others) {
    walk.take(refresh(model, walk.world, member, to));
    walk.run((acting) => acting !== kept);
  }
  walk.take(refresh(model, walk.world, kept, to));
  walk.take(act(model, walk.world, kept));
  walk.take(refresh(model, walk.world, last, to));
  walk.run((acting) => acting !== kept);
  walk.run(() => true);
  const end = walk.world.members.get(kept)!;
  if (end.is !== 'upgrading' || end.state.phase !== 'parked')
    throw new InputError(
      `by the model (strategy ${strategy}, wake-ups ${wakeups}) no notice is lost that comes before a member has parked: ${kept} opens all the same`,
    );
  return { ...answer, path: walk.told, end: { world: walk.world, exits: {} } };
}

class Walk {
  readonly told: Told[] = [];
  readonly #model: Model;
  world: World;

  constructor(model: Model, world: World) {
    this.#model = model;
    this.world = world;
  }

  take({ world, happening }: Moved): void {
    this.world = world;
    this.told.push(happening);
  }

  /** Until none of those moves who may act, and every notice has arrived. */
  run(mayAct: (member: string) => boolean): void {
    for (let moves = 0; moves < MOST_MOVES; moves += 1) {
      const member = [...this.world.members.keys()].find((one) => mayAct(one) && canAct(this.#model, this.world, one));
      const [notice] = this.world.flight;
      if (member !== undefined) this.take(act(this.#model, this.world, member));
      else if (notice !== undefined) this.take(deliver(this.#model, this.world, notice));
      else return;
    }
  }
}
