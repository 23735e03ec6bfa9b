/** What is wrong with a file, as the lines of one error: each names its place, and there are never more than somebody reads. */
import { InputError } from './errors.ts';

/** More are counted. */
const MOST_FAULTS = 10;
/** A part of a key that is longer is cut. */
const LONGEST_PART = 60;

export interface Fault {
  /** `FILE:LINE`, or the file alone. */
  readonly where: string;
  /** Empty where the whole of it is wrong. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function faultsError(file: string, faults: readonly Fault[]): InputError {
  const lines = faults.slice(0, MOST_FAULTS).map(({ where, path, message }) => `${where}: ${keyWords(path)}${message}`);
  const left = faults.length - lines.length;
  return new InputError([...lines, ...(left > 0 ? [`${file}: and ${left} more like these`] : [])].join('\n'));
}

/** `steps.3.member: `, or nothing. */
export function keyWords(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map((part) => shortened(String(part))).join('.')}: `;
}

export function shortened(text: string, longest = LONGEST_PART): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
