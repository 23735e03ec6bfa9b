/** What a plan keeps of a described daemon: its description whole, so that nothing else is needed to roll it again. */
import type { Description } from '../../input/description.ts';

/** A type, not an interface: it travels as a plain object. */
export type DescribedSettings = {
  readonly description: Description;
  /** The folder that the description lay in, for what it names beside itself. */
  readonly folder: string;
  /** The file that it was read from, for whoever is to be told where something stands. */
  readonly file?: string | undefined;
};
