/**
 * The fields of dqlite's wire protocol: how numbers, texts and SQLite values lie in a message. Everything is made of
 * little-endian words of 8 bytes; whatever is shorter is padded with zeros. Source: dqlite's "Wire protocol" reference,
 * checked against libdqlite 1.11.
 */

/** A value of SQLite as it travels, with its type: JavaScript's own values cannot tell 1 from 1.0. */
export type WireValue =
  | { readonly type: 'integer' | 'unix-time'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'text' | 'iso8601'; readonly value: string }
  | { readonly type: 'blob'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' };

/** A server of the cluster, as the response `servers` lists it. */
export interface Server {
  readonly id: bigint;
  readonly address: string;
  /** See ROLES. */
  readonly role: bigint;
}

/** One part of a result; `more` tells whether others follow. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly WireValue[]>;
  readonly more: boolean;
}

/** A message that is not what the protocol says, or cannot be put into it. */
export class WireError extends Error {
  override name = 'WireError';
}

export const WORD = 8;

/** SQLite's own limit on the columns of a result. */
const MOST_COLUMNS = 32_767;
export const TYPE_CODES = {
  integer: 1,
  float: 2,
  text: 3,
  blob: 4,
  null: 5,
  'unix-time': 9,
  iso8601: 10,
  boolean: 11,
} as const satisfies Record<WireValue['type'], number>;

/** What stands where the next row would begin: that the result is complete, or that it goes on in another message. */
export const ROWS_DONE = 0xffff_ffff_ffff_ffffn;
export const ROWS_PART = 0xeeee_eeee_eeee_eeeen;

/** @throws WireError where no result has so many columns */
export function checkColumns(count: number): void {
  if (count < 1 || count > MOST_COLUMNS) throw new WireError(`a result has 1 to ${MOST_COLUMNS} columns, not ${count}`);
}

/** How many zeros follow so many bytes. */
export function paddingOf(length: number): number {
  return (WORD - (length % WORD)) % WORD;
}
