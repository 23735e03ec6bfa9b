/** `refresh-rig conform RUN`: whether the machine allows what a saved roll did. */
import { Command } from 'commander';
import { InputError } from '../input/errors.ts';
import { deviationOf } from '../judge/conform.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
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
      refuseUnmodelled(plan);
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

/** @throws InputError where there is no machine to hold the roll against */
function refuseUnmodelled({ daemon }: Plan): void {
  if (daemon.model === null)
    throw new InputError(
      `${daemon.name} has no model: say in its description which row of the table models it (model: …)`,
    );
  if (!tells(daemon, 'recorded'))
    throw new InputError(
      `nothing tells what members of ${daemon.name} have recorded: add a probe with rows to its description`,
    );
}
