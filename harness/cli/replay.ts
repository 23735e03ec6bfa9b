/** `refresh-rig replay FILE`: carry out a saved plan, a counterexample of the explorer above all, on real members. */
import { Command } from 'commander';
import { type Chosen, chooseDaemon, sourceOf } from '../daemon/choose.ts';
import { InputError, inNameOf } from '../input/errors.ts';
import { carriedOver } from '../plan/carry.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { readPlan } from '../store/plan-file.ts';
import { durationIn, oneOf } from './flags.ts';
import { printJson } from './print.ts';
import { exitCodeOf, rollAll, tellsAnything } from './roll.ts';

const RUNTIMES = ['auto', 'process', 'container'] as const;

interface ReplayFlags {
  readonly daemon?: string;
  readonly runtime?: string;
  readonly wait?: string;
  readonly links?: boolean;
  readonly json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .argument('<file>', 'a plan (JSON), as explore --save or plan --json writes it')
    .option('--daemon <name>', 'carry it out on another daemon: by name, or the file of its description')
    .option('--runtime <name>', RUNTIMES.join(', '))
    .option('--wait <duration>', 'how long one park lasts; the whole path has to fit in')
    .option('--links', 'hold members of the rig’s own daemon on their links, too, and not at failpoints')
    .option('--json', 'print the verdict as JSON, and nothing else on stdout')
    .action(async (file: string, flags: ReplayFlags) => {
      const plan = overridden(onDaemon(readPlan(file, true), flags.daemon), flags);
      const forcedPlan = inNameOf(file, () => forced(plan, flags));
      const session = await rollAll([forcedPlan], flags.json === true);
      if (flags.json && tellsAnything(session)) printJson(session.rolled[0]?.verdict);
      process.exitCode = exitCodeOf(session);
    });
}

/** The same steps on another daemon. @throws InputError where it cannot take them */
function onDaemon(plan: Plan, wanted: string | undefined): Plan {
  if (wanted === undefined) return plan;
  const { source, versions: known } = chooseDaemon(wanted);
  const daemon = source.plan({});
  if (daemon.forming !== plan.daemon.forming)
    throw new InputError(
      `--daemon ${wanted}: its members form a cluster ${daemon.forming}, and this plan has it otherwise`,
    );
  const names = Object.keys(plan.versions);
  const missing = names.find((version) => !known.has(version));
  if (missing === undefined)
    return { ...plan, daemon, versions: Object.fromEntries(names.map((version) => [version, known.get(version)!])) };
  // A counterexample is about a step from one version to another, and names those of the daemon that it was found for.
  if (!plan.holds || names.length > 2)
    throw new InputError(`--daemon ${wanted}: it has no version ${missing}; there are ${[...known.keys()].join(', ')}`);
  return renamed({ ...plan, daemon }, source.defaults, known);
}

function renamed(plan: Plan, to: DaemonSource['defaults'], known: Chosen['versions']): Plan {
  const named = (version: string): string => (version === plan.from ? to.from : to.to);
  const steps = plan.steps.map((step): Step => {
    if ('refreshes' in step)
      return {
        ...step,
        refreshes: step.refreshes.map((one) => ({ ...one, from: named(one.from), to: named(one.to) })),
      };
    return 'version' in step ? { ...step, version: named(step.version) } : step;
  });
  const versions = Object.fromEntries([to.from, to.to].map((version) => [version, known.get(version)!]));
  return { ...plan, ...to, steps, versions };
}

/** Members that have no failpoints, or are not to use them, are held on their links. @throws InputError where they cannot be */
function forced(plan: Plan, { links = false }: ReplayFlags): Plan {
  if (!plan.holds) {
    if (links) throw new InputError('--links: this plan holds nobody: drop it');
    return plan;
  }
  const { failpoints } = plan.daemon.capabilities;
  if (failpoints && !links) return plan;
  // A database that is a file goes over no link.
  const { source } = sourceOf(plan);
  const daemon = failpoints ? source.plan({ ...source.scenarioOf(plan.daemon), database: 'dqlite' }) : plan.daemon;
  const runtime = plan.runtime === 'auto' ? 'process' : plan.runtime;
  return { ...carriedOver({ ...plan, daemon }, true), runtime };
}

function overridden(plan: Plan, { runtime, wait }: ReplayFlags): Plan {
  const chosen = runtime === undefined ? plan.runtime : oneOf('runtime', runtime, RUNTIMES);
  const everyMs = wait === undefined ? null : durationIn('wait', wait);
  const { daemon } = plan;
  if (everyMs !== null && !daemon.capabilities.failpoints)
    throw new InputError(`--wait ${wait}: how long a member of ${daemon.name} waits is its own affair: drop it`);
  const timer = everyMs === null || daemon.timer === null ? daemon.timer : { ...daemon.timer, everyMs };
  return { ...plan, runtime: chosen, daemon: { ...daemon, timer } };
}
