/** `refresh-rig diff`: the same roll twice, with one flag toggled, side by side. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { rollName } from '../input/values.ts';
import type { Plan } from '../plan/plan.ts';
import { comparison } from '../report/comparison.ts';
import { comparisonPage } from '../report/page.ts';
import { roomOf } from '../report/screen.ts';
import { plansFrom, type RollFlags, withRollFlags } from './options.ts';
import { pageRollOf } from './page-of-run.ts';
import { printJson } from './print.ts';
import { exitCodeOf, rollAll } from './roll.ts';
import type { Rolled } from './roll-plan.ts';

/** The flags that can be toggled by naming two values. */
const TOGGLES = ['strategy', 'wakeups', 'ahead', 'wait', 'pace', 'order', 'runtime', 'database'] as const;
/** The flags that are on or off, with what they are called. */
const SWITCHES = {
  'split-notification': { flag: 'splitNotification', label: 'split notification' },
  handover: { flag: 'handover', label: 'handover' },
} as const satisfies Record<string, { flag: keyof RollFlags; label: string }>;

/** One side of a comparison: how it is called, and the flags that make it. */
interface Side {
  readonly label: string;
  readonly flags: RollFlags;
}

export function diffCommand(): Command {
  return withRollFlags(new Command('diff'))
    .option(
      '--toggle <flag>',
      `split-notification, handover, or FLAG=ONE,OTHER for one of ${TOGGLES.join(', ')}`,
      'split-notification',
    )
    .option('--json', 'print both verdicts as JSON, and nothing else on stdout')
    .action(async (scenario: string | undefined, flags: RollFlags & { toggle: string; json?: boolean }) => {
      const { toggle, json, ...shared } = flags;
      const sides = sidesOf(toggle, shared);
      const plans = sides.map(({ label, flags: own }) => planOf(scenario, { ...shared, ...own }, label));
      const labels = sides.map(({ label }) => label);
      const session = await rollAll(plans, json === true, { labels });
      const { rolled, interrupted, fault } = session;
      if (fault !== null) throw fault;
      // Half a comparison is none.
      if (!interrupted) {
        const compared = rolled.map((side, index) => ({ label: sides[index]!.label, ...side }));
        if (json) printJson(compared.map(({ label, verdict }) => ({ label, verdict })));
        else console.log(`\n${comparison(compared, 'their page', roomOf(process.stdout))}`);
        await saveComparison(compared, json === true);
      }
      // The first side shows what the flag is for; only the second has to hold.
      process.exitCode = exitCodeOf({ ...session, rolled: rolled.slice(-1) });
    });
}

/** Beside the report of the second side. @throws EnvironmentError */
export async function saveComparison(
  sides: ReadonlyArray<Rolled & { label: string }>,
  isQuiet: boolean,
): Promise<void> {
  const rolls = sides.map(({ label, plan, trace, verdict, folder }) => pageRollOf(folder, label, plan, trace, verdict));
  const file = join(sides.at(-1)!.folder, 'comparison.html');
  try {
    writeFileSync(file, await comparisonPage(rolls));
  } catch (error) {
    throw new EnvironmentError(`both rolls are judged, but their page was not written: ${(error as Error).message}`);
  }
  (isQuiet ? process.stderr : process.stdout).write(`both on one page: ${relative(process.cwd(), file)}\n`);
}

function sidesOf(toggle: string, shared: RollFlags): Side[] {
  if (isSwitch(toggle)) {
    const { flag, label } = SWITCHES[toggle];
    if (shared[flag] !== undefined || (toggle === 'split-notification' && shared.strategy !== undefined)) {
      throw new InputError(`--toggle ${toggle} says both on and off: drop the flag that says one of them`);
    }
    return [
      { label: `${label} off`, flags: { [flag]: false } },
      { label: `${label} on`, flags: { [flag]: true } },
    ];
  }
  const [name, values = ''] = toggle.split('=');
  const flag = TOGGLES.find((known) => known === name);
  const [one, other, ...more] = values.split(',');
  if (flag === undefined || !one || !other || more.length > 0) {
    throw new InputError(
      `--toggle ${toggle}: give split-notification, handover, or FLAG=ONE,OTHER with a flag of ${TOGGLES.join(', ')}`,
    );
  }
  return [one, other].map((value) => ({ label: `${flag} ${value}`, flags: { [flag]: value } }));
}

function isSwitch(toggle: string): toggle is keyof typeof SWITCHES {
  return Object.hasOwn(SWITCHES, toggle);
}

/** Both sides are held to the same: nobody woken by a timer, whatever the scenario expects of one of them. */
function planOf(scenario: string | undefined, flags: RollFlags, label: string): Plan {
  const plans = plansFrom(scenario, flags);
  const [plan] = plans;
  if (plan === undefined || plans.length > 1)
    throw new InputError('--order all: a comparison takes one order: name it');
  const name = rollName(`${plan.name}-${label}`);
  return { ...plan, name, expect: { ...plan.expect, wokenBy: 'notice' } };
}
