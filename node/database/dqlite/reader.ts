/** Takes the body of a message apart into its fields. */
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

const TYPES: ReadonlyMap<number, WireValue['type']> = new Map(
  Object.entries(TYPE_CODES).map(([type, code]) => [code, type as WireValue['type']]),
);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Every method throws a WireError where the body ends too early or holds what it must not. */
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
