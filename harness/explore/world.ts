/**
 * A small cluster in memory: members, the database, the notices in flight. It moves by the same machine and the same
 * gates that the daemon runs; what is added here is only that any step may come next.
 */
import type { Outcome } from '../../node/upgrade/gate.ts';
import type { Disposition, State } from '../../node/upgrade/machine.ts';
import type { Gate, NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Schema, Version, View } from '../../node/upgrade/version.ts';
import type { Model } from './protocol.ts';

/** A member: serving since before the roll, or refreshed and somewhere in its upgrade. */
export type Standing =
  | { readonly is: 'serving'; readonly version: Version }
  | { readonly is: 'upgrading'; readonly version: Version; readonly state: State };

/** A notice that has been sent and not arrived. */
export interface Flying {
  readonly from: string;
  readonly to: string;
  readonly kind: NoticeKind;
}

export interface World {
  readonly members: ReadonlyMap<string, Standing>;
  readonly view: View;
  /** In the order in which they were sent. */
  readonly flight: readonly Flying[];
}

/** A cluster in which all members are open, idle, and of one version. */
export function worldOf(members: readonly string[], version: Version): World {
  const { internal, external, extensions } = version;
  return {
    members: new Map(members.map((member) => [member, { is: 'serving', version }])),
    view: {
      applied: { internal, external },
      rows: members.map((member) => ({ member, internal, external, extensions })),
    },
    flight: [],
  };
}

/** What a step did, for whoever tells of it. */
export type Happening =
  | { readonly is: 'refreshed'; readonly member: string; readonly version: Version }
  | {
      readonly is: 'checked';
      readonly member: string;
      readonly version: Version;
      readonly gate: Gate;
      readonly outcome: Outcome;
      readonly applied: Schema | null;
    }
  | { readonly is: 'parked'; readonly member: string; readonly gate: Gate; readonly wokenAtOnce: boolean }
  | { readonly is: 'opened'; readonly member: string }
  | { readonly is: 'notified'; readonly member: string; readonly kind: NoticeKind }
  | { readonly is: 'arrived'; readonly notice: Flying; readonly disposition: Disposition }
  | { readonly is: 'timer'; readonly member: string; readonly gate: Gate };

/** The world after a step, and what the step did. */
export interface Moved {
  readonly world: World;
  readonly happening: Happening;
}

/** The operator stops a member, swaps its build and starts it; whatever it was at is gone, and so are its latches. */
export function refresh(model: Model, world: World, member: string, version: Version): Moved {
  const standing: Standing = { is: 'upgrading', version, state: model.protocol.start(model.rules) };
  return { world: withMember(world, member, standing), happening: { is: 'refreshed', member, version } };
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
      const peers = [...world.members.keys()].filter((peer) => peer !== member);
      const sent = peers.map((to): Flying => ({ from: member, to, kind }));
      const next = protocol.advance(rules, state, { is: 'notified' });
      return {
        world: moved(next, { flight: [...world.flight, ...sent] }),
        happening: { is: 'notified', member, kind },
      };
    }
    case 'wait':
    case 'serve':
    case 'exit':
      throw new Error(`${member} has nothing to do by itself`);
  }
}

/** A notice arrives. A member that serves since before the roll, or has gone, makes nothing of it. */
export function deliver(model: Model, world: World, notice: Flying): Moved {
  const flight = world.flight.filter((flying) => flying !== notice);
  const standing = world.members.get(notice.to);
  if (standing?.is !== 'upgrading') {
    return { world: { ...world, flight }, happening: { is: 'arrived', notice, disposition: 'dropped' } };
  }
  const { version, state } = standing;
  const { protocol, rules } = model;
  const disposition = protocol.dispositionOf(rules, state, notice.kind);
  const next = protocol.advance(rules, state, { is: 'noticed', kind: notice.kind });
  const world1 = withMember(world, notice.to, { is: 'upgrading', version, state: next });
  return { world: { ...world1, flight }, happening: { is: 'arrived', notice, disposition } };
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

function upgrading(world: World, member: string): Standing & { is: 'upgrading' } {
  const standing = world.members.get(member);
  if (standing?.is !== 'upgrading') throw new Error(`${member} has not been refreshed`);
  return standing;
}

function withMember(world: World, member: string, standing: Standing): World {
  return { ...world, members: new Map([...world.members, [member, standing]]) };
}
