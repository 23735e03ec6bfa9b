/** `refresh-rig conform RUN`: whether the machine allows what a saved roll did. */
import { Command } from 'commander';
import { deviationOf } from '../judge/conform.ts';
import { readRun } from '../store/run-folder.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';

export function conformCommand(): Command {
  return new Command('conform')
    .description('check that every step of a saved roll is one that the upgrade machine allows')
    .argument('[run]', 'the folder of a run', 'runs/latest')
    .option('--json', 'print JSON')
    .action((run: string, { json }: { json?: boolean }) => {
      const { plan, trace } = readRun(run);
      const deviation = deviationOf(plan, trace);
      if (json) printJson({ conforms: deviation === null, deviation });
      else
        console.log(
          deviation === null
            ? `${plan.name} conforms: the machine allows every step.`
            : `${plan.name} does not conform: ${deviation}.`,
        );
      process.exitCode = deviation === null ? EXIT.holds : EXIT.broken;
    });
}
