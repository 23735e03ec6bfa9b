/** `refresh-rig replay FILE`: carry out a saved plan, a counterexample of the explorer above all, on real members. */
import { Command } from 'commander';
import { parseDuration } from '../../node/duration.ts';
import { InputError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { readPlan } from '../store/plan-file.ts';
import { printJson } from './print.ts';
import { exitCodeOf, rollAll } from './roll.ts';

const RUNTIMES = ['auto', 'process', 'container'] as const;

export function replayCommand(): Command {
  return new Command('replay')
    .description('carry out a saved plan on real members; a counterexample holds each of them where its path says')
    .argument('<file>', 'a plan (JSON), as explore --save or plan --json writes it')
    .option('--runtime <name>', RUNTIMES.join(', '))
    .option('--wait <duration>', 'how long one park lasts; the whole path has to fit in')
    .option('--json', 'print the verdict as JSON, and nothing else on stdout')
    .action(async (file: string, flags: { runtime?: string; wait?: string; json?: boolean }) => {
      const plan = overridden(readPlan(file), flags);
      const session = await rollAll([plan], flags.json === true);
      if (flags.json) printJson(session.rolled[0]?.verdict);
      process.exitCode = exitCodeOf(session);
    });
}

function overridden(plan: Plan, { runtime, wait }: { runtime?: string; wait?: string }): Plan {
  const chosen = RUNTIMES.find((known) => known === runtime);
  if (runtime !== undefined && chosen === undefined)
    throw new InputError(`--runtime ${runtime}: must be one of ${RUNTIMES.join(', ')}`);
  const everyMs = wait === undefined ? null : parseDuration(wait);
  if (wait !== undefined && everyMs === null)
    throw new InputError(`--wait ${wait}: must be a duration such as 30s, 500ms or 2m`);
  const { daemon } = plan;
  if (everyMs !== null && !daemon.capabilities.failpoints)
    throw new InputError(`--wait ${wait}: how long a member of ${daemon.name} waits is its own affair: drop it`);
  const timer = everyMs === null || daemon.timer === null ? daemon.timer : { ...daemon.timer, everyMs };
  return { ...plan, runtime: chosen ?? plan.runtime, daemon: { ...daemon, timer } };
}
