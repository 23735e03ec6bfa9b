/** Reading YAML against a zod schema, with errors that name file, line and key. */
import { readFileSync } from 'node:fs';
import { type Document, isNode, isPair, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { z } from 'zod';
import { InputError } from './errors.ts';

/** @throws InputError where the file cannot be read */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new InputError(`${file}: there is no such ${what}`);
    throw new InputError(`${file}: cannot read this ${what}: ${message}`);
  }
}

/**
 * Read a YAML file and check it.
 * @param what the file is, for the error messages: `scenario`, `version`
 * @throws InputError `FILE:LINE: KEY: what is wrong`, one line for every fault
 */
export function readYaml<Schema extends z.ZodType>(file: string, what: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(readText(file, what), { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (faults.length > 0) throw new InputError(faults.join('\n'));
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new InputError(`${file}:1: a ${what} is a list of keys with values`);
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? splitKeys(issue) : [issue],
  );
  const messages = found.map((issue) => {
    const line = lineOf(document, issue.path, lines);
    const key = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    return `${file}:${line}: ${key}${issue.message}`;
  });
  throw new InputError(messages.join('\n'));
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function splitKeys(issue: { path: readonly PropertyKey[]; keys: readonly string[] }): Fault[] {
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'there is no such key' }));
}

/** The line of the deepest part of the path that the document has. */
function lineOf(document: Document.Parsed, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const offset = offsetOf(parent, path[depth - 1]);
    if (offset !== null) return lines.linePos(offset).line;
  }
  return 1;
}

function offsetOf(parent: unknown, key: PropertyKey | undefined): number | null {
  if (!isNode(parent) || !('items' in parent) || !Array.isArray(parent.items)) return null;
  const items = parent.items as unknown[];
  const item =
    typeof key === 'number' ? items[key] : items.find((pair) => isPair<ParsedNode>(pair) && String(pair.key) === key);
  const node = isPair<ParsedNode>(item) ? item.key : item;
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}
