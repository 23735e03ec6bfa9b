/** The command `refresh-rig`. What it can do is listed in commands.ts. */
import { Command, CommanderError } from 'commander';
import { invocation } from '../host/invocation.ts';
import { version } from '../host/package.ts';
import { commandsFor } from './commands.ts';
import { endAtFaults, Interrupted } from './interrupt.ts';
import { EXIT, errorText, reportError } from './outcome.ts';

async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command('refresh-rig')
    .description(
      'Rolling upgrades of a clustered daemon, with real processes and real networking: what opened each member?',
    )
    .version(version())
    .addHelpText(
      'after',
      '\nExit codes: 0 the verdict holds, 1 it does not or is unknown, 2 bad input, 3 the environment failed, 130 interrupted.' +
        '\nmake ends with 2 whatever its command ended with, and says that: "Error 1" is a verdict that does not hold.' +
        `\nStart with: ${invocation()} roll`,
    );
  const commands = await commandsFor(args);
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap((command) => command.commands)]) {
    command.exitOverride().showHelpAfterError('(add --help for what there is)');
    // It quotes what was given.
    command.configureOutput({ outputError: (text, write) => write(`${errorText(text)}\n`) });
  }
  return program;
}

/** How long what hangs may keep a command whose environment has failed: an engine may never answer. */
const HANGING_MS = 1000;

endAtFaults();
try {
  const program = await programFor(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.holds : EXIT.badInput;
  } else {
    process.exitCode = error instanceof Interrupted ? EXIT.interrupted : reportError(error);
  }
}
if (process.exitCode === EXIT.environment || process.exitCode === EXIT.interrupted)
  setTimeout(() => process.exit(), HANGING_MS).unref();
