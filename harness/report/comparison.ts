/** Two rolls side by side, as text for a terminal. */
import colors from 'picocolors';
import { formatDuration } from '../../node/duration.ts';
import type { MemberFigures } from '../judge/figures.ts';
import type { Verdict } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../trace/trace.ts';
import { plainTable } from './terminal.ts';
import { timeline } from './timeline.ts';

export interface Side {
  readonly label: string;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
}

/** Each figure with the words for it, and how it is shown. */
const ROWS: ReadonlyArray<readonly [string, (member: MemberFigures) => string]> = [
  ['time-to-open', (member) => duration(member.timeToOpenMs)],
  ['woken by', (member) => member.wokenBy.join(', ') || '–'],
  ['stall', (member) => (member.stallMs === 0 ? '–' : colors.red(formatDuration(member.stallMs)))],
  ['unblock latency', (member) => duration(member.unblockLatencyMs)],
  ['downtime', (member) => duration(member.downtimeMs)],
];

/** Timelines, figures and verdicts of both sides. */
export function comparison(sides: readonly Side[]): string {
  return [...sides.map(sideText), figures(sides), '', ...sides.map(verdictText)].join('\n');
}

function sideText({ label, plan, trace }: Side): string {
  return [colors.bold(label), ...timeline(plan, trace), ''].join('\n');
}

function figures(sides: readonly Side[]): string {
  const table = plainTable(['member', 'figure', ...sides.map((side) => side.label)]);
  for (const { name } of sides[0]?.verdict.members ?? []) {
    for (const [heading, show] of ROWS) {
      const cells = sides.map(({ verdict }) => {
        const member = verdict.members.find((candidate) => candidate.name === name);
        return member === undefined ? '–' : show(member);
      });
      table.push([heading === ROWS[0]![0] ? name : '', heading, ...cells]);
    }
  }
  return table.toString();
}

function verdictText({ label, verdict }: Side): string {
  const because = verdict.stalls[0]?.because;
  const mark = verdict.holds ? colors.green('holds') : colors.red('does not hold');
  return `${colors.bold(label)}: ${mark}. ${verdict.sentence}${because === undefined ? '' : ` ${because}`}`;
}

function duration(durationMs: number | null): string {
  return durationMs === null ? '–' : formatDuration(durationMs);
}
