/** `refresh-rig judge RUN`: judge a saved roll again, or every roll of a matrix, with today's checks. */
import { Command } from 'commander';
import { judge, type Verdict } from '../judge/judge.ts';
import { printable } from '../report/printable.ts';
import { roomOf, shortList, wrapped } from '../report/screen.ts';
import { headline, terminalReport, VERDICT_WORDS } from '../report/terminal.ts';
import { holdsMatrix, type SavedRoll, savedRolls } from '../store/matrix-folder.ts';
import { readRun } from '../store/run-folder.ts';
import { EXIT, type ExitCode } from './outcome.ts';
import { printJson } from './print.ts';

export function judgeCommand(): Command {
  return new Command('judge')
    .argument('[run]', 'the folder of a run, or of a matrix', 'runs/latest')
    .option('--json', 'print the verdict as JSON; of a matrix, an array with one for each of its rolls')
    .action((run: string, { json }: { json?: boolean }) => {
      process.exitCode = holdsMatrix(run) ? judgeMatrix(run, json === true) : judgeRoll(run, json === true);
    });
}

function judgeRoll(run: string, json: boolean): ExitCode {
  const { plan, trace } = readRun(run);
  const verdict = judge(plan, trace);
  if (json) printJson(verdict);
  else {
    const screen = roomOf(process.stdout);
    const heading = `${wrapped(headline(plan), screen)}\n\n`;
    const rows = screen.rows - heading.split('\n').length + 1;
    console.log(`${heading}${terminalReport(plan, trace, verdict, { ...screen, rows })}`);
  }
  return verdict.outcome === 'holds' ? EXIT.holds : EXIT.broken;
}

interface Again {
  readonly roll: SavedRoll;
  readonly verdict: Verdict;
}

function judgeMatrix(folder: string, json: boolean): ExitCode {
  const again = savedRolls(folder).map((roll): Again => {
    const { plan, trace } = readRun(roll.path);
    return { roll, verdict: judge(plan, trace) };
  });
  if (json) printJson(again.map(({ roll, verdict }) => ({ roll: roll.name, was: roll.verdict, verdict })));
  else console.log(matrixText(again));
  return again.every(({ verdict }) => verdict.outcome === 'holds') ? EXIT.holds : EXIT.broken;
}

/** Those that hold, and did so before, are counted; no longer than the screen. */
function matrixText(again: readonly Again[]): string {
  const differs = ({ roll, verdict }: Again): boolean => roll.verdict !== verdict.outcome;
  const told = again.filter((one) => differs(one) || one.verdict.outcome !== 'holds');
  const screen = roomOf(process.stdout);
  const lines = told.flatMap((one) => {
    const was = differs(one) ? ` (it was ${VERDICT_WORDS[one.roll.verdict]})` : '';
    return wrapped(
      `${VERDICT_WORDS[one.verdict.outcome]}${was}  ${one.roll.name}: ${printable(one.verdict.sentence)}`,
      screen,
      2,
    ).split('\n');
  });
  const holding = again.filter(({ verdict }) => verdict.outcome === 'holds').length;
  const changed = again.filter(differs).length;
  return [
    ...shortList(lines, screen.rows - 1, (left) => `… and ${left} more lines: add --json`),
    `${holding} of ${again.length} rolls hold; ${changed === 0 ? 'each is judged as it was' : `${changed} judged otherwise than when rolled`}`,
  ].join('\n');
}
