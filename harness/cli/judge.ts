/** `refresh-rig judge RUN`: judge a saved roll again, with today's checks. */
import { Command } from 'commander';
import { judge } from '../judge/judge.ts';
import { headline, terminalReport } from '../report/terminal.ts';
import { readRun } from '../store/run-folder.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';

export function judgeCommand(): Command {
  return new Command('judge')
    .description('judge a saved roll again, with the checks of today; the saved verdict stays as it is')
    .argument('[run]', 'the folder of a run', 'runs/latest')
    .option('--json', 'print the verdict as JSON')
    .action((run: string, { json }: { json?: boolean }) => {
      const { plan, trace } = readRun(run);
      const verdict = judge(plan, trace);
      if (json) printJson(verdict);
      else console.log(`${headline(plan)}\n\n${terminalReport(plan, trace, verdict)}`);
      process.exitCode = verdict.outcome === 'holds' ? EXIT.holds : EXIT.broken;
    });
}
