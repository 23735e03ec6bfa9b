/** What a step of a small cluster did, for whoever tells of it. */
import type { Outcome } from '../../node/upgrade/gate.ts';
import type { Disposition, PatchFailure } from '../../node/upgrade/machine.ts';
import type { Patch, PatchOutcome } from '../../node/upgrade/patch.ts';
import type { Gate, NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Schema, Version } from '../../node/upgrade/version.ts';

/** A notice that has been sent and not arrived. */
export interface Flying {
  readonly from: string;
  readonly to: string;
  readonly kind: NoticeKind;
}

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
  | {
      readonly is: 'arrived';
      readonly notice: Flying;
      readonly disposition: Disposition;
      /** Its receiver has given up, so that nobody is there to take it in. */
      readonly isInVain: boolean;
    }
  | { readonly is: 'timer'; readonly member: string; readonly gate: Gate }
  | { readonly is: 'began'; readonly member: string; readonly patch: Patch }
  | {
      readonly is: 'patched';
      readonly member: string;
      readonly patch: Patch;
      readonly outcome: PatchOutcome | PatchFailure;
      /** Whoever serves then and does not know the patch. */
      readonly misreaders: readonly string[];
    }
  | { readonly is: 'noted'; readonly member: string; readonly patch: Patch }
  | { readonly is: 'left'; readonly member: string; readonly by: string }
  | { readonly is: 'joined'; readonly member: string; readonly through: string; readonly version: Version };
