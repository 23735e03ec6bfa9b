/** `refresh-rig plan`: the numbered steps of a roll and the gates that each will meet. Runs nothing. */
import { Command } from 'commander';
import colors from 'picocolors';
import { forecast } from '../explore/forecast.ts';
import type { Happening } from '../explore/happening.ts';
import { tell } from '../explore/tell.ts';
import { impossibleWords, lackFor } from '../fault/possible.ts';
import { InputError } from '../input/errors.ts';
import { describeStep } from '../plan/describe.ts';
import { faultRows } from '../plan/fault-rows.ts';
import type { Plan } from '../plan/plan.ts';
import { stepKind } from '../plan/step-kind.ts';
import { givenLines } from '../report/given.ts';
import { headline } from '../report/terminal.ts';
import { plansFrom, type RollFlags, withRollFlags } from './options.ts';
import { printJson } from './print.ts';
import { runtimeFor } from './runtime.ts';

export function planCommand(): Command {
  return withRollFlags(new Command('plan'))
    .option('--json', 'print the plan as JSON')
    .action(async (scenario: string | undefined, flags: RollFlags & { json?: boolean }) => {
      const plans = plansFrom(scenario, flags);
      const faults = await Promise.all(plans.map(faultsText));
      if (flags.json) printJson(plans.length === 1 ? plans[0] : plans);
      else console.log(plans.map((plan, index) => [planText(plan), ...faults[index]!.lines].join('\n')).join('\n\n'));
      const impossible = faults.flatMap((each) => each.impossible);
      if (impossible.length > 0) throw new InputError([...new Set(impossible)].join('\n'));
    });
}

/** What goes wrong in a plan, each with its place; and what of it is impossible where the plan would be rolled. */
async function faultsText(plan: Plan): Promise<{ lines: readonly string[]; impossible: readonly string[] }> {
  const rows = faultRows(plan);
  if (rows.length === 0) return { lines: [], impossible: [] };
  const { runtime } = await runtimeFor(plan);
  const where = { daemon: plan.daemon, runtime };
  const lacks = rows.map((row) => lackFor(row, where));
  const lines = rows.map((row, index) => {
    const steps = row.begins === row.ends ? `step ${row.begins + 1}` : `steps ${row.begins + 1} to ${row.ends + 1}`;
    return `  ${lacks[index] === null ? 'possible  ' : 'impossible'}  ${steps}: ${row.says}`;
  });
  return {
    lines: ['', `Faults, on the runtime ${runtime.name}:`, ...lines],
    impossible: rows.flatMap((row, index) => (lacks[index] === null ? [] : impossibleWords(row, lacks[index]!, where))),
  };
}

/** A plan as a numbered list, with what is to be expected below each step. */
export function planText(plan: Plan): string {
  const lines = forecast(plan).flatMap(({ step, happenings }, index) => [
    `${String(index + 1).padStart(3)}. ${describeStep(plan, step)}`,
    ...happenings.filter(isWorthTelling).map((happening) => colors.dim(`       ${tell(happening)}`)),
  ]);
  const kinds = Object.values(plan.versions)
    .filter((version) => version.name !== plan.from)
    .map(
      (version) =>
        `${plan.from} → ${version.name} is a step of kind "${stepKind(plan.versions[plan.from]!, version, plan.daemon.capabilities.failpoints ? undefined : 0)}"`,
    );
  return [colors.bold(headline(plan)), ...givenLines(plan), ...kinds, '', ...lines, '', expectationText(plan)].join(
    '\n',
  );
}

/** What a step makes of the gates; arrivals and parks follow from these. */
function isWorthTelling(happening: Happening): boolean {
  return happening.is === 'checked' || happening.is === 'opened' || happening.is === 'timer';
}

function expectationText({ expect, members }: Plan): string {
  const open =
    expect.open.length === members.length ? 'all members open' : `open: ${expect.open.join(', ') || 'nobody'}`;
  const woken = { notice: 'nobody woken by a timer', timer: 'somebody woken by a timer', either: 'woken by whatever' };
  const exits = Object.entries(expect.exits).map(([member, reason]) => `${member} exits (${reason})`);
  return `The verdict holds with: ${[open, woken[expect.wokenBy], ...exits].join('; ')}.`;
}
