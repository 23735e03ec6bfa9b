/**
 * Defects that are planted on purpose, each breaking one rule, so that it can be seen whether tests find them. A member has one only
 * where it was started with it.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DEFECTS = [
  /** Whoever was woken by a notice takes it that its gate passes, and does not look. */
  'stale-view',
  /** A notice that comes before the park is said to be kept, and is not. */
  'forgets-latch',
  /** An upgrade that was interrupted begins again with the last schema update, applied or not. */
  'applies-twice',
  /** A record is acknowledged before it is committed. */
  'answers-before-commit',
  /** An upgrade that was interrupted tells no peer what it has done. */
  'silent-restart',
] as const;
export type Defect = (typeof DEFECTS)[number];

/** A member that answers too early commits so much later. */
export const COMMITS_LATE_MS = 150;

const MARK = 'upgrading';

/** Whether an upgrade was begun here, and has not come to its end. From now on, one is under way. */
export function beginsAgain(stateFolder: string): boolean {
  const mark = join(stateFolder, MARK);
  const isThere = existsSync(mark);
  writeFileSync(mark, '');
  return isThere;
}

export function cameToItsEnd(stateFolder: string): void {
  rmSync(join(stateFolder, MARK), { force: true });
}
