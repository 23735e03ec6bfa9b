/** What became of each part of a description, as text for whoever writes one. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import { printable } from './printable.ts';
import { plainTable } from './table.ts';

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

/** @param beganNs when the roll began */
export function descriptionReport(parts: readonly CheckedPart[], beganNs: number): string {
  const lines = parts.map((part) => partLines(part, beganNs));
  return lines.flat().join('\n');
}

function partLines({ name, use, isExpected }: CheckedPart, beganNs: number): string[] {
  const title = colors.bold(printable(name));
  if (use === null || use.times === 0) {
    const word = isExpected ? colors.red('never  ') : colors.dim('never  ');
    const why = use?.trouble ?? null;
    return [`${word}  ${title}`, ...(why === null ? [] : [`         ${printable(why)}`])];
  }
  const times = use.times === 1 ? 'once' : `${use.times} times`;
  const first = `${times}, first of ${use.member} after ${formatDuration(Math.max(0, use.firstNs - beganNs) / 1e6)}`;
  return [
    `${colors.green('matched')}  ${title}`,
    `         ${first}${use.example === '' ? '' : `: ${colors.dim(printable(use.example))}`}`,
  ];
}

/** Checks that could not be judged, each with what would have to be added to the description. */
export function missingReport(
  missing: ReadonlyArray<{ readonly check: string; readonly because: string; readonly add: string | null }>,
): string {
  if (missing.length === 0) return 'Every check could be judged that this daemon gives rise to.';
  const table = plainTable(['not judged', 'because', 'add to the description']);
  for (const { check, because, add } of missing) table.push([check, printable(because), add ?? '–']);
  return table.toString();
}
