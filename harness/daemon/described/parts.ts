/**
 * The parts of a description, each with what became of it over a roll: whether its patterns, probes and steps were of use, and
 * what is missing for which check.
 */
import type { Description } from '../../input/description.ts';
import { nameOf } from './patterns.ts';
import type { Tally, Use } from './tally.ts';

export interface Part {
  readonly name: string;
  /** Null where it was never tried. */
  readonly use: Use | null;
  /** Whether a roll in which nothing goes wrong must use it. One that tells of an exit need not come up. */
  readonly isExpected: boolean;
}

/** In the order of the description. */
export function partsOf(description: Description, tally: Tally): Part[] {
  const { form, patterns, probes } = description;
  const steps = (['bootstrap', 'token', 'join'] as const)
    .filter((step) => form?.[step] !== undefined)
    .map((step) => ({ name: `step ${step}`, isExpected: true }));
  const lines = patterns.map((pattern) => ({ name: nameOf(pattern), isExpected: pattern.event !== 'exiting' }));
  const answers = probes.flatMap((probe) =>
    (['open', 'waiting', 'formed', 'rows', 'patches'] as const)
      .filter((answer) => probe[answer] !== undefined)
      .map((answer) => ({ name: `probe ${probe.name}: ${answer}`, isExpected: true })),
  );
  return [...steps, ...lines, ...answers].map((part) => ({
    ...part,
    use: tally.get(part.name) ?? troubleOf(part.name, tally),
  }));
}

/** A probe that never got an answer has its trouble under its own name. */
function troubleOf(name: string, tally: Tally): Use | null {
  const probe = /^probe [^:]+/.exec(name)?.[0];
  return probe === undefined ? null : tally.get(probe);
}

/** What would make a check applicable that is not, in a sentence without a full stop; null where nothing that is described can. */
export function missingFor(check: string, description: Description): string | null {
  const { patterns, probes, events, records, model, timer, waits } = description;
  const has = (event: string): boolean => events === 'ndjson' || patterns.some((pattern) => pattern.event === event);
  const probesFor = (answer: 'open' | 'waiting' | 'rows' | 'patches'): boolean =>
    probes.some((probe) => probe[answer] !== undefined);
  switch (check) {
    case 'opened':
      return has('open') || probesFor('open')
        ? null
        : 'a pattern for open, or a probe that says what an open member answers';
    case 'woken': {
      if (waits === 'no') return null;
      if (!has('parked') && !probesFor('waiting'))
        return 'a pattern for parked, or a probe that says what a waiting member answers';
      return timer === undefined
        ? 'timer: every: how long one park lasts, so that a notice can be told from the timer'
        : null;
    }
    case 'nobody-early':
      return probesFor('rows') && model !== undefined
        ? null
        : 'a probe with rows and a model: until then only who had been started in which version is judged';
    case 'applied-once':
      return has('applied') ? null : 'a pattern for applied, with the groups from and to';
    case 'patched-once':
      return has('patching') || has('patched') || probesFor('patches')
        ? null
        : 'a pattern for patching or patched, with the group patch, or a probe with patches';
    case 'no-record-lost':
    case 'open-serves':
      return records === undefined ? 'records: write and read' : null;
    default:
      return null;
  }
}
