/** How a matrix carries out one of its rolls. */
import { relative } from 'node:path';
import type { Daemon } from '../daemon/contract.ts';
import { invocation } from '../host/invocation.ts';
import { aimedOf } from '../judge/aim.ts';
import { ownExits } from '../judge/exits.ts';
import type { MatrixOptions } from '../matrix/roll-matrix.ts';
import type { Plan } from '../plan/plan.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { rigEvents } from '../trace/trace.ts';
import { daemonOfPlan, roll } from './roll-plan.ts';

export interface CellOptions {
  readonly runtime: Runtime;
  /** The folder of the matrix, and that in which its rolls leave theirs. */
  readonly folder: string;
  readonly rolls: string;
  /** Whether each roll has the machine to itself. */
  readonly alone: boolean;
  /** Kills all members at once. */
  readonly hurry: AbortSignal;
  /** The command that rolls a cell by itself, without the name of the program, by the cell's id; null where there is none. */
  readonly again: ReadonlyMap<string, string | null>;
}

export function cellRoller({ runtime, folder, rolls, alone, hurry, again }: CellOptions): MatrixOptions['rollOne'] {
  // A matrix is of one daemon, whose versions are read once.
  let daemon: Daemon | undefined;
  /** How long each member took to open whose start was aimed, by what it was refreshed from and to. */
  const tookMs = new Map<string, number[]>();
  return async ({ id, plan }, signal) => {
    daemon ??= daemonOfPlan(plan);
    const line = again.get(id) ?? null;
    const took = tookMs.get(wayOf(plan)) ?? [];
    tookMs.set(wayOf(plan), took);
    const rolled = await roll(took.length === 0 ? plan : aimedBy(plan, median(took)), {
      ...{ daemon, runtime, runs: rolls, signal, hurry, alone, isLatest: false },
      ...(line === null ? {} : { again: `${invocation()} ${line}` }),
    });
    if (rigEvents(rolled.trace, 'ended')[0]?.how === 'interrupted') return null;
    if (rolled.fault !== null) throw rolled.fault;
    const { outcome, sentence, checks } = rolled.verdict;
    const failing = checks
      .filter((check) => check.outcome === 'broken' || check.leavesOpen)
      .map(({ name, because }) => ({ name, because }));
    const healed = rolled.plan.members
      .flatMap((member) => ownExits(rolled.trace, member).filter(({ isHealed }) => isHealed))
      .map(({ member, message, patching }) => ({ member, message, patching }));
    const members = rolled.verdict.members.map(({ memoryBytes, ...figures }) => ({
      ...figures,
      waitedFor: [...figures.waitedFor],
      wokenBy: [...figures.wokenBy],
    }));
    const aimed = aimedOf(rolled.plan, rolled.trace);
    if (aimed !== null) took.push(aimed.tookMs);
    const aimedMs = aimed?.mostMs ?? null;
    return { verdict: outcome, sentence, failing, healed, members, aimedMs, folder: relative(folder, rolled.folder) };
  };
}

function wayOf({ from, to, members }: Plan): string {
  return `${from} ${to} ${members.length}`;
}

/** The same, with the start that is aimed coming so long before: what members have taken before is known better than said. */
function aimedBy(plan: Plan, leadMs: number): Plan {
  const steps = plan.steps.map((step) =>
    step.do === 'refresh'
      ? {
          ...step,
          refreshes: step.refreshes.map((refresh) =>
            refresh.aim === undefined ? refresh : { ...refresh, aim: { leadMs: Math.round(leadMs) } },
          ),
        }
      : step,
  );
  return { ...plan, steps };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
