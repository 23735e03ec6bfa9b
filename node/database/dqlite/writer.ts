/** Puts the fields of a message together to its body. */
import {
  checkColumns,
  paddingOf,
  ROWS_DONE,
  ROWS_PART,
  type Rows,
  type Server,
  TYPE_CODES,
  WireError,
  type WireValue,
  WORD,
} from './wire.ts';

/** The count of parameters is one byte. */
const MOST_PARAMETERS = 255;

/** Every method throws a WireError where a value cannot be put into the protocol. */
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
