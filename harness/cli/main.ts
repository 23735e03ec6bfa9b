#!/usr/bin/env node
/** The command `refresh-rig`. Each subcommand is a file beside this one. */
import { Command, CommanderError } from 'commander';
import { conformCommand } from './conform.ts';
import { daemonCommand } from './daemon.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { exploreCommand } from './explore.ts';
import { imagesCommand } from './images.ts';
import { endAtFaults } from './interrupt.ts';
import { judgeCommand } from './judge.ts';
import { matrixCommand } from './matrix.ts';
import { mergeCommand } from './merge.ts';
import { EXIT, errorText, reportError } from './outcome.ts';
import { planCommand } from './plan.ts';
import { replayCommand } from './replay.ts';
import { reportCommand } from './report.ts';
import { rollCommand } from './roll.ts';
import { schemaCommand } from './schema.ts';
import { versionsCommand } from './versions.ts';
import { watchCommand } from './watch.ts';

const program = new Command('refresh-rig')
  .description(
    'Rolling upgrades of a clustered daemon, with real processes and real networking: what opened each member?',
  )
  .addHelpText(
    'after',
    '\nExit codes: 0 the verdict holds, 1 it does not, 2 bad input, 3 the environment failed, 130 interrupted.' +
      '\nStart with: refresh-rig roll',
  );

const commands = [
  rollCommand(),
  diffCommand(),
  matrixCommand(),
  mergeCommand(),
  planCommand(),
  judgeCommand(),
  reportCommand(),
  watchCommand(),
  versionsCommand(),
  imagesCommand(),
  exploreCommand(),
  replayCommand(),
  conformCommand(),
  daemonCommand(),
  schemaCommand(),
  doctorCommand(),
];
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands, ...commands.flatMap((command) => command.commands)]) {
  command.exitOverride().showHelpAfterError('(add --help for what there is)');
  // It quotes what was given.
  command.configureOutput({ outputError: (text, write) => write(`${errorText(text)}\n`) });
}

/** How long what hangs may keep a command whose environment has failed: an engine may never answer. */
const HANGING_MS = 1000;

endAtFaults();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.holds : EXIT.badInput;
  } else {
    process.exitCode = reportError(error);
  }
}
if (process.exitCode === EXIT.environment || process.exitCode === EXIT.interrupted)
  setTimeout(() => process.exit(), HANGING_MS).unref();
