/** `refresh-rig replay FILE`: carry out a saved plan, a counterexample of the explorer above all, on real members. */
import { Command } from 'commander';
import { parseDuration } from '../../node/duration.ts';
import { chooseDaemon } from '../daemon/choose.ts';
import { InputError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { readPlan } from '../store/plan-file.ts';
import { printJson } from './print.ts';
import { exitCodeOf, rollAll } from './roll.ts';

const RUNTIMES = ['auto', 'process', 'container'] as const;

interface ReplayFlags {
  readonly daemon?: string;
  readonly runtime?: string;
  readonly wait?: string;
  readonly json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .argument('<file>', 'a plan (JSON), as explore --save or plan --json writes it')
    .option('--daemon <name>', 'carry it out on another daemon: by name, or the file of its description')
    .option('--runtime <name>', RUNTIMES.join(', '))
    .option('--wait <duration>', 'how long one park lasts; the whole path has to fit in')
    .option('--json', 'print the verdict as JSON, and nothing else on stdout')
    .action(async (file: string, flags: ReplayFlags) => {
      const plan = overridden(onDaemon(readPlan(file), flags.daemon), flags);
      const session = await rollAll([plan], flags.json === true);
      if (flags.json) printJson(session.rolled[0]?.verdict);
      process.exitCode = exitCodeOf(session);
    });
}

/** The same steps on another daemon. @throws InputError where it cannot take them */
function onDaemon(plan: Plan, wanted: string | undefined): Plan {
  if (wanted === undefined) return plan;
  const { name, source, versions: known } = chooseDaemon(wanted);
  const daemon = source.plan({});
  if (plan.holds && !daemon.capabilities.failpoints)
    throw new InputError(`--daemon ${wanted}: a member of ${name} cannot be held where this path says`);
  if (daemon.forming !== plan.daemon.forming)
    throw new InputError(
      `--daemon ${wanted}: its members form a cluster ${daemon.forming}, and this plan has it otherwise`,
    );
  const versions = Object.keys(plan.versions).map((version) => {
    const found = known.get(version);
    if (found === undefined)
      throw new InputError(
        `--daemon ${wanted}: it has no version ${version}; there are ${[...known.keys()].join(', ')}`,
      );
    return [version, found] as const;
  });
  return { ...plan, daemon, versions: Object.fromEntries(versions) };
}

function overridden(plan: Plan, { runtime, wait }: ReplayFlags): Plan {
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
