/**
 * `refresh-rig schema NAME`: the JSON Schema of a kind of file that people write, made from the very schema that reads it, so
 * that an editor knows its keys. `make schemas` writes them all into schemas/.
 */
import { Argument, Command } from 'commander';
import { z } from 'zod';
import { chooseDaemon } from '../daemon/choose.ts';
import { Description } from '../input/description.ts';
import { PatchFile } from '../input/patches.ts';
import { RecordsFile, Scenario } from '../input/scenario.ts';
import { VersionFile } from '../input/versions.ts';
import { matrixFile } from '../matrix/spec.ts';
import { printJson } from './print.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Keys = Readonly<Record<string, JsonSchema>>;

export const SCHEMA_NAMES = ['scenario', 'matrix', 'version', 'patch', 'description', 'records'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of a kind of file, for editors')
    .addArgument(new Argument('<name>', 'the kind of file').choices(SCHEMA_NAMES))
    .action((name: SchemaName) => printJson(jsonSchemaOf(name)));
}

export function jsonSchemaOf(name: SchemaName): JsonSchema {
  const { title, keys } = TOLD[name];
  const schema = { ...MADE[name](), title };
  if (schema.properties === undefined) return schema;
  const properties = Object.fromEntries(
    Object.entries(schema.properties as Keys).map(([key, value]) => [key, told(value, keys[key])]),
  );
  return { ...schema, properties };
}

const MADE: Readonly<Record<SchemaName, () => JsonSchema>> = {
  scenario: () => converted(Scenario),
  matrix: matrixSchema,
  version: () => converted(VersionFile),
  patch: () => converted(PatchFile),
  description: () => converted(Description),
  records: () => converted(RecordsFile),
};

function told(value: JsonSchema, words: string | undefined): JsonSchema {
  return words === undefined || value.description !== undefined ? value : { description: words, ...value };
}

/** As a person writes it: what a transform makes of it is of no matter, and what it checks beyond its type cannot be said. */
function converted(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Whole numbers have no bounds but those of the machine: nobody wants to read them.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  }) as JsonSchema;
}

/**
 * A matrix checks some of its keys as a scenario does, by code that tells nothing of their shape; and one value may stand for
 * a list of one.
 */
function matrixSchema(): JsonSchema {
  const scenario = converted(Scenario).properties as Record<'order' | 'wait' | 'expect', JsonSchema>;
  const schema = converted(matrixFile(chooseDaemon(undefined)));
  const shapes: Keys = {
    ...(schema.properties as Keys),
    orders: { type: 'array', minItems: 1, items: scenario.order },
    wait: scenario.wait,
    budgets: (scenario.expect.properties as Keys).budgets!,
  };
  const properties = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [
      key,
      shape.type === 'array' ? { anyOf: [shape.items as JsonSchema, shape] } : shape,
    ]),
  );
  return { ...schema, properties };
}

interface Told {
  readonly title: string;
  /** What each key is for; what the schema says of one itself comes first. */
  readonly keys: Readonly<Record<string, string>>;
}

const TOLD: Readonly<Record<SchemaName, Told>> = {
  scenario: {
    title: 'A scenario of refresh-rig: one roll, or one in every order. Every key may be left out',
    keys: {
      name: 'what the run is called (the name of the file, where it is left out)',
      about: 'what it shows, in a sentence',
      daemon:
        'what is rolled: the name of a description that the rig ships, or its file, found from here; ours without it',
      members: 'how many members (3)',
      from: 'the version that all members start with',
      to: 'the version that all are refreshed to, or one for each member that is refreshed',
      order: 'forward, reverse, random, all, together, or numbers such as [3, 1, 2] (forward)',
      seed: 'what draws an order that is random',
      refreshes:
        'which member goes to what, in this order, and several times if need be; or joins, leaves or is stopped; in place of to and order',
      versions: 'a chain of releases through which the cluster is taken; in place of from and to',
      between: 'of a chain: the next roll begins when all have settled, or at once (settled)',
      skips: 'of a chain: the releases that a member skips',
      back_after: 'so many members are refreshed, and then back again, in the same order',
      updates: 'of pace auto: how the update program goes about it, which the rig plays',
      strategy: 'of our own daemon: at which gates it waits, and when it tells its peers (split)',
      wakeups:
        'of our own daemon: latched keeps a notice that comes before the member has parked, lossy drops it (latched)',
      ahead: 'of our own daemon: what a member does that finds a peer ahead of it (exit)',
      patch_when:
        'of our own daemon: when local patches are run: at-start, after-open, or all-open, at a gate of their own (after-open)',
      patch_by: 'of our own daemon: whether each member runs a patch of the database, or one, once, for all (each)',
      wait: 'of our own daemon: how long one park lasts before the timer ends it, such as 30s',
      pace: 'when the next refresh comes: settled, eager, together, auto (when the member asks), or after a pause such as 500ms',
      runtime: 'where members live (auto: in containers where a Docker engine answers, else in processes)',
      database: 'of our own daemon: one file that all share, or a replicated database (sqlite)',
      handover: 'of our own daemon on dqlite: a leader hands the leadership over before it stops (true)',
      network_latency: 'of our own daemon: what dqlite times its elections by',
      records: 'a file of records that are put in before the roll and must be there after it, found from here',
      expect: 'what the roll must lead to: every member open, and none woken by a timer, where it is left out',
    },
  },
  matrix: {
    title: 'A matrix of refresh-rig: many rolls. Every key may be left out',
    keys: {
      daemon:
        'what is rolled: the name of a description that the rig ships, or its file, found from here; ours without it',
      pairs: 'forward, or pairs of versions such as v1-v2',
      orders: 'forward, reverse, random, all, together, or numbers such as [3, 1, 2]',
      strategies: 'of our own daemon: at which gates it waits, and when it tells its peers',
      wakeups: 'of our own daemon: whether a notice that comes too early is kept or dropped',
      databases: 'of our own daemon: one file that all share, or a replicated database',
      paces: 'when the next refresh comes: settled, eager, together, auto (when the member asks)',
      members: 'how many members; several numbers for several sizes',
      runtime: 'where members live',
      wait: 'of our own daemon: how long one park lasts before the timer ends it, such as 30s',
      seed: 'what draws an order that is random',
      repeat: 'how often each cell is rolled; a cell whose rolls differ is flaky',
      budgets: 'milliseconds that no figure may exceed; judged only with --jobs 1',
      include: 'only cells such as pair=v1-v2,order=123',
      exclude: 'no cells such as these',
    },
  },
  version: {
    title: 'A version of the rig’s own daemon, named by its file',
    keys: {
      about: 'what the version is for, in a sentence',
      internal: 'how many of the internal schema updates it has, from versions/schema/internal',
      external: 'how many of the external schema updates it has, from versions/schema/external',
      extensions: 'the names of its API extensions, in order',
      patches: 'the names of its local patches, in order, from versions/patches',
    },
  },
  patch: {
    title: 'A local patch of a version, named by its file',
    keys: {
      about: 'what the patch does, in a sentence',
      sql: 'what it does to the cluster’s database',
      moves_records: 'whether the values of records lie in the table record_values from then on',
      move: 'or what it does to the member’s own state folder: a file has another place from then on',
    },
  },
  description: {
    title: 'The description of a daemon: docs/describe-a-daemon.md explains every key',
    keys: {
      name: 'what the daemon is called',
      about: 'what it is, in a sentence',
      versions: 'what can be rolled, by name, the oldest first',
      port: 'the port at which a member listens where it has a network address of its own (8443)',
      start: 'what follows the program of a version, and its environment',
      form: 'how members become a cluster',
      stop: 'how a member is stopped (SIGTERM, and 5s until it is killed)',
      supervisor: 'what starts a member again that exits by itself; without it an exit is the end of the member',
      patterns: 'which lines that a member prints tell of which event',
      probes: 'what a member is asked again and again, and what its answers tell',
      model: 'which strategy of the rig’s table models it, so that it can be forecast, explored and checked',
      timer: 'how long one park lasts, so that a notice can be told from the timer where the daemon does not tell',
      records: 'how a client writes one record, and reads all of them as a JSON object of texts',
    },
  },
  records: { title: 'A file of records: keys with texts', keys: {} },
};
