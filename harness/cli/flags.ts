/** Reading the values of flags: what cannot be used is refused by the name of its flag. */
import { writeFileSync } from 'node:fs';
import { DURATION_WORDS, parseDuration } from '../../node/duration.ts';
import { InputError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';

const LARGEST = 2 ** 31 - 1;

/** NaN where the text is not a number as people write it: an empty one is not zero, and 0x3 is not three. */
export function numberIn(text: string): number {
  return /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** @throws InputError naming the flag */
export function wholeNumberIn(flag: string, text: string, least = 0, most = LARGEST): number {
  const number = numberIn(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new InputError(`--${flag} ${text}: must be a whole number from ${least} to ${most}`);
}

/** In milliseconds. @throws InputError naming the flag */
export function durationIn(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new InputError(`--${flag} ${text}: ${DURATION_WORDS}`);
}

/** @throws InputError naming the flag */
export function oneOf<Value extends string>(flag: string, text: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === text);
  if (value !== undefined) return value;
  throw new InputError(`--${flag} ${text}: must be one of ${values.join(', ')}`);
}

/** Write a plan to the file of `--save`. @throws InputError where it cannot be written */
export function savePlan(plan: Plan, file: string): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw new InputError(`--save ${file}: cannot write it: ${(error as Error).message}`);
  }
}
