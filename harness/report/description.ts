/** What became of each part of a description, as text for whoever writes one. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import { printable } from './printable.ts';
import { beside, fullestThatFits, type Screen, wrapped } from './screen.ts';
import { tableText } from './table.ts';

/** A part of a description, and what became of it. */
export interface CheckedPart {
  readonly name: string;
  readonly isExpected: boolean;
  readonly use: {
    readonly times: number;
    readonly firstNs: number;
    readonly member: string;
    readonly example: string;
    readonly trouble: string | null;
  } | null;
}

/** What is told of a description, and of the roll that it was checked by. */
export interface CheckedDescription {
  readonly parts: readonly CheckedPart[];
  /** When the roll began. */
  readonly beganNs: number;
  /** Checks that could not be judged, each with what would have to be added to the description. */
  readonly missing: ReadonlyArray<{ readonly check: string; readonly because: string; readonly add: string | null }>;
  /** What came of the roll, in sentences. */
  readonly ending: readonly string[];
}

/**
 * No longer than the screen: first the lines go that the parts matched, then the parts that did match, and then what cannot be
 * added to the description, and why.
 */
export function descriptionReport(checked: CheckedDescription, screen: Screen): string {
  const { parts, beganNs, missing, ending } = checked;
  const helpful = missing.filter(({ add }) => add !== null);
  const named = wrapped(`not judged: ${missing.map(({ check }) => check).join(', ')}; --json says why`, screen);
  const titles = (some: readonly CheckedPart[]): string[] => some.flatMap((part) => titleLines(part, screen));
  const missed = parts.filter(({ use }) => use === null || use.times === 0);
  const count = beside(colors.green('matched  '), `${parts.length - missed.length} of ${parts.length} parts`, screen);
  const whole = parts.flatMap((part) => [...titleLines(part, screen), ...firstLines(part, beganNs, screen)]);
  const few = [...titles(missed), ...count];
  const table = missingReport(missing, screen);
  const ways: ReadonlyArray<readonly [about: readonly string[], unjudged: string]> = [
    [whole, table],
    [titles(parts), table],
    [few, table],
    [few, missingReport(helpful, screen)],
    [few, named],
    [count, named],
  ];
  const last = ending.map((text) => wrapped(text, screen));
  return fullestThatFits(
    ways.map(
      ([about, unjudged]) =>
        () =>
          [...about, '', unjudged, '', ...last].flatMap((text) => text.split('\n')),
    ),
    screen.rows,
  ).join('\n');
}

const INDENT = ' '.repeat(9);

/** What became of it, and why, if it is known why it never came up. */
function titleLines({ name, use, isExpected }: CheckedPart, screen: Screen): string[] {
  const title = colors.bold(printable(name));
  if (use !== null && use.times > 0) return beside(colors.green('matched  '), title, screen);
  const lines = beside((isExpected ? colors.red : colors.dim)('never    '), title, screen);
  const why = use?.trouble ?? null;
  return why === null ? lines : [...lines, ...beside(INDENT, printable(why), screen)];
}

/** Of what matched: how often, and the first. */
function firstLines({ use }: CheckedPart, beganNs: number, screen: Screen): string[] {
  if (use === null || use.times === 0) return [];
  const times = use.times === 1 ? 'once' : `${use.times} times`;
  const first = `${times}, first of ${use.member} after ${formatDuration(Math.max(0, use.firstNs - beganNs) / 1e6)}`;
  const example = use.example === '' ? '' : `: ${colors.dim(printable(use.example))}`;
  return beside(INDENT, `${first}${example}`, screen);
}

function missingReport(missing: CheckedDescription['missing'], screen: Screen): string {
  if (missing.length === 0) return wrapped('Every check could be judged that this daemon gives rise to.', screen);
  const rows = missing.map(({ check, because, add }) => [check, printable(because), add ?? '–']);
  return tableText(['not judged', 'because', 'add to the description'], rows, screen);
}
