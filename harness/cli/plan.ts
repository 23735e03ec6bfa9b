/** `refresh-rig plan`: the numbered steps of a roll and the gates that each will meet. Runs nothing. */
import { Command } from 'commander';
import colors from 'picocolors';
import { forecast } from '../explore/forecast.ts';
import type { Happening } from '../explore/happening.ts';
import { tell } from '../explore/tell.ts';
import { InputError } from '../input/errors.ts';
import { inPlace } from '../input/yaml.ts';
import { describeStep } from '../plan/describe.ts';
import { faultsOf as faultsIn, type Plan } from '../plan/plan.ts';
import { stepKind } from '../plan/step-kind.ts';
import { givenLines } from '../report/given.ts';
import { beside, cut, FILE, roomOf, type Screen, shortList, withoutMiddle, wrapped } from '../report/screen.ts';
import { headline } from '../report/terminal.ts';
import { faultLines, faultsOf } from './fault-lines.ts';
import { findShipped, type RollFlags, withRollFlags } from './options.ts';
import { plansOf } from './plans-of.ts';
import { printJson } from './print.ts';

export function planCommand(): Command {
  return withRollFlags(new Command('plan'))
    .option('--whole', 'print all steps, however many there are')
    .option('--chaos <seed>', 'the plan that roll --chaos draws of a seed')
    .option('--json', 'print the plan as JSON')
    .action(
      async (scenario: string | undefined, flags: RollFlags & { whole?: boolean; json?: boolean; chaos?: string }) => {
        const plans = await plansOf(scenario, flags);
        const faults = await Promise.all(plans.map(faultsOf));
        if (flags.json) printJson(plans.length === 1 ? plans[0] : plans);
        else {
          const screen = flags.whole ? FILE : roomOf(process.stdout);
          console.log([plansText(plans, screen), ...faultLines(plans, faults, screen)].join('\n'));
        }
        const file = findShipped(scenario);
        const impossible = faults.flatMap((each) => each.impossible.map((error) => inPlace(file, error).message));
        if (impossible.length > 0) throw new InputError([...new Set(impossible)].join('\n'));
      },
    );
}

/** Plans, no longer than the screen: of several the headings alone, where there is no room for their steps. */
export function plansText(plans: readonly Plan[], screen: Screen): string {
  const [only, ...others] = plans;
  if (only !== undefined && others.length === 0) return planText(only, screen);
  const whole = plans.map((plan) => planText(plan)).join('\n\n');
  if (wrapped(whole, screen).split('\n').length <= screen.rows) return whole;
  const headings = plans.flatMap((plan) => [
    wrapped(headline(plan), screen),
    ...beside('  ', expectationText(plan), screen),
  ]);
  const more = 'The steps of each: add --whole, or name one order.';
  const lines = headings.flatMap((text) => text.split('\n'));
  return [...shortList(lines, screen.rows - 2, (left) => `… and ${left} more lines`), '', more].join('\n');
}

/**
 * A plan as a numbered list, with what is to be expected below each step; no longer than the screen: lines are cut where there are
 * too many to be wrapped, and then the middle is left out.
 */
export function planText(plan: Plan, screen: Screen = FILE): string {
  const kinds = Object.values(plan.versions)
    .filter((version) => version.name !== plan.from)
    .map(
      (version) =>
        `${plan.from} → ${version.name} is a step of kind "${stepKind(plan.versions[plan.from]!, version, plan.daemon.capabilities.failpoints ? undefined : 0)}"`,
    );
  const before = [colors.bold(headline(plan)), ...givenLines(plan), ...kinds, ''].map((line) => wrapped(line, screen));
  const after = ['', wrapped(expectationText(plan), screen)];
  const rows = screen.rows - [...before, ...after].join('\n').split('\n').length;
  const steps = stepLines(plan, screen);
  const shown =
    steps.length <= rows
      ? steps
      : withoutMiddle(
          stepLines(plan, FILE).map((line) => cut(line, screen)),
          rows,
          (left) => colors.dim(`${BELOW_STEP}… ${left} lines more: add --whole`),
        );
  return [...before, ...shown, ...after].join('\n');
}

const BELOW_STEP = ' '.repeat(7);

function stepLines(plan: Plan, screen: Screen): string[] {
  return forecast(plan).flatMap(({ step, happenings }, index) => [
    ...beside(`${String(index + 1).padStart(3)}. `, describeStep(plan, step), screen),
    ...happenings
      .filter(isWorthTelling)
      .flatMap((happening) => beside(BELOW_STEP, tell(happening), screen).map((line) => colors.dim(line))),
  ]);
}

/** What a step makes of the gates; arrivals and parks follow from these. */
function isWorthTelling(happening: Happening): boolean {
  return happening.is === 'checked' || happening.is === 'opened' || happening.is === 'timer';
}

function expectationText({ expect, members, daemon, steps }: Plan): string {
  const open =
    expect.open.length === members.length ? 'all members open' : `open: ${expect.open.join(', ') || 'nobody'}`;
  const woken = { notice: 'nobody woken by a timer', timer: 'somebody woken by a timer', either: 'woken by whatever' };
  const exits = Object.entries(expect.exits).map(([member, reason]) => `${member} exits (${reason})`);
  const holds = `For the verdict to hold: ${[open, woken[expect.wokenBy], ...exits].join('; ')}.`;
  const isForecast = daemon.model !== null && faultsIn({ steps }).size > 0;
  return isForecast ? `What members will meet is told as if nothing went wrong: faults change it. ${holds}` : holds;
}
