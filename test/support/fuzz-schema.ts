/**
 * From a zod schema outwards: what it lets through, drawn by fast-check. Texts are names that belong together as often as
 * not, so that what refers to something mostly finds it; now and then a value is none that the schema knows.
 */
import fc from 'fast-check';
import type { z } from 'zod';
import { oddText, oddValue } from './fuzz-edits.ts';

/** Names that a document's parts may share, and a text of every form that some schema asks for. */
const TEXTS = [
  ...[
    'node01',
    'node02',
    'node03',
    'node04',
    'v1',
    'v2',
    'v9',
    '1.0',
    '2.0',
    'node01.1.1',
    'node02.1.1',
    '127.0.0.1:1',
  ],
  ...['30s', '1/2', '2026-01-01T00:00:00.000Z', 'rolls/one', 'v1-v2', 'v4-v5', '123', 'pair=v1-v2', '3,1,2', 'settled'],
] as const;
const MOST_ITEMS = 3;
/** One value of so many is odd. */
const ODD_EVERY = 60;

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
}

/** A value as it may be written. */
export function fitFor(schema: z.ZodType): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: ODD_EVERY - 1, arbitrary: fitting(schema) }, { weight: 1, arbitrary: oddValue });
}

function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  const definition = schema.def as unknown as Definition;
  switch (definition.type) {
    case 'object':
      return objectOf(definition.shape!);
    case 'array':
      return fc.array(fitFor(definition.element!), { minLength: leastOf(schema), maxLength: MOST_ITEMS });
    case 'union':
      return fc.oneof(...definition.options!.map(fitFor));
    case 'enum':
      return fc.constantFrom(...Object.values(definition.entries!));
    case 'literal':
      return fc.constantFrom(...definition.values!);
    case 'record':
      return recordOf(definition);
    case 'optional':
    case 'default':
      return fitFor(definition.innerType!);
    case 'nullable':
      return fc.option(fitFor(definition.innerType!));
    case 'pipe':
      // A preprocessed value is written as what it is made to be; of a codec, what is written comes first.
      return definition.in!.def.type === 'string'
        ? textOf(schema)
        : fitFor(definition.in!.def.type === 'transform' ? definition.out! : definition.in!);
    case 'boolean':
      return fc.boolean();
    case 'number':
      return numberOf(schema as unknown as z.ZodNumber);
    case 'string':
      return textOf(schema);
    default:
      return oddValue;
  }
}

function leastOf(schema: z.ZodType): number {
  return schema.safeParse([]).success ? 0 : 1;
}

function textOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const known = TEXTS.filter((text) => schema.safeParse(text).success);
  return known.length === 0 ? oddText : fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, oddText);
}

/** Keys that may be missing are, as often as not. */
function objectOf(shape: Readonly<Record<string, z.ZodType>>): fc.Arbitrary<unknown> {
  const keys = Object.entries(shape);
  const required = keys.filter(([, schema]) => !schema.safeParse(undefined).success).map(([key]) => key);
  return fc.record(Object.fromEntries(keys.map(([key, schema]) => [key, fitFor(schema)])), {
    requiredKeys: required,
    noNullPrototype: true,
  });
}

function recordOf({ keyType, valueType }: Definition): fc.Arbitrary<unknown> {
  const key = fitting(keyType!).map(String);
  return fc
    .array(fc.tuple(key, fitFor(valueType!)), { maxLength: MOST_ITEMS })
    .map((entries) => Object.fromEntries(entries));
}

function numberOf({ minValue, maxValue, isInt }: z.ZodNumber): fc.Arbitrary<unknown> {
  const [min, max] = [Math.max(minValue ?? -1e15, -1e15), Math.min(maxValue ?? 1e15, 1e15)];
  const near = fc.integer({ min: Math.max(min, Math.min(-3, max)), max: Math.min(max, Math.max(7, min)) });
  const far = isInt ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
  return fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: far });
}
