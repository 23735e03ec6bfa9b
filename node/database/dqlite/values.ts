/** Between the values of the daemon and those that travel. */
import type { Value } from '../database.ts';
import type { WireValue } from './wire.ts';

export function toWire(value: Value): WireValue {
  if (value === null) return { type: 'null' };
  if (typeof value === 'string') return { type: 'text', value };
  return Number.isSafeInteger(value) ? { type: 'integer', value: BigInt(value) } : { type: 'float', value };
}

/** As better-sqlite3 has it: an integer is a number, a blob is bytes; a boolean is the number that it is stored as. */
export function toValue(wire: WireValue): Value | Uint8Array {
  switch (wire.type) {
    case 'null':
      return null;
    case 'integer':
    case 'unix-time':
    case 'boolean':
      return Number(wire.value);
    default:
      return wire.value;
  }
}
