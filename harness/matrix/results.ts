/** The results of a matrix: a plain JSON document, whether it is whole, a share, cut short, or merged. */
import { z } from 'zod';
import { Count, Label, VersionName } from '../input/values.ts';
import { Dimensions } from './dimensions.ts';

/** 1 knew no verdict but holds and does not. */
export const MATRIX_FORMAT = 2;

/** A number of rolls, or of a roll. */
const Rolls = z.int().min(1).max(1_000_000);
/** A cell as results have it: without its plan, which is in the folder of each of its rolls. */
const SavedCell = Dimensions.extend({
  id: Label,
  from: VersionName,
  to: VersionName,
  /** Why it cannot be rolled; null where it can. */
  impossible: z.string().nullable(),
  /** Whether it is for these results to roll it. Other cells are in other shares. */
  inShare: z.boolean(),
  /** The command that rolls it by itself, without the name of the program; null where no flags say it. */
  again: z.string().nullable().default(null),
});
export type SavedCell = Readonly<z.output<typeof SavedCell>>;

const SavedVersion = z.object({
  name: VersionName,
  internal: Count,
  external: Count,
  extensions: z.array(Label),
});

const About = z.object({
  /** The cell's id. */
  cell: Label,
  /** Counted from 1. */
  repeat: Rolls,
  durationMs: z.number().min(0).max(1e12),
  /** Whether the roll had the machine to itself; where not, its budgets were not judged. */
  alone: z.boolean(),
});

/** Of one member of a roll. */
const Figures = z.object({
  name: Label,
  timeToOpenMs: z.number().nullable(),
  parkedMs: z.record(z.string(), z.number()),
  waitedFor: z.array(Label),
  wokenBy: z.array(z.enum(['notice', 'timer', 'unknown'])),
  unblockLatencyMs: z.number().nullable(),
  stallMs: z.number(),
  downtimeMs: z.number().nullable(),
  restarts: z.int(),
  atLeastMs: z.record(z.string(), z.number()),
});

/** One roll of a cell. */
export const Attempt = z.discriminatedUnion('outcome', [
  About.extend({
    outcome: z.literal('judged'),
    verdict: z.enum(['holds', 'broken', 'unknown']),
    sentence: z.string(),
    /** The checks that are broken, or leave open what decides. */
    failing: z.array(z.object({ name: Label, because: z.string() })),
    /** The members that went by themselves, and that their supervisor started again. */
    healed: z
      .array(
        z.object({
          member: Label,
          message: z.string(),
          patching: z.object({ patch: Label, beside: z.array(Label) }).nullable(),
        }),
      )
      .default([]),
    /** The figures of its members, as its verdict has them. */
    members: z.array(Figures).default([]),
    /** How near to another's timer the member opened that was aimed at it: milliseconds after it was due, at the most. */
    aimedMs: z.number().nullable().default(null),
    /** The folder of its roll, relative to that of the matrix. */
    folder: z
      .string()
      .regex(/^(?!\.{0,2}\/)(?!.*\/\.{1,2}(\/|$))[\w./ -]{1,1000}$/, 'must be a folder below that of the matrix'),
  }),
  /** The environment, or a fault of the rig, kept the roll from a verdict. */
  About.extend({ outcome: z.literal('no-verdict'), because: z.string() }),
]);
export type Attempt = Readonly<z.output<typeof Attempt>>;
export type Judged = Attempt & { outcome: 'judged' };

export const Results = z.object({
  format: z.literal(MATRIX_FORMAT),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  /** How many rolls at once. */
  jobs: Rolls,
  /** `2/4`; null for a whole matrix. */
  shard: z
    .string()
    .regex(/^\d{1,4}\/\d{1,4}$/, 'must be a share such as 2/4')
    .nullable(),
  /** The spec as a matrix file has it. */
  spec: z.record(z.string(), z.unknown()),
  /** The versions that cells name, as they were. */
  versions: z.record(VersionName, SavedVersion),
  cells: z.array(SavedCell),
  attempts: z.array(Attempt),
});
export type Results = Readonly<z.output<typeof Results>>;

/** Mean durations in milliseconds of the cells' rolls, by id. */
export function durationsOf({ attempts }: Results): Map<string, number> {
  const byCell = Map.groupBy(
    attempts.filter((attempt) => attempt.outcome === 'judged'),
    (attempt) => attempt.cell,
  );
  return new Map(
    [...byCell].map(([id, own]) => [id, own.reduce((sum, attempt) => sum + attempt.durationMs, 0) / own.length]),
  );
}
