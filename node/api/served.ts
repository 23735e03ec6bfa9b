/** What the routes ask of the member that they serve. */
import type { Database } from '../database/database.ts';
import type { RecordTable } from '../database/records.ts';
import type { Defect } from '../defects.ts';
import type { Failpoints } from '../failpoints.ts';
import type { Membership } from '../membership.ts';
import type { PeerClient } from '../peers/client.ts';
import type { Status } from '../status.ts';
import type { Tampering } from '../tampering.ts';
import type { Trust } from '../trust/trust.ts';
import type { Disposition } from '../upgrade/machine.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';
import type { Guard } from './guard.ts';

export interface Served {
  readonly name: string;
  readonly database: Database;
  readonly records: RecordTable;
  readonly failpoints: Failpoints;
  readonly tampering: Tampering;
  /** What is wrong with it on purpose; null where nothing is. */
  readonly defect: Defect | null;
  status(): Status;
  /** @throws Refusal 503 with the reason, unless the member is open */
  requireOpen(): void;
  /** A notice has come in. @returns what became of it */
  noticed(from: string, notice: string, kind: NoticeKind): Promise<Disposition>;
  /** A peer is there again, and has opened its way to this member. Resolves soon, the way back open or not. */
  openWayBack(name: string): Promise<void>;
  /** Who belongs to the cluster, and what changes that. */
  readonly membership: Membership;
  readonly guard: Guard;
  readonly peers: PeerClient;
  /** Null where nobody is asked who they are. */
  readonly trust: Trust | null;
}
