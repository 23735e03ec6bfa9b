/** Reading YAML against a zod schema, with errors that name file, line and key. */
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import {
  type Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { z } from 'zod';
import { InputError, named, refusing } from './errors.ts';
import { faultsError, keyWords } from './faults.ts';

/** @throws InputError where the file cannot be read */
export function readText(file: string, what: string): string {
  try {
    const { size, isEndless } = sizeOf(file);
    if (isEndless) throw new InputError(`${file}: a device is no ${what}`);
    if (size > MOST_BYTES)
      throw new InputError(`${file}: it has ${size} bytes, and a ${what} has at most ${MOST_BYTES}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new InputError(`${file}: there is no such ${what}`);
    throw new InputError(`${file}: cannot read this ${what}: ${message}`);
  }
}

/** What people write is smaller by far, and a plan of a hundred members too. */
const MOST_BYTES = 2 ** 28;

function sizeOf(file: string): { size: number; isEndless: boolean } {
  const found = statSync(file);
  return { size: found.size, isEndless: found.isCharacterDevice() || found.isBlockDevice() };
}

/**
 * Read a YAML file and check it.
 * @param what the file is, for the error messages: `scenario`, `version`
 * @throws InputError `FILE:LINE: KEY: what is wrong`, a line for every fault, or for the first of many
 */
export function readYaml<Schema extends z.ZodType>(file: string, what: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter();
  const { document, content } = parsed(file, readText(file, what), lines);
  if (content === null)
    throw new InputError(`${file}:1: there is nothing in it: a ${what} has keys with values, or is {}`);
  if (typeof content !== 'object' || Array.isArray(content))
    throw new InputError(`${file}:1: a ${what} is a list of keys with values`);
  const checked = schema.safeParse(content);
  if (checked.success) return checked.data;
  const found = checked.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return splitKeys(issue);
    // What a key must be like is said of the key.
    return issue.code === 'invalid_key' ? [{ ...issue, message: issue.issues[0]?.message ?? issue.message }] : [issue];
  });
  throw faultsError(
    file,
    found.map(({ path, message }) => ({ where: `${file}:${lineOf(document, path, lines)}`, path, message })),
  );
}

/**
 * Where a key stands, for an error that is found out later than the file is read: `FILE:LINE: KEY`, or what of that can still
 * be told.
 * @param file null where the key is not in a file
 */
export function placeOf(file: string | null, path: readonly string[]): string {
  const key = keyWords(path).slice(0, -2);
  if (file === null) return key;
  const within = relative(process.cwd(), file);
  const name = within.startsWith('..') ? file : within;
  try {
    const lines = new LineCounter();
    const { document } = parsed(file, readText(file, 'file'), lines);
    return `${name}:${lineOf(document, path, lines)}: ${key}`;
  } catch (error) {
    // It has gone, or been edited meanwhile.
    if (error instanceof InputError) return `${name}: ${key}`;
    throw error;
  }
}

/** As `inNameOf`, and what is said of a key is said with its line. */
export function inPlaceOf<Of>(file: string | undefined, read: () => Of): Of {
  return refusing(read, (error) => inPlace(file, error));
}

/** The error with the line of the file that it is about. */
export function inPlace(file: string | undefined, error: InputError): InputError {
  if (file === undefined) return error;
  const key = error.key ?? /^([a-z_]+(?:\.[\w-]+)*): /.exec(error.message)?.[1];
  const path = key?.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) ?? [];
  const lines = new LineCounter();
  const { document } = parsed(file, readText(file, 'file'), lines);
  const isThere = path.length > 0 && document.hasIn(path.slice(0, 1));
  return named(file, error, isThere ? `${file}:${lineOf(document, path, lines)}` : file);
}

/** The document with its content: plain, without tags, and no deeper or larger than what a person writes. */
function parsed(file: string, text: string, lines: LineCounter): { document: Document.Parsed; content: unknown } {
  const faultsAt = (found: ReadonlyArray<{ at: number; message: string }>): InputError =>
    faultsError(
      file,
      found.map(({ at, message }) => ({ where: `${file}:${lines.linePos(at).line}`, path: [], message })),
    );
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    // What the library only warns of, a tag that it does not know, would change what was meant.
    const wrong = [...document.errors, ...document.warnings].map((error) => ({
      at: error.pos[0],
      message: yamlWords(error, text),
    }));
    if (wrong.some(({ message }) => message.includes('call stack'))) throw new RangeError();
    if (wrong.length > 0) throw faultsAt(wrong);
    const unusable = unusableNodes(document);
    if (unusable.length > 0) throw faultsAt(unusable);
    return { document, content: document.toJS({ maxAliasCount: MOST_ALIASED }) };
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file}: nested deeper than ${DEEPEST}`);
    if (error instanceof ReferenceError)
      throw new InputError(`${file}: its aliases unfold to more than anybody can have meant: write it without them`);
    throw error;
  }
}

/** What the library finds wrong, for whoever does not know the library. */
function yamlWords({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS') return 'another document begins here: give it a file of its own';
  const key = /^[\w-]+/.exec(text.slice(pos[0]))?.[0];
  return code === 'DUPLICATE_KEY' && key !== undefined ? `${key}: it is there twice: drop one` : message;
}

/** Nothing that a person writes is nested deeper. */
const DEEPEST = 50;
/** How many nodes aliases may unfold to. */
const MOST_ALIASED = 1000;

/** Aliases that name nothing, or what they stand in, numbers that are not decimal, and what is nested too deeply. */
function unusableNodes(document: Document.Parsed): Array<{ at: number; message: string }> {
  const found: Array<{ at: number; message: string }> = [];
  visit(document, (_key, node, path) => {
    const at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    // Of a key and its value, the pair is one more.
    if (path.length > 2 * DEEPEST) throw new RangeError();
    if (isScalar(node) && typeof node.value === 'number' && /^[-+]?0[xo]/.test(node.source ?? ''))
      found.push({ at, message: `${node.source}: write it as a decimal number` });
    if (!isAlias(node)) return;
    const named = node.resolve(document);
    if (named === undefined) found.push({ at, message: `*${node.source}: there is no anchor of this name before it` });
    else if (path.includes(named)) found.push({ at, message: `*${node.source}: it stands in what it names` });
  });
  return found;
}

function splitKeys(issue: { path: readonly PropertyKey[]; keys: readonly string[] }) {
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
