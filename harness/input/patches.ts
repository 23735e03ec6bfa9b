/** The folder `versions/patches/`: one YAML file a patch, which says what it changes and what a killed member makes of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PatchChange } from '../../node/build.ts';
import type { Patch } from '../../node/upgrade/patch.ts';
import { InputError } from './errors.ts';
import { Duration, oneOf } from './values.ts';
import { readYaml } from './yaml.ts';

/** A patch, and what a build needs to run it. */
export interface PatchSource {
  readonly patch: Patch;
  readonly change: PatchChange;
}

export const PatchName = z
  .string('must be the name of a patch')
  .regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'must be lower-case letters, digits and hyphens, at most 61');

/** A file in a member's state folder, not outside of it. */
const StateFile = z
  .string('must be the name of a file')
  .regex(/^[a-z0-9][a-z0-9._-]{0,60}(\/[a-z0-9][a-z0-9._-]{0,60})?$/i, 'must be a file in the state folder');

const SHAPE = {
  about: z.string('must say in a sentence what the patch does'),
  interrupted: oneOf(['again', 'never'])
    .default('again')
    .describe('what a member that was killed while it ran the patch does when it starts again'),
};

export const PatchFile = z
  .strictObject({
    ...SHAPE,
    sql: z.string('must be SQL on the cluster’s database').min(1, 'must not be empty').optional(),
    moves_records: z.boolean('must be true or false').optional(),
    wait: Duration.optional().describe('how long it tries to get the database; without it, as long as it takes'),
    move: z.strictObject({ from: StateFile, to: StateFile }).optional(),
  })
  .superRefine(({ sql, move, moves_records: movesRecords, wait }, context) => {
    const isOfDatabase = sql !== undefined;
    if (isOfDatabase === (move !== undefined))
      context.addIssue({ code: 'custom', message: 'must have either sql, or move: what it changes', path: ['sql'] });
    if (!isOfDatabase && (movesRecords !== undefined || wait !== undefined))
      context.addIssue({
        code: 'custom',
        message: 'is about the database: drop it',
        path: [wait === undefined ? 'moves_records' : 'wait'],
      });
  });

/**
 * Read a patch that a version names.
 * @param version the file that names it
 * @throws InputError naming file, line and key
 */
export function readPatch(folder: string, version: string, name: string): PatchSource {
  const file = join(folder, 'patches', `${name}.yaml`);
  if (!existsSync(file)) throw new InputError(`${version}: patches: needs ${file}, and there is none`);
  const { interrupted, sql, moves_records: movesRecords = false, wait, move } = readYaml(file, 'patch', PatchFile);
  const waits = wait === undefined;
  if (move !== undefined) return { patch: { name, changes: 'state', interrupted, waits }, change: { name, move } };
  return {
    patch: { name, changes: 'database', interrupted, waits },
    change: { name, sql: sql!, patienceMs: wait ?? null, movesRecords },
  };
}
