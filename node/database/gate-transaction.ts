/**
 * A gate, carried out: record, read, decide and apply in **one** transaction. Were these several, a second member could
 * slip in between and apply an update twice.
 */
import type { Build } from '../build.ts';
import { nowNs } from '../clock.ts';
import { examine, type Ruling } from '../upgrade/gate.ts';
import type { Rules } from '../upgrade/machine.ts';
import { type Gate, PATCH_GATE } from '../upgrade/strategy.ts';
import type { Schema } from '../upgrade/version.ts';
import type { Database } from './database.ts';
import { type MemberRecord, readApplied, readMembers, seedExtensions, updateMember } from './members.ts';
import { recordPatches, withPatches } from './patches.ts';
import { applyUpdates } from './schema.ts';

/** What the transaction of a gate saw and did. */
export interface Examined {
  readonly ruling: Ruling;
  /** The schema as it was before. */
  readonly applied: Schema;
  /** All members as they were before, with their addresses. */
  readonly members: readonly MemberRecord[];
  /**
   * The clock inside the transaction, just before it commits. Writing transactions being serialised, these readings
   * order the transactions of all members as the database did, however late a member comes to speak of its own.
   */
  readonly decidedNs: number;
}

/** A member that has lost its database has nothing better to do than to wait for it. */
const AS_LONG_AS_IT_TAKES = Number.POSITIVE_INFINITY;

/** A place in the transaction where a test can hold the member. */
export type BeforeCommit = () => Promise<void>;

/**
 * Run the transaction of a gate.
 * @param seenAs what a planted defect makes of the schema that is there
 * @throws UpdateError where an update fails; then nothing was recorded or applied
 */
export async function passGate(
  database: Database,
  rules: Rules,
  gate: Gate,
  member: string,
  build: Build,
  beforeCommit: BeforeCommit,
  seenAs: (applied: Schema) => Schema = (applied) => applied,
): Promise<Examined> {
  return database.write(async (transaction) => {
    const applied = seenAs(await readApplied(transaction));
    const isOfPatches = gate === PATCH_GATE;
    const rows = await readMembers(transaction);
    const members = isOfPatches ? await withPatches(transaction, rows) : rows;
    const ruling = examine(rules.strategy, rules.ahead, gate, member, build.version, { applied, rows: members });
    if (ruling.record !== null) {
      if (isOfPatches) await recordPatches(transaction, ruling.record);
      else await updateMember(transaction, ruling.record, applied);
    }
    if (ruling.apply !== null) await applyUpdates(transaction, build, applied);
    if (ruling.seed !== null) await seedExtensions(transaction, ruling.seed);
    await beforeCommit();
    return { ruling, applied, members, decidedNs: nowNs() };
  }, AS_LONG_AS_IT_TAKES);
}
