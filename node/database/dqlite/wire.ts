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
/** The count of parameters is one byte. */
const MOST_PARAMETERS = 255;

const TYPE_CODES = {
  integer: 1,
  float: 2,
  text: 3,
  blob: 4,
  null: 5,
  'unix-time': 9,
  iso8601: 10,
  boolean: 11,
} as const satisfies Record<WireValue['type'], number>;
const TYPES: ReadonlyMap<number, WireValue['type']> = new Map(
  Object.entries(TYPE_CODES).map(([type, code]) => [code, type as WireValue['type']]),
);

/** What stands where the next row would begin: that the result is complete, or that it goes on in another message. */
const ROWS_DONE = 0xffff_ffff_ffff_ffffn;
const ROWS_PART = 0xeeee_eeee_eeee_eeeen;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Puts fields together to a body. */
export class Writer {
  readonly #parts: Buffer[] = [];

  uint64(value: bigint): void {
    const word = Buffer.alloc(WORD);
    if (value < 0n || value > ROWS_DONE) throw new WireError(`${value} does not fit an unsigned word`);
    word.writeBigUInt64LE(value);
    this.#parts.push(word);
  }

  uint32(value: number): void {
    const half = Buffer.alloc(WORD / 2);
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
      throw new WireError(`${value} does not fit 32 bits`);
    half.writeUInt32LE(value);
    this.#parts.push(half);
  }

  text(value: string): void {
    if (value.includes('\0'))
      throw new WireError('a text must not contain a NUL character: the protocol ends it there');
    if (!value.isWellFormed()) throw new WireError('a text must not contain half a surrogate pair');
    this.#padded(Buffer.from(`${value}\0`));
  }

  /** The parameters of a statement: a count, the types, and the values. None at all are not written. */
  values(values: readonly WireValue[]): void {
    if (values.length === 0) return;
    if (values.length > MOST_PARAMETERS)
      throw new WireError(`${values.length} parameters are more than ${MOST_PARAMETERS}`);
    this.#padded(Buffer.from([values.length, ...values.map((value) => TYPE_CODES[value.type])]));
    for (const value of values) this.#value(value);
  }

  servers(servers: readonly Server[]): void {
    this.uint64(BigInt(servers.length));
    for (const { id, address, role } of servers) {
      this.uint64(id);
      this.text(address);
      this.uint64(role);
    }
  }

  rows({ columns, rows, more }: Rows): void {
    checkColumns(columns.length);
    this.uint64(BigInt(columns.length));
    for (const column of columns) this.text(column);
    for (const row of rows) {
      if (row.length !== columns.length) throw new WireError('a row must have a value for every column');
      const header = Buffer.alloc(Math.ceil(row.length / 2));
      for (const [index, { type }] of row.entries())
        header[index >> 1]! |= TYPE_CODES[type] << (index % 2 === 0 ? 0 : 4);
      this.#padded(header);
      for (const value of row) this.#value(value);
    }
    this.uint64(more ? ROWS_PART : ROWS_DONE);
  }

  body(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #value(value: WireValue): void {
    const word = Buffer.alloc(WORD);
    switch (value.type) {
      case 'integer':
      case 'unix-time':
        if (BigInt.asIntN(64, value.value) !== value.value)
          throw new WireError(`${value.value} does not fit a signed word`);
        word.writeBigInt64LE(value.value);
        break;
      case 'float':
        word.writeDoubleLE(value.value);
        break;
      case 'boolean':
        word[0] = Number(value.value);
        break;
      case 'null':
        break;
      case 'text':
      case 'iso8601':
        this.text(value.value);
        return;
      case 'blob':
        this.uint64(BigInt(value.value.length));
        this.#padded(value.value);
        return;
    }
    this.#parts.push(word);
  }

  #padded(bytes: Uint8Array): void {
    this.#parts.push(Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]));
  }
}

/** Takes a body apart. Every method throws a WireError where the body ends too early or holds what it must not. */
export class Reader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  uint64(): bigint {
    return this.#take(WORD).readBigUInt64LE();
  }

  uint32(): number {
    return this.#take(WORD / 2).readUInt32LE();
  }

  text(): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0) throw new WireError('the message ends in the middle of a text');
    const bytes = this.#padded(end + 1 - this.#at);
    try {
      return decoder.decode(bytes.subarray(0, -1));
    } catch {
      throw new WireError('a text is not UTF-8');
    }
  }

  values(): WireValue[] {
    if (this.#at === this.#body.length) return [];
    const count = this.#body[this.#at]!;
    if (count === 0) throw new WireError('a list of parameters is written only where there are some');
    const types = [...this.#padded(1 + count).subarray(1)].map(typeOf);
    return types.map((type) => this.#value(type));
  }

  servers(): Server[] {
    const servers: Server[] = [];
    // Not allocated ahead: a count that lies ends with the body.
    for (let left = this.uint64(); left > 0n; left -= 1n) {
      servers.push({ id: this.uint64(), address: this.text(), role: this.uint64() });
    }
    return servers;
  }

  rows(): Rows {
    const width = Number(this.uint64());
    checkColumns(width);
    const columns = Array.from({ length: width }, () => this.text());
    const rows: WireValue[][] = [];
    for (;;) {
      const mark = this.#peek();
      if (mark === ROWS_DONE || mark === ROWS_PART) {
        this.uint64();
        return { columns, rows, more: mark === ROWS_PART };
      }
      const header = this.#padded(Math.ceil(width / 2));
      const types = columns.map((_, index) => typeOf((header[index >> 1]! >> (index % 2 === 0 ? 0 : 4)) & 0xf));
      rows.push(types.map((type) => this.#value(type)));
    }
  }

  /** To be called last: whatever is left over was not understood. */
  end(): void {
    const left = this.#body.length - this.#at;
    if (left > 0) throw new WireError(`${left} bytes are left over at the end of the message`);
  }

  #value(type: WireValue['type']): WireValue {
    switch (type) {
      case 'integer':
      case 'unix-time':
        return { type, value: this.#take(WORD).readBigInt64LE() };
      case 'float':
        return { type, value: this.#take(WORD).readDoubleLE() };
      case 'boolean':
        return { type, value: this.uint64() !== 0n };
      case 'null':
        this.uint64();
        return { type };
      case 'text':
      case 'iso8601':
        return { type, value: this.text() };
      case 'blob': {
        const length = this.uint64();
        if (length > BigInt(this.#body.length)) throw new WireError('the message ends in the middle of a blob');
        return { type, value: Uint8Array.from(this.#padded(Number(length))) };
      }
    }
  }

  #peek(): bigint {
    const at = this.#at;
    const word = this.uint64();
    this.#at = at;
    return word;
  }

  /** Some bytes, without the padding that follows them. */
  #padded(length: number): Buffer {
    return this.#take(length + paddingOf(length)).subarray(0, length);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#body.length) throw new WireError('the message ends too early');
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

function typeOf(code: number): WireValue['type'] {
  const type = TYPES.get(code);
  if (type === undefined) throw new WireError(`there is no type of value ${code}`);
  return type;
}

function checkColumns(count: number): void {
  if (count < 1 || count > MOST_COLUMNS) throw new WireError(`a result has 1 to ${MOST_COLUMNS} columns, not ${count}`);
}

function paddingOf(length: number): number {
  return (WORD - (length % WORD)) % WORD;
}
