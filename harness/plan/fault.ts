/**
 * Faults as data: what a plan does to a notice, a member, a link, a disk, a clock or the cluster, and undoes. What each needs, and
 * how it is done, is in `harness/fault`, a file each.
 */
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import { FAULTS, type FaultName } from '../input/fault-list.ts';
import type { PlannedDaemon } from './daemon.ts';

/** The `nth` notice of a kind, counted from 1 and from the fault's beginning, that one member sends to another. */
export interface NoticeFault {
  readonly is: 'lose-notice' | 'delay-notice' | 'duplicate-notice';
  readonly from: string;
  readonly to: string;
  readonly notice: NoticeKind | 'any';
  readonly nth: number;
}

/** Something that is done to a member as a whole. */
export type MemberFault =
  /** It does not get to run until it is thawed. */
  | { readonly is: 'freeze'; readonly member: string }
  /** From its next start on, it is held where it comes to a failpoint, until it is let go. */
  | { readonly is: 'hold'; readonly member: string; readonly at: Failpoint }
  /**
   * It is killed (SIGKILL): at once; or, from its next start on, where it first comes to a failpoint. Then it is started again at
   * once, or stays away for good. `leading`: it is made the leader of the database first.
   */
  | {
      readonly is: 'kill';
      readonly member: string;
      readonly at: Failpoint | null;
      readonly again: boolean;
      readonly leading: boolean;
    }
  /** It is killed, and is started again when the fault is undone; in another version where it has been refreshed meanwhile. */
  | { readonly is: 'down'; readonly member: string }
  /** The build of its next refresh exits at once, so often; null for good. */
  | { readonly is: 'fail-refresh'; readonly member: string; readonly times: number | null };

/**
 * Of the bytes that `from` sends to `to`, and with `both` those that it is sent: on all connections between them, or only on those
 * that one of the two has dialled.
 */
export type LinkFault = {
  readonly from: string;
  readonly to: string;
  readonly dialledBy: string | null;
  readonly direction: 'one-way' | 'both';
} & (
  | { readonly is: 'cut-link' | 'hold-link' }
  | { readonly is: 'delay-link'; readonly byMs: number }
  | { readonly is: 'slow-link'; readonly bytesPerSecond: number }
);

export type DiskFault = { readonly is: 'disk-full' | 'disk-read-only'; readonly member: string };
export type ClockFault = { readonly is: 'timer-jumps'; readonly member: string };
/** `remove`: alive or dead, a member is taken out of the cluster through another. `leader-moves`: to this member. */
export type ClusterFault =
  | { readonly is: 'remove'; readonly member: string; readonly through: string }
  | { readonly is: 'leader-moves'; readonly member: string };

/**
 * What becomes of trust: a member's certificate runs out, or is replaced by another; or it trusts nobody anew, as before its truststore
 * has converged.
 */
export type TrustFault = {
  readonly is: 'certificate-expires' | 'certificate-rotates' | 'hold-truststore';
  readonly member: string;
};

export type Fault = NoticeFault | MemberFault | LinkFault | DiskFault | ClockFault | ClusterFault | TrustFault;
export type FaultOf<Name extends FaultName> = Extract<Fault, { is: Name }>;

/** Whether it goes on until it is undone. One that is over at once is never undone. */
export function lasts(fault: Fault): boolean {
  return FAULTS[fault.is].lasts;
}

/** The members that a fault names. */
export function namedBy(fault: Fault): readonly string[] {
  if ('from' in fault) {
    const dialling = 'dialledBy' in fault && fault.dialledBy !== null ? [fault.dialledBy] : [];
    return [fault.from, fault.to, ...dialling];
  }
  return fault.is === 'remove' ? [fault.member, fault.through] : [fault.member];
}

export type Lurking = FaultOf<'kill' | 'fail-refresh' | 'hold'>;

/** Whether it comes about in a later life of its member, where there is one. */
export function lurks(fault: Fault): fault is Lurking {
  return (fault.is === 'kill' && fault.at !== null) || fault.is === 'fail-refresh' || fault.is === 'hold';
}

/** Whether its member is not there any more, or not of the cluster, whatever comes after it. */
export function leavesAway(fault: Fault): fault is FaultOf<'kill' | 'fail-refresh' | 'remove'> {
  if (fault.is === 'kill') return !fault.again;
  return fault.is === 'remove' || (fault.is === 'fail-refresh' && fault.times === null);
}

export function isNoticeFault(fault: Fault): fault is NoticeFault {
  return fault.is === 'lose-notice' || fault.is === 'delay-notice' || fault.is === 'duplicate-notice';
}

export function isLinkFault(fault: Fault): fault is LinkFault {
  return fault.is === 'cut-link' || fault.is === 'hold-link' || fault.is === 'delay-link' || fault.is === 'slow-link';
}

export function isDiskFault(fault: Fault): fault is DiskFault {
  return fault.is === 'disk-full' || fault.is === 'disk-read-only';
}

/** Whether it is done on the links between members: a notice is, where nothing inside its sender can be told to. */
export function needsLinks(fault: Fault, { capabilities }: PlannedDaemon): boolean {
  return isLinkFault(fault) || (isNoticeFault(fault) && !capabilities.failpoints);
}
