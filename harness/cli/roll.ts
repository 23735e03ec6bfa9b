/** `refresh-rig roll`: roll a cluster, and judge what opened each member. */
import { relative } from 'node:path';
import { Command } from 'commander';
import colors from 'picocolors';
import { daemonKind } from '../member/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { watchRoll } from '../report/live.ts';
import { headline, plainTable, terminalReport, verdictLine } from '../report/terminal.ts';
import { type Rolled, roll } from '../run/roll.ts';
import { chooseRuntime } from '../runtime/choose.ts';
import { Interrupted, interruptSignal } from './interrupt.ts';
import { ourVersions, plansFrom, type RollFlags, runsFolder, withRollFlags } from './options.ts';
import { EXIT, type ExitCode } from './outcome.ts';
import { printJson } from './print.ts';

export function rollCommand(): Command {
  return withRollFlags(new Command('roll'))
    .description('roll a cluster from one version to another and say what opened each member')
    .option('--json', 'print the verdict as JSON, and nothing else on stdout')
    .action(async (scenario: string | undefined, flags: RollFlags & { json?: boolean }) => {
      const plans = plansFrom(scenario, flags, ourVersions());
      const rolled = await rollAll(plans, flags.json === true);
      if (flags.json) printJson(plans.length === 1 ? rolled[0]?.verdict : rolled.map(({ verdict }) => verdict));
      else if (plans.length > 1) console.log(`\n${ordersTable(rolled)}`);
      process.exitCode = exitCodeOf(rolled);
    });
}

/**
 * Roll plans one after another, showing each as it goes, unless quiet. A single plan gets its whole report, several a
 * line each.
 * @param labels what to call the plans, where their names do not say enough
 */
export async function rollAll(
  plans: readonly Plan[],
  quiet: boolean,
  labels: readonly string[] = [],
): Promise<Rolled[]> {
  const first = plans[0];
  if (first === undefined) throw new Error('a scenario makes at least one plan');
  const { signal, release } = interruptSignal();
  const rolled: Rolled[] = [];
  try {
    const { runtime, because } = await chooseRuntime(first.runtime);
    const say = (line: string): void => void (quiet ? process.stderr : process.stdout).write(`${line}\n`);
    say(colors.dim(`runtime: ${runtime.name}, ${because}`));
    for (const leftover of await runtime.clean()) say(colors.dim(`removed a leftover of an earlier rig: ${leftover}`));
    const kind = daemonKind(ourVersions());
    for (const [index, plan] of plans.entries()) {
      if (!quiet) console.log(`${index === 0 ? '' : '\n'}${colors.bold(labels[index] ?? headline(plan))}\n`);
      const live = quiet ? null : watchRoll(plan);
      try {
        rolled.push(
          await roll(plan, {
            kind,
            runtime,
            runs: runsFolder(),
            signal,
            ...(live === null ? {} : { observer: live.observer }),
          }),
        );
      } finally {
        await live?.end();
      }
      const last = rolled.at(-1)!;
      if (!quiet)
        console.log(
          `\n${plans.length === 1 ? terminalReport(plan, last.trace, last.verdict) : verdictLine(last.verdict)}`,
        );
      say(colors.dim(`saved in ${relative(process.cwd(), last.folder)}`));
      if (signal.aborted) break;
    }
    return rolled;
  } catch (error) {
    if (error instanceof Interrupted) return rolled;
    throw error;
  } finally {
    release();
  }
}

export function exitCodeOf(rolled: readonly Rolled[]): ExitCode {
  const interrupted =
    rolled.length === 0 ||
    rolled.some(({ trace }) =>
      trace.some((event) => 'rig' in event && event.rig === 'ended' && event.how === 'interrupted'),
    );
  if (interrupted) return EXIT.interrupted;
  return rolled.every(({ verdict }) => verdict.holds) ? EXIT.holds : EXIT.broken;
}

function ordersTable(rolled: readonly Rolled[]): string {
  const table = plainTable(['order', 'verdict', 'what happened']);
  for (const { plan, verdict } of rolled) {
    table.push([plan.order.join(', '), verdict.holds ? colors.green('holds') : colors.red('BROKEN'), verdict.sentence]);
  }
  return table.toString();
}
