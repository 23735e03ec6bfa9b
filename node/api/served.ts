/** What the routes ask of the member that they serve. */
import type { Database } from '../database/database.ts';
import type { RecordTable } from '../database/records.ts';
import type { Defect } from '../defects.ts';
import type { Failpoints } from '../failpoints.ts';
import type { Admission, JoinRequest } from '../peers/join.ts';
import type { Status } from '../status.ts';
import type { Tampering } from '../tampering.ts';
import type { Disposition } from '../upgrade/machine.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';

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
  /** Take a member out of the cluster for good, and tell the others to look again. @throws Refusal */
  remove(name: string): Promise<void>;
  /** Let a new member in. @throws Refusal */
  admit(request: JoinRequest): Promise<Admission>;
}
