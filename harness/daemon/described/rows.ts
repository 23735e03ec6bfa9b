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
import type { DescribedStanding, Seen } from './standing.ts';

const Found = z.array(
  z.object({ member: z.string(), schema: z.int().min(0).default(0), api: z.int().min(0).default(0) }),
);

/** Rows of members that all are at rest do not change, so that nobody is kept busy with questions for them: so often will do. */
const AT_REST_MS = 50;
/** What a member has recorded may be read a little after a line that tells of its park. */
const AT_REST_AFTER_NS = 0.2e9;

export class Rows {
  readonly #rows = new Map<string, Row>();
  /** When each row was seen to change last. */
  readonly #changes = new Map<string, Seen>();
  /** When rows were asked for last, on an answer of which everything seen so far rests; before the first, when the roll began. */
  #askedNs = nowNs();
  /** The last answer that could be read, as it came: mostly the next one is the same. */
  #latest: string | null = null;
  /** Of each member that runs. */
  readonly #standings = new Set<DescribedStanding>();
  /** When one of them was on its way last. */
  #movedNs = nowNs();
  /** When somebody took the turn to ask last. */
  #turnNs = Number.NEGATIVE_INFINITY;

  get all(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  /** Whether all members have recorded the same. */
  get areAlike(): boolean {
    const [first, ...others] = this.#rows.values();
    return first !== undefined && others.every((row) => sameVersion(row, first));
  }

  /** A member has been started, and may record something. */
  follow(standing: DescribedStanding): void {
    this.#standings.add(standing);
  }

  /** It is gone. */
  forget(standing: DescribedStanding): void {
    this.#standings.delete(standing);
  }

  /**
   * Take the turn to ask: rows are the same for all, so that one question at a time does, whichever member is asked.
   * @returns null, or in how many milliseconds it may be somebody's turn again
   */
  turn(everyMs: number): number | null {
    const now = nowNs();
    if ([...this.#standings].some(({ phase }) => phase === 'starting')) this.#movedNs = now;
    const isAtRest = now - this.#movedNs > AT_REST_AFTER_NS;
    const restMs = (isAtRest ? Math.max(everyMs, AT_REST_MS) : everyMs) - (now - this.#turnNs) / 1e6;
    // Whoever begins to move meanwhile is asked about as often as ever.
    if (restMs > 0) return Math.min(restMs, everyMs);
    this.#turnNs = now;
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
    const rows = text === this.#latest ? [] : readRows(text, query);
    if (typeof rows === 'string') return rows;
    // It may have been overtaken by the answer to a later question, and be the older of the two.
    if (askedNs < this.#askedNs) return null;
    const [atNs, sinceNs] = [nowNs(), this.#askedNs];
    this.#askedNs = askedNs;
    this.#latest = text;
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
