/** Writes docs/keys.md: every key of the YAML files that people write most, from the schemas that read them. `make schemas`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemaOf } from '../harness/cli/schema.ts';
import { paths } from '../harness/host/paths.ts';

/** What a JSON Schema says of a value, as far as the reference tells of it. */
interface Value {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Value[];
  readonly items?: Value;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Value>>;
  readonly additionalProperties?: Value | boolean;
}

export const KEYS_FILE = join(paths.root, 'docs', 'keys.md');

export function keysPage(): string {
  return [
    '# Every key of a scenario and of a matrix',
    '',
    'Made from the schemas that read the files, by `make schemas`. What is so where a key is left out stands in brackets; every',
    'key may be. A duration is a number with its unit: `500ms`, `30s`, `2m`. The keys of a description are in',
    '[describe-a-daemon.md](describe-a-daemon.md).',
    '',
    ...sectionOf('Scenario', 'scenario', 'One roll, or one in every order: `roll FILE`'),
    ...sectionOf('Matrix', 'matrix', 'Many rolls: `matrix FILE`'),
    ...sectionOf('Version', 'version', 'Of the rig’s own daemon: a file in `versions/`. All four keys must be there'),
  ].join('\n');
}

function sectionOf(title: string, name: 'scenario' | 'matrix' | 'version', about: string): string[] {
  const { properties = {} } = jsonSchemaOf(name) as Value;
  return [
    `## ${title}`,
    '',
    `${about}.`,
    '',
    '| key | may be | what it is for |',
    '|---|---|---|',
    ...rowsOf(properties, ''),
    '',
  ];
}

function rowsOf(properties: Readonly<Record<string, Value>>, before: string): string[] {
  return Object.entries(properties).flatMap(([key, value]) => {
    const inner = value.properties ?? value.items?.properties ?? {};
    const path = `${before}${key}`;
    const row = `| \`${path}\` | ${mayBe(value)} | ${value.description ?? ''} |`;
    return [row, ...rowsOf(inner, `${path}.`)];
  });
}

function mayBe(value: Value): string {
  if (value.anyOf !== undefined) {
    const [one, several] = value.anyOf;
    const isOneOrSeveral = several?.items !== undefined && mayBe(several.items) === mayBe(one!);
    return isOneOrSeveral ? `${mayBe(one!)}; several in a list` : value.anyOf.map(mayBe).join(', or ');
  }
  if (value.enum !== undefined) return value.enum.map((word) => `\`${word}\``).join(', ');
  switch (value.type) {
    case 'integer':
      return value.minimum === undefined ? 'a whole number' : `a whole number${boundsOf(value)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'array':
      return value.items?.properties === undefined
        ? `a list of: ${mayBe(value.items ?? {})}`
        : 'a list of the keys below';
    case 'object':
      return typeof value.additionalProperties === 'object'
        ? `by name: ${mayBe(value.additionalProperties)}`
        : 'the keys below';
    case 'null':
      return '`null`';
    default:
      return 'a text';
  }
}

function boundsOf({ minimum, maximum }: Value): string {
  return maximum === undefined ? `, ${minimum} or more` : ` from ${minimum} to ${maximum}`;
}

if (import.meta.main) writeFileSync(KEYS_FILE, keysPage());
