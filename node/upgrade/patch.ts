/**
 * Local patches: one-off changes that a version brings beside its schema updates and extensions, and how a daemon may have
 * them run: when, and by whom. Each policy is a row of data that the machine interprets.
 */

/** One patch, as far as the protocol goes. What it changes in detail is the build's affair. */
export interface Patch {
  readonly name: string;
  /** The cluster's database, which all members share, or the member's own state folder. */
  readonly changes: 'database' | 'state';
  /** What a member that was killed while it ran the patch does when it starts again: run it again, or never. */
  readonly interrupted: 'again' | 'never';
  /** Whether it waits for as long as another's transaction takes. One that does not fails where another is in its way. */
  readonly waits: boolean;
}

/** When a member runs its patches. */
export interface PatchTime {
  /** What it is, in one line, for a person who chooses. */
  readonly about: string;
  /** Before the first gate, or once the member serves. */
  readonly runs: 'before-gates' | 'serving';
  /** Whether a gate of its own comes first, which lets nobody pass before everybody has the patches. */
  readonly waitsForAll: boolean;
}

export const PATCH_WHEN = ['at-start', 'after-open', 'all-open'] as const;
export type PatchWhen = (typeof PATCH_WHEN)[number];

export const PATCH_TIMES: Readonly<Record<PatchWhen, PatchTime>> = {
  'at-start': { about: 'before any gate', runs: 'before-gates', waitsForAll: false },
  'after-open': { about: 'as in LXD: once the member has passed its gates', runs: 'serving', waitsForAll: false },
  'all-open': { about: 'at a gate of its own, once every member has the patch', runs: 'serving', waitsForAll: true },
};

export const PATCH_BY = ['each', 'once'] as const;
/**
 * By whom a patch of the database is run: by `each` member, or `once`, by the member that comes first, and the others note it.
 * One of a state folder is run by each, since nobody else can.
 */
export type PatchBy = (typeof PATCH_BY)[number];

/** How a daemon has its patches run. */
export interface PatchPolicy extends PatchTime {
  readonly by: PatchBy;
}

export function patchPolicy(when: PatchWhen, by: PatchBy): PatchPolicy {
  return { ...PATCH_TIMES[when], by };
}

/** As LXD and its kin have it. */
export const USUAL_PATCHING = { when: 'after-open', by: 'each' } as const satisfies { when: PatchWhen; by: PatchBy };

/** The two things that are done with a patch, in the order that makes a killed member do what the patch says of it. */
export const PATCH_STEPS: Readonly<Record<Patch['interrupted'], readonly PatchStep[]>> = {
  again: ['run', 'note'],
  never: ['note', 'run'],
};
export type PatchStep = 'run' | 'note';

/** Who has run which patch of the database, by the name of the patch; nobody, where it is not there. */
export type Claims = Readonly<Record<string, string>>;

/** What a patch came to. `found`: another member had run it, or this one in an earlier life, and it is only noted. */
export type PatchOutcome = 'ran' | 'found';

/** What the transaction of a patch does. A pure function, as that of a gate. */
export interface PatchRuling {
  readonly outcome: PatchOutcome;
  /** Whether the member leaves its name at the patch, so that nobody runs it again. */
  readonly claims: boolean;
}

/** Whether a patch is claimed by whoever runs it. */
export function isClaimed(by: PatchBy, { changes }: Patch): boolean {
  return by === 'once' && changes === 'database';
}

export function examinePatch(by: PatchBy, patch: Patch, claims: Claims): PatchRuling {
  if (!isClaimed(by, patch)) return { outcome: 'ran', claims: false };
  // One's own claim was left in the transaction that ran the patch.
  return claims[patch.name] === undefined ? { outcome: 'ran', claims: true } : { outcome: 'found', claims: false };
}

/** The patches of a version that a member has not noted, in order. */
export function pendingOf(patches: readonly Patch[], noted: readonly string[]): readonly Patch[] {
  return patches.filter(({ name }) => !noted.includes(name));
}
