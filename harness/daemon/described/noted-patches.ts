/** What every member has noted of patches, as probes read it, for the whole roll: each note is told once. */
import { search } from '@jmespath-community/jmespath';
import { z } from 'zod';
import type { DescribedStanding, Seen } from './standing.ts';

const Names = z.array(z.string());

export class NotedPatches {
  readonly #noted = new Map<string, Set<string>>();

  /**
   * Take an answer in, and tell what is new in it. What a member's first answer holds, it had before.
   * @param query JMESPath to a list of names
   * @returns what is wrong with the answer; null where it could be read
   */
  take(text: string, query: string, member: string, turn: Seen, standing: DescribedStanding): string | null {
    const names = readNames(text, query);
    if (typeof names === 'string') return names;
    const known = this.#noted.get(member);
    for (const patch of names)
      if (known?.has(patch) !== true) standing.event({ event: 'noted', patch, born: known === undefined }, turn);
    this.#noted.set(member, new Set([...(known ?? []), ...names]));
    return null;
  }
}

function readNames(text: string, query: string): string[] | string {
  let found: unknown;
  try {
    found = search(JSON.parse(text), query);
  } catch (error) {
    return `the answer cannot be read: ${(error as Error).message}`;
  }
  const parsed = Names.safeParse(found);
  if (parsed.success) return parsed.data;
  return `"${query}" finds ${JSON.stringify(found)?.slice(0, 100)}, and must find a list of names, in ${text.trim().slice(0, 300)}`;
}
