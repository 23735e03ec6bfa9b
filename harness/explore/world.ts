/**
 * A small cluster in memory: members, the database, the notices in flight. It moves by the same machine and the same
 * gates that the daemon runs; what is added here is only that any step may come next.
 */
import { withoutRow, withRow } from '../../node/upgrade/gate.ts';
import { isServing, type State } from '../../node/upgrade/machine.ts';
import type { Claims } from '../../node/upgrade/patch.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import { count, patchesOf, type Row, type Version, type View } from '../../node/upgrade/version.ts';
import type { Flying, Happening } from './happening.ts';
import { JOINED } from './local.ts';
import type { Model } from './protocol.ts';

/** A member: serving since before the roll, refreshed and somewhere in its upgrade, or gone for good. */
export type Standing =
  | { readonly is: 'serving'; readonly version: Version }
  | { readonly is: 'upgrading'; readonly version: Version; readonly state: State }
  | { readonly is: 'absent' };

export interface World {
  readonly members: ReadonlyMap<string, Standing>;
  readonly view: View;
  /** In the order in which they were sent. */
  readonly flight: readonly Flying[];
  /** The patches that each member has noted, and those of the database that it has run; nobody's are nowhere. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
  readonly ran: ReadonlyMap<string, readonly string[]>;
  /** Who is in the middle of a patch's transaction. */
  readonly inside: string | null;
}

/** A cluster in which all members are open, idle, and of one version. */
export function worldOf(model: Model, members: readonly string[], version: Version): World {
  const { internal, external } = version;
  const noted = patchesOf(version).map(({ name }) => name);
  return {
    members: new Map(members.map((member) => [member, { is: 'serving', version }])),
    view: { applied: { internal, external }, rows: members.map((member) => rowIn(model, member, version)) },
    flight: [],
    notes: new Map(members.map((member) => [member, noted])),
    ran: new Map(),
    inside: null,
  };
}

/** The row that a member of a version is born with. */
function rowIn({ rules }: Model, member: string, version: Version): Row {
  const { internal, external, extensions } = version;
  const patchCount = count(version, 'patch');
  const said = rules.patching.waitsForAll && patchCount > 0 ? { patchCount } : {};
  return { member, internal, external, extensions, ...said };
}

/** The world after a step, and what the step did. */
export interface Moved {
  readonly world: World;
  readonly happening: Happening;
}

/** The operator stops a member, swaps its build and starts it; whatever it was at is gone, and so are its latches. */
export function refresh(model: Model, world: World, member: string, version: Version): Moved {
  const state = model.protocol.start(model.rules, patchesOf(version), world.notes.get(member) ?? []);
  const inside = world.inside === member ? null : world.inside;
  const moved = { ...withMember(world, member, { is: 'upgrading', version, state }), inside };
  return { world: moved, happening: { is: 'refreshed', member, version } };
}

/** A member is stopped, and stays away; its row says what it said before. */
export function stop(world: World, member: string): World {
  const inside = world.inside === member ? null : world.inside;
  const flight = world.flight.filter(({ to }) => to !== member);
  return { ...withMember(world, member, { is: 'absent' }), flight, inside };
}

/** Its member is stopped and taken out of the cluster, and all others are told to look again. */
export function leave(world: World, member: string, by: string): Moved {
  const stopped = stop(world, member);
  const moved: World = { ...stopped, view: withoutRow(world.view, member) };
  const told = present(moved).map((to): Flying => ({ from: by, to, kind: 'both' }));
  return { world: { ...moved, flight: [...moved.flight, ...told] }, happening: { is: 'left', member, by } };
}

/** A new member is let in by one that serves, of whose version it is, and serves at once. */
export function join(model: Model, world: World, member: string, through: string): Moved {
  const peer = world.members.get(through);
  if (peer === undefined || peer.is === 'absent') throw new Error(`${through} is not there to let anybody in`);
  const { version } = peer;
  const joined = withMember(world, member, peer.is === 'serving' ? peer : { is: 'upgrading', version, state: JOINED });
  const view = withRow(world.view, rowIn(model, member, version));
  const notes = new Map([...world.notes, [member, patchesOf(version).map(({ name }) => name)]]);
  return { world: { ...joined, view, notes }, happening: { is: 'joined', member, through, version } };
}

/** Whether a member has something to do by itself: anything but waiting, serving and being gone. */
export function canAct({ protocol }: Model, world: World, member: string): boolean {
  const standing = world.members.get(member);
  if (standing?.is !== 'upgrading') return false;
  const todo = protocol.command(standing.state).do;
  return todo !== 'wait' && todo !== 'serve' && todo !== 'exit';
}

/** A member carries out its command. */
export function act(model: Model, world: World, member: string): Moved {
  const { protocol, rules } = model;
  const { version, state } = upgrading(world, member);
  const todo = protocol.command(state);
  const moved = (next: State, more: Partial<World> = {}): World => ({
    ...withMember(world, member, { is: 'upgrading', version, state: next }),
    ...more,
  });
  switch (todo.do) {
    case 'check': {
      const { gate } = todo;
      const ruling = protocol.examine(rules.strategy, rules.ahead, gate, member, version, world.view);
      const { outcome, apply } = ruling;
      const next = protocol.advance(rules, state, { is: 'checked', outcome });
      const happening: Happening = { is: 'checked', member, version, gate, outcome, applied: apply };
      return { world: moved(next, { view: protocol.carryOut(world.view, ruling) }), happening };
    }
    case 'park': {
      const next = protocol.advance(rules, state, { is: 'parked' });
      const wokenAtOnce = next.phase !== 'parked';
      return { world: moved(next), happening: { is: 'parked', member, gate: todo.gate, wokenAtOnce } };
    }
    case 'open':
      return { world: moved(protocol.advance(rules, state, { is: 'opened' })), happening: { is: 'opened', member } };
    case 'notify': {
      const { kind } = todo;
      const next = protocol.advance(rules, state, { is: 'notified' });
      return {
        world: moved(next, { flight: [...world.flight, ...sentBy(world, member, kind)] }),
        happening: { is: 'notified', member, kind },
      };
    }
    case 'patch': {
      const { patch } = todo;
      const { outcome } = protocol.examinePatch(rules.patching.by, patch, claimsOf(world));
      const next = protocol.advance(rules, state, { is: 'patched', outcome });
      const isOurs = outcome === 'ran' && patch.changes === 'database';
      const ran = isOurs ? adding(world.ran, member, patch.name) : world.ran;
      const after = moved(next, { ran, inside: null });
      const misreaders = patch.changes === 'database' ? misreadersOf(after, patch.name) : [];
      return { world: after, happening: { is: 'patched', member, patch, outcome, misreaders } };
    }
    case 'note': {
      const notes = adding(world.notes, member, todo.patch.name);
      const next = protocol.advance(rules, state, { is: 'noted' });
      return { world: moved(next, { notes }), happening: { is: 'noted', member, patch: todo.patch } };
    }
    case 'wait':
    case 'serve':
    case 'exit':
      throw new Error(`${member} has nothing to do by itself`);
  }
}

/** A member enters the transaction of a patch, or finds another's in its way. */
export function beginPatch({ protocol, rules }: Model, world: World, member: string): Moved {
  const { version, state } = upgrading(world, member);
  const todo = protocol.command(state);
  if (todo.do !== 'patch') throw new Error(`${member} is not about to run a patch`);
  const { patch } = todo;
  if (world.inside === null) return { world: { ...world, inside: member }, happening: { is: 'began', member, patch } };
  const outcome = {
    is: 'patch-failed',
    patch: patch.name,
    why: `the transaction of ${world.inside} was in its way`,
  } as const;
  const next = protocol.advance(rules, state, { is: 'patched', outcome });
  return {
    world: withMember(world, member, { is: 'upgrading', version, state: next }),
    happening: { is: 'patched', member, patch, outcome, misreaders: [] },
  };
}

/** A notice arrives. A member that serves since before the roll, or has gone, makes nothing of it. */
export function deliver(model: Model, world: World, notice: Flying): Moved {
  const flight = world.flight.filter((flying) => flying !== notice);
  const standing = world.members.get(notice.to);
  if (standing?.is !== 'upgrading') {
    return {
      world: { ...world, flight },
      happening: { is: 'arrived', notice, disposition: 'dropped', isInVain: false },
    };
  }
  const { version, state } = standing;
  const { protocol, rules } = model;
  const disposition = protocol.dispositionOf(rules, state, notice.kind);
  const next = protocol.advance(rules, state, { is: 'noticed', kind: notice.kind });
  const world1 = withMember(world, notice.to, { is: 'upgrading', version, state: next });
  const isInVain = protocol.command(state).do === 'exit';
  return { world: { ...world1, flight }, happening: { is: 'arrived', notice, disposition, isInVain } };
}

/** The timer of a parked member fires. */
export function fireTimer(model: Model, world: World, member: string): Moved {
  const { version, state } = upgrading(world, member);
  if (state.phase !== 'parked') throw new Error(`${member} is not parked`);
  const next = model.protocol.advance(model.rules, state, { is: 'timer' });
  const happening: Happening = { is: 'timer', member, gate: state.gate };
  return { world: withMember(world, member, { is: 'upgrading', version, state: next }), happening };
}

/** The members that are parked. */
export function parkedMembers(world: World): string[] {
  return [...world.members].flatMap(([member, standing]) =>
    standing.is === 'upgrading' && standing.state.phase === 'parked' ? [member] : [],
  );
}

/** Who has run which patch of the database first. */
function claimsOf({ ran }: World): Claims {
  return Object.fromEntries([...ran].flatMap(([member, names]) => names.map((name) => [name, member])));
}

/** Whoever serves and does not know a patch that has been run on the database. */
function misreadersOf({ members }: World, name: string): string[] {
  return [...members].flatMap(([member, standing]) => {
    if (standing.is === 'absent' || (standing.is === 'upgrading' && !isServing(standing.state))) return [];
    return patchesOf(standing.version).some((patch) => patch.name === name) ? [] : [member];
  });
}

function sentBy(world: World, from: string, kind: NoticeKind): Flying[] {
  return present(world)
    .filter((peer) => peer !== from)
    .map((to) => ({ from, to, kind }));
}

function present({ members }: World): string[] {
  return [...members].flatMap(([member, standing]) => (standing.is === 'absent' ? [] : [member]));
}

function adding(lists: ReadonlyMap<string, readonly string[]>, member: string, name: string) {
  return new Map([...lists, [member, [...(lists.get(member) ?? []), name]]]);
}

function upgrading(world: World, member: string): Standing & { is: 'upgrading' } {
  const standing = world.members.get(member);
  if (standing?.is !== 'upgrading') throw new Error(`${member} has not been refreshed`);
  return standing;
}

function withMember(world: World, member: string, standing: Standing): World {
  return { ...world, members: new Map([...world.members, [member, standing]]) };
}
