/** Tries many inputs of every kind. An input may be refused, in words that name its place, or taken; nothing else. */
import fc from 'fast-check';
import { InputError } from '../../harness/input/errors.ts';
import { type Input, tryInput } from './fuzz-inputs.ts';

/** What came of the inputs of a kind. */
export interface Tried {
  readonly name: string;
  readonly taken: number;
  readonly refused: number;
  /** The first that was neither, with what it did; null where there is none. */
  readonly failure: string | null;
}

/** A signed control sequence of ours colours words; whatever else of its kind is printed came from the input. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const OURS = /\u001b\[\d+m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
/** An error of more lines is not read. */
const MOST_LINES = 12;

/** @param seed the same seed and the same code, the same inputs */
export async function fuzz(input: Input, runs: number, seed: number): Promise<Tried> {
  let [taken, refused] = [0, 0];
  const property = fc.asyncProperty(input.text, async (text) => {
    try {
      const printed = await tryInput(input, text);
      if (CONTROL.test(printed.replaceAll(OURS, '')))
        throw new Error(`a control character reaches the terminal:\n${JSON.stringify(printed)}`);
      taken += 1;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refused += 1;
      if (error.message.split('\n').length > MOST_LINES) throw new Error(`an error of many lines: ${error.message}`);
    }
  });
  const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: false });
  const failure = details.failed ? `${fc.defaultReportMessage(details)}\n${stackOf(details.errorInstance)}` : null;
  return { name: input.name, taken, refused, failure };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
