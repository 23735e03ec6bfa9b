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
import { SCHEMA_NAMES, type SchemaName, TOLD, type Told } from './key-words.ts';
import { printJson } from './print.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Keys = Readonly<Record<string, JsonSchema>>;

export function schemaCommand(): Command {
  return new Command('schema')
    .addArgument(new Argument('<name>', 'the kind of file').choices(SCHEMA_NAMES))
    .action((name: SchemaName) => printJson(jsonSchemaOf(name)));
}

export function jsonSchemaOf(name: SchemaName): JsonSchema {
  const { title, keys } = TOLD[name];
  return { ...told(MADE[name](), keys, ''), title };
}

const MADE: Readonly<Record<SchemaName, () => JsonSchema>> = {
  scenario: () => converted(Scenario),
  matrix: matrixSchema,
  version: () => converted(VersionFile),
  patch: () => converted(PatchFile),
  description: () => converted(Description),
  records: () => converted(RecordsFile),
};

/** With the words for each key; those for a key within another are found by `OUTER.INNER`, in a list as well. */
function told(schema: JsonSchema, words: Told['keys'], path: string): JsonSchema {
  const own = words[path];
  const { properties, items } = schema as { properties?: Keys; items?: JsonSchema };
  const within = (key: string): string => (path === '' ? key : `${path}.${key}`);
  return {
    ...(own === undefined ? {} : { description: own }),
    ...schema,
    ...(items === undefined ? {} : { items: told(items, words, path) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [key, told(value, words, within(key))]),
          ),
        }),
  };
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
