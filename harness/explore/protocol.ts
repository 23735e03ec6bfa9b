/**
 * The protocol under exploration: the pure functions of node/upgrade, by name. They are handed over, rather than
 * imported where they are used, so that a test can plant a fault in one and see that it is found.
 */
import { carryOut, examine } from '../../node/upgrade/gate.ts';
import { advance, command, dispositionOf, type Rules, start } from '../../node/upgrade/machine.ts';
import { examinePatch } from '../../node/upgrade/patch.ts';

export interface Protocol {
  readonly start: typeof start;
  readonly command: typeof command;
  readonly advance: typeof advance;
  readonly dispositionOf: typeof dispositionOf;
  readonly examine: typeof examine;
  readonly carryOut: typeof carryOut;
  readonly examinePatch: typeof examinePatch;
}

/** What the daemon runs. */
export const PROTOCOL: Protocol = { start, command, advance, dispositionOf, examine, carryOut, examinePatch };

/** A protocol with the rules by which its members run. */
export interface Model {
  readonly protocol: Protocol;
  readonly rules: Rules;
}
