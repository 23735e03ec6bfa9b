/** The shape of a fault's file: what it is, what it needs, how it is done, and how it is undone. */
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeRule } from '../../node/tampering.ts';
import type { MemberClient } from '../daemon/contract.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import type { Fault, FaultOf } from '../plan/fault.ts';
import type { RunningMember, Runtime, Site } from '../runtime/runtime.ts';

/** Takes back what a fault has done. It may have been taken back by the member's end. */
export type Undo = () => Promise<void>;

export interface FaultKind<Of extends Fault> {
  /** What it is, in a sentence. */
  readonly is: string;
  /** Why it cannot be done to a daemon on a runtime, as the end of a sentence; null where it can. */
  readonly lacks: (fault: Of, where: Where) => string | null;
  /** Do it. @returns how it is undone; null where it is over at once. @throws Finding, EnvironmentError */
  readonly do: (fault: Of, hands: Hands, id: string) => Promise<Undo | null>;
}

export interface Where {
  readonly daemon: PlannedDaemon;
  readonly runtime: Pick<Runtime, 'name' | 'lacks'>;
}

/** What the conductor lends to a fault. */
export interface Hands {
  readonly daemon: PlannedDaemon;
  readonly site: Site;
  /** Null where the member is not running. */
  client(member: string): MemberClient | null;
  running(member: string): RunningMember | null;
  /** Kill a member, as a machine that loses its power would have it. Nothing is done where it is gone. */
  kill(member: string): Promise<void>;
  /** Start a member that is gone in the version that it has by now. */
  startAgain(member: string): Promise<void>;
  /** Start a member again that has gone by itself, where nobody has. */
  startGone(member: string): Promise<void>;
  /** Have one member take another out of the cluster for good. @throws Finding where it does not */
  takeOut(member: string, through: string): Promise<void>;
  /** Have the member's notices go by a rule, in this life and the next ones; and no more. */
  keepRule(member: string, rule: NoticeRule): Promise<void>;
  dropRule(member: string, id: string): Promise<void>;
  /** Have the timer of its park fire, or else that of the next. */
  jumpTimer(member: string): Promise<void>;
  /** Give the member another certificate: a good one, or one that has just run out. */
  renew(member: string, is: 'good' | 'expired'): Promise<void>;
  /** Have the member trust nobody anew, in this life and the next ones; and as its cluster does again. */
  holdTruststore(member: string): Promise<void>;
  letTruststore(member: string): Promise<void>;
  /** From its next start on, hold the member where it is to be killed, and kill it there. */
  killNextLife(fault: FaultOf<'kill'>): void;
  /** From its next start on, hold the member at a failpoint; and let it go on, now and in its next lives. */
  holdAt(member: string, at: Failpoint): void;
  letGo(member: string): Promise<void>;
  /** Have the builds of its next refresh exit at once, so often; null for good. */
  failNextRefresh(member: string, times: number | null): void;
  /** While it is kept down, a refresh gives a member another version, and does not start it. */
  keepDown(member: string): void;
  letUp(member: string): void;
}
