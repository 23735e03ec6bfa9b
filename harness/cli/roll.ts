/** `refresh-rig roll`: roll a cluster, and judge what opened each member. */
import { relative } from 'node:path';
import { Command } from 'commander';
import colors from 'picocolors';
import { refuseImpossible } from '../fault/possible.ts';
import { InputError } from '../input/errors.ts';
import { inPlaceOf } from '../input/yaml.ts';
import type { Plan } from '../plan/plan.ts';
import { watchRoll } from '../report/live.ts';
import { printable } from '../report/printable.ts';
import { roomOf, screenOf, shortList, wrapped } from '../report/screen.ts';
import { tableText } from '../report/table.ts';
import { headline, terminalReport, VERDICT_WORDS, verdictLine } from '../report/terminal.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Observer } from '../trace/trace.ts';
import { removeLeftovers } from './clean.ts';
import { Interrupted, type Interruption, interruptSignal } from './interrupt.ts';
import { misdescription } from './misdescribed.ts';
import { findShipped, type RollFlags, runsFolder, withRollFlags } from './options.ts';
import { EXIT, type ExitCode, errorText } from './outcome.ts';
import { plansOf } from './plans-of.ts';
import { printJson } from './print.ts';
import { type Rolled, roll } from './roll-plan.ts';
import { runtimeFor } from './runtime.ts';

export function rollCommand(): Command {
  return withRollFlags(new Command('roll'))
    .option('--chaos <seed>', 'draw versions, size, order, pace and faults from a seed; the same seed draws the same')
    .option('--fresh', 'form a new cluster, where one that was formed earlier could be used again')
    .option('--json', 'print the verdict as JSON, and nothing else on stdout')
    .action(
      async (scenario: string | undefined, flags: RollFlags & { json?: boolean; fresh?: boolean; chaos?: string }) => {
        const plans = await plansOf(scenario, flags);
        const file = findShipped(scenario);
        const session = await rollAll(plans, flags.json === true, {
          fresh: flags.fresh === true,
          refuse: (plan, runtime) => inPlaceOf(file, () => refuseImpossible(plan, runtime)),
        });
        const { rolled } = session;
        if (tellsAnything(session)) {
          if (flags.json) printJson(plans.length === 1 ? rolled[0]?.verdict : rolled.map(({ verdict }) => verdict));
          else if (plans.length > 1) console.log(`\n${ordersTable(rolled)}`);
        }
        const exitCode = exitCodeOf(session);
        const wrong = rolled.map(misdescription).find((sentence) => sentence !== null);
        if (wrong !== undefined) throw new InputError(wrong);
        process.exitCode = exitCode;
      },
    );
}

/** What will not come about, and is known before. */
function warnings({ steps }: Plan): string[] {
  const unheard = steps.flatMap((step) => (step.do === 'update' ? (step.unheard ?? []) : []));
  return unheard.map((why) => `no member will ask to be refreshed: ${why}`);
}

/** Rolls, and whether they were cut short: then some plans may not have been rolled. */
export interface Session {
  readonly rolled: readonly Rolled[];
  readonly interrupted: boolean;
  /** What kept the rest from being rolled; null where nothing did. What there is, is to be told before that. */
  readonly fault: Error | null;
}

/** Whether there is anything to be told of a session that has a fault: where it has none, that nothing was rolled is told too. */
export function tellsAnything({ rolled, fault }: Session): boolean {
  return fault === null || rolled.length > 0;
}

export interface SessionOptions {
  /** What to call the plans, where their names do not say enough. */
  readonly labels?: readonly string[];
  /** Sees every event as it comes. */
  readonly observer?: Observer;
  /** Form a new cluster for each, where an earlier one could be used again. */
  readonly fresh?: boolean;
  /** Refuses what cannot be done on a runtime, in the name of what asked for it. */
  readonly refuse?: (plan: Plan, runtime: Runtime) => void;
}

/**
 * Roll plans one after another, showing each as it goes, unless quiet. A single plan gets its whole report, several a
 * line each. It never throws: what had been rolled before a fault is not lost.
 */
export async function rollAll(
  plans: readonly Plan[],
  quiet: boolean,
  { labels = [], observer, fresh = false, refuse }: SessionOptions = {},
): Promise<Session> {
  const interruption = interruptSignal();
  const { signal, release } = interruption;
  const say = (line: string): void => void (quiet ? process.stderr : process.stdout).write(`${colors.dim(line)}\n`);
  const rolled: Rolled[] = [];
  let fault: Error | null = null;
  const screen = screenOf(process.stdout);
  try {
    for (const [index, plan] of plans.entries()) {
      if (signal.aborted) break;
      const { runtime, because } = await runtimeFor(plan);
      refuse?.(plan, runtime);
      if (index === 0 || plan.runtime !== plans[index - 1]!.runtime) say(`runtime: ${runtime.name}, ${because}`);
      for (const leftover of await removeLeftovers(runtime)) say(`removed a leftover of an earlier rig: ${leftover}`);
      if (!quiet)
        console.log(`${index === 0 ? '' : '\n'}${colors.bold(wrapped(labels[index] ?? headline(plan), screen))}\n`);
      for (const warning of warnings(plan)) say(`note: ${warning}`);
      const one = await rollOne(
        plan,
        runtime,
        interruption,
        quiet,
        fresh,
        index === 0 ? say : () => undefined,
        observer,
      );
      rolled.push(one);
      if (!quiet)
        console.log(
          `\n${plans.length === 1 ? terminalReport(one.plan, one.trace, one.verdict, roomOf(process.stdout)) : wrapped(verdictLine(one.verdict), screen)}`,
        );
      say(`saved in ${relative(process.cwd(), one.folder)}`);
      if (one.trouble !== null) process.stderr.write(`${colors.red('error:')} ${errorText(one.trouble)}\n`);
      if (one.fault !== null) throw one.fault;
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) fault = error as Error;
  } finally {
    release();
  }
  if (signal.aborted && !(signal.reason instanceof Interrupted)) fault ??= signal.reason as Error;
  return { rolled, interrupted: signal.aborted, fault };
}

async function rollOne(
  plan: Plan,
  runtime: Runtime,
  { signal, hurry }: Interruption,
  quiet: boolean,
  fresh: boolean,
  say: (line: string) => void,
  observer: Observer = () => undefined,
): Promise<Rolled> {
  const live = quiet ? null : watchRoll(plan);
  try {
    return await roll(plan, {
      runtime,
      runs: runsFolder(),
      signal,
      hurry,
      fresh,
      say: (line) => (live === null ? say(line) : live.above(() => say(line))),
      observer: (event) => {
        live?.observer(event);
        observer(event);
      },
    });
  } finally {
    await live?.end();
  }
}

/** @throws what kept the rest from being rolled: no rolls at all would hold */
export function exitCodeOf({ rolled, interrupted, fault }: Session): ExitCode {
  if (fault !== null) throw fault;
  if (interrupted) return EXIT.interrupted;
  if (!rolled.every(({ verdict }) => verdict.outcome === 'holds')) return EXIT.broken;
  // What was found out has been told; but what the roll was to leave is not there.
  return rolled.some(({ trouble }) => trouble !== null) ? EXIT.environment : EXIT.holds;
}

/** A row an order, and how many hold; no longer than the screen. */
function ordersTable(rolled: readonly Rolled[]): string {
  const rows = rolled.map(({ plan, verdict }) => [
    plan.order.join(', '),
    VERDICT_WORDS[verdict.outcome],
    printable(verdict.sentence),
  ]);
  const room = roomOf(process.stdout);
  const table = tableText(['order', 'verdict', 'what happened'], rows, room).split('\n');
  const holding = rolled.filter(({ verdict }) => verdict.outcome === 'holds').length;
  const shown = shortList(table, room.rows - 2, (left) =>
    colors.dim(`… and ${left} more lines: every roll has said its own`),
  );
  return [...shown, '', `${holding} of ${rolled.length} orders hold`].join('\n');
}
