/** `refresh-rig daemon check FILE`: what a person who writes a description needs: what became of each part of it in a roll. */
import { relative } from 'node:path';
import { Command } from 'commander';
import { chooseDaemon } from '../daemon/choose.ts';
import { missingFor, type Part, partsOf } from '../daemon/described/parts.ts';
import { Tally } from '../daemon/described/tally.ts';
import { InputError } from '../input/errors.ts';
import { descriptionReport } from '../report/description.ts';
import { printable } from '../report/printable.ts';
import { roomOf } from '../report/screen.ts';
import { verdictLine } from '../report/terminal.ts';
import { rigEvents } from '../trace/trace.ts';
import { interruptSignal } from './interrupt.ts';
import { plansFrom, runsFolder } from './options.ts';
import { EXIT } from './outcome.ts';
import { printJson } from './print.ts';
import { daemonOfPlan, type Rolled, roll } from './roll-plan.ts';
import { runtimeFor } from './runtime.ts';

interface CheckFlags {
  readonly from?: string;
  readonly to?: string;
  readonly members?: string;
  readonly order?: string;
  readonly runtime?: string;
  readonly json?: boolean;
}

export function daemonCommand(): Command {
  const check = new Command('check')
    .description('form a cluster, roll it once, and say what became of each pattern, probe and step of a description')
    .argument('<file>', 'the description of a daemon, or the name of one that the rig ships')
    .option('--from <version>', 'the version that all members start with (default: the first)')
    .option('--to <version>', 'the version that they are refreshed to (default: the last)')
    .option('--members <number>', 'how many members (default: 3)')
    .option('--order <order>', 'in which order, such as 3,1,2 (default: forward)')
    .option('--runtime <name>', 'auto, process, container (default: auto)')
    .option('--json', 'print JSON')
    .action(checkDescription);
  return new Command('daemon').addCommand(check);
}

async function checkDescription(file: string, { json, ...flags }: CheckFlags): Promise<void> {
  const { described } = chooseDaemon(file);
  if (described === null)
    throw new InputError(`daemon check ${file}: our own daemon has no description: name the file of one`);
  const plans = plansFrom(undefined, { ...flags, daemon: file });
  const [plan] = plans;
  if (plan === undefined || plans.length > 1)
    throw new InputError('--order all: a description is checked by one roll: name one order');
  const { runtime, because } = await runtimeFor(plan);
  if (!json)
    console.log(
      `forming a cluster of ${plan.members.length}, and rolling it once; runtime: ${runtime.name}, ${because}\n`,
    );
  await runtime.clean();
  const tally = new Tally();
  const { signal, release } = interruptSignal();
  try {
    const daemon = daemonOfPlan(plan, tally);
    const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
    const rolled = await roll(plan, { daemon, runtime, runs: runsFolder(), signal, fresh: true, say });
    if (rolled.fault !== null) throw rolled.fault;
    const parts = partsOf(described.description, tally);
    const missing = missingOf(rolled, described.description);
    if (json) printJson({ parts, missing, verdict: rolled.verdict });
    else tell(rolled, parts, missing);
    const isWhole = parts.every(({ use, isExpected }) => !isExpected || (use !== null && use.times > 0));
    process.exitCode = isWhole && rolled.verdict.outcome === 'holds' ? EXIT.holds : EXIT.broken;
  } finally {
    release();
  }
}

function missingOf({ verdict }: Rolled, description: Parameters<typeof missingFor>[1]) {
  return verdict.checks
    .filter(({ outcome }) => outcome === 'not-applicable')
    .map(({ name, because }) => ({ check: name, because, add: missingFor(name, description) }))
    .filter(({ check, add }) => add !== null || !NEVER_MISSED.includes(check));
}

/** Checks that no description can make applicable in a roll like this, and that nobody misses. */
const NEVER_MISSED = ['as-predicted', 'notices', 'budgets', 'rows-true', 'asked', 'aimed'];

function tell({ verdict, trace, folder }: Rolled, parts: readonly Part[], missing: ReturnType<typeof missingOf>): void {
  const remarks = [...rigEvents(trace, 'remark'), ...rigEvents(trace, 'missed')].map(
    ({ member, text }) => `${member} ${printable(text)}`,
  );
  const beganNs = rigEvents(trace, 'began')[0]?.atNs ?? 0;
  const ending = [verdictLine(verdict), ...remarks];
  console.log(descriptionReport({ parts, beganNs, missing, ending }, roomOf(process.stdout)));
  console.log(`saved in ${relative(process.cwd(), folder)}`);
}
