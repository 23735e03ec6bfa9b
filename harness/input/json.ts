/** Reading JSON that the rig itself has written, and somebody may have edited, against a zod schema. */
import type { z } from 'zod';
import { InputError } from './errors.ts';
import { keyWords } from './faults.ts';

/** Nothing that the rig writes is nested deeper; and what is cannot be written again. */
const DEEPEST = 100;

/** @param where `FILE`, or `FILE:LINE` @throws InputError naming it */
export function parseJson(text: string, where: string): unknown {
  if (depthOf(text) > DEEPEST) throw new InputError(`${where}: nested deeper than ${DEEPEST}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: not JSON: ${(error as Error).message}`);
  }
}

/**
 * @param what it is not, and perhaps what to do
 * @throws InputError naming the place and the key
 */
export function checkJson<Schema extends z.ZodType>(
  document: unknown,
  where: string,
  schema: Schema,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new InputError(`${where}: ${keyWords(issue.path)}${issue.message}: ${what}`);
}

/** The format number that a document says it has. */
export function formatOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null ? (document as { format?: unknown }).format : undefined;
}

/** How deep brackets are nested outside of texts, before anything that is recursive looks at them. */
function depthOf(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isText) {
      if (character === '\\') index += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
