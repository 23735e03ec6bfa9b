/**
 * What every member has recorded, as probes read it, for the whole roll: a row that has changed is told once, whichever
 * member was asked.
 */
import { search } from '@jmespath-community/jmespath';
import { z } from 'zod';
import { nowNs } from '../../../node/clock.ts';
import { type Row, sameVersion } from '../../../node/upgrade/version.ts';
import { extensionNames } from '../../input/described-versions.ts';
import type { Told } from '../contract.ts';
import type { Seen } from './standing.ts';

const Found = z.array(
  z.object({ member: z.string(), schema: z.int().min(0).default(0), api: z.int().min(0).default(0) }),
);

export class Rows {
  readonly #rows = new Map<string, Row>();
  /** When each row was seen to change last. */
  readonly #changes = new Map<string, Seen>();
  /** When rows were asked for last, on an answer of which everything seen so far rests. */
  #askedNs: number | null = null;
  /** When somebody took the turn to ask last. */
  #turnNs = Number.NEGATIVE_INFINITY;

  get all(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  /**
   * Take the turn to ask: rows are the same for all, so that one question at a time does, whichever member is asked.
   * @returns null, or in how many milliseconds it may be somebody's turn again
   */
  turn(everyMs: number): number | null {
    const restMs = everyMs - (nowNs() - this.#turnNs) / 1e6;
    if (restMs > 0) return restMs;
    this.#turnNs = nowNs();
    return null;
  }

  /** When a member was seen to record what it runs after one instant and before another; undefined where it was not. */
  recordedSince(member: string, fromNs: number, untilNs: number): Seen | undefined {
    const change = this.#changes.get(member);
    if (change === undefined || change.atNs < fromNs || change.atNs > untilNs) return undefined;
    const { sinceNs, by } = change.observed;
    return { atNs: change.atNs, observed: { sinceNs: Math.max(sinceNs, fromNs), by } };
  }

  /**
   * Take an answer in, and tell what has changed.
   * @param query JMESPath to a list of {member, schema, api}
   * @param askedNs when the question was sent
   * @returns what is wrong with the answer; null where it could be read
   */
  take(text: string, query: string, askedNs: number, by: string, told: Told): string | null {
    const rows = readRows(text, query);
    if (typeof rows === 'string') return rows;
    // It may have been overtaken by the answer to a later question, and be the older of the two.
    if (askedNs < (this.#askedNs ?? askedNs)) return null;
    const [atNs, sinceNs] = [nowNs(), this.#askedNs ?? askedNs];
    this.#askedNs = askedNs;
    for (const row of rows) {
      const known = this.#rows.get(row.member);
      if (known !== undefined && sameVersion(known, row)) continue;
      this.#rows.set(row.member, row);
      const observed = { sinceNs, by };
      this.#changes.set(row.member, { atNs, observed });
      told.event({ atNs, member: row.member, event: 'recorded', gate: null, row, decidedNs: atNs, observed });
    }
    return null;
  }
}

/** The rows in an answer, or what is wrong with it. */
export function readRows(text: string, query: string): Row[] | string {
  let found: unknown;
  try {
    found = search(JSON.parse(text), query);
  } catch (error) {
    return `the answer cannot be read: ${(error as Error).message}`;
  }
  const parsed = Found.safeParse(found);
  if (!parsed.success)
    return `"${query}" finds ${JSON.stringify(found)?.slice(0, 100)}, and must find a list of {member, schema, api}, in ${text.trim().slice(0, 300)}`;
  return parsed.data.map(({ member, schema, api }) => ({
    member,
    internal: schema,
    external: 0,
    extensions: extensionNames(api),
  }));
}
