/** What a member says of itself and of its cluster. The shapes here are the bodies of `GET /1.0` and `/1.0/cluster`. */
import type { Role } from './database/database.ts';
import type { Phase } from './events.ts';
import type { Difference, Outcome } from './upgrade/gate.ts';
import type { Gate } from './upgrade/strategy.ts';
import { AXES, count, type Row, type Version } from './upgrade/version.ts';
import type { Wait } from './upgrader.ts';
import { describeOutcome } from './words.ts';

export interface Status {
  readonly name: string;
  readonly address: string;
  readonly status: Phase;
  readonly version: Version;
  readonly waiting: Waiting | null;
  /** Why it does not belong to the cluster, as the end of a sentence; null where it does, as far as it knows. */
  readonly notMember: string | null;
  readonly database: DatabaseStatus;
  /** The names of the patches that it has dealt with, and of those of its version that it has not. */
  readonly patches: { readonly noted: readonly string[]; readonly pending: readonly string[] };
}

/** The member's part in its database. */
export interface DatabaseStatus {
  readonly engine: 'sqlite' | 'dqlite';
  readonly role: Role;
  /** HOST:PORT of the leader, as far as this member knows; null for sqlite, which has none. */
  readonly leader: string | null;
  /** Why the database is not to be had, in a sentence; null while it is. */
  readonly trouble: string | null;
}

export interface Waiting {
  readonly gate: Gate;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Which members it waits for, and what they lack. */
  readonly for: readonly Difference[];
  /** The same as a sentence. */
  readonly reason: string;
}

/** As a client of the cluster sees a member. */
export type MemberState = 'ONLINE' | 'UPGRADING' | 'NEEDS UPGRADE' | 'UNREACHABLE';

export interface ClusterMember {
  readonly name: string;
  readonly address: string;
  readonly status: MemberState;
  readonly role: Role;
  readonly leader: boolean;
  readonly internal: number;
  readonly external: number;
  readonly extensions: readonly string[];
  readonly heartbeat: string;
  /** Why it does not serve, where it says so itself. */
  readonly reason: string | null;
}

export function phaseOf(isOpen: boolean, isExiting: boolean, wait: Wait | null): Phase {
  if (isOpen) return 'open';
  if (isExiting) return 'exiting';
  return wait === null ? 'starting' : 'waiting';
}

export function waitingOf(wait: Wait | null, version: Version): Waiting | null {
  if (wait === null) return null;
  return {
    gate: wait.gate,
    since: wait.since.toISOString(),
    for: differencesOf(wait.outcome),
    reason: describeOutcome(wait.outcome, wait.gate, version),
  };
}

/**
 * A member's state from its row, the newest rows of the cluster, and what it answered. A member of an older version
 * than somebody's has to be upgraded, whether it still serves or not.
 */
export function memberState(row: Row, rows: readonly Row[], answered: Status | null): MemberState {
  if (answered === null) return 'UNREACHABLE';
  const isBehind = AXES.some((axis) => rows.some((other) => count(other, axis) > count(answered.version, axis)));
  if (isBehind) return 'NEEDS UPGRADE';
  return answered.status === 'open' && row.member === answered.name ? 'ONLINE' : 'UPGRADING';
}

function differencesOf(outcome: Outcome): readonly Difference[] {
  if (outcome.is === 'blocked') return outcome.by;
  return outcome.is === 'ahead' ? outcome.of : [];
}
