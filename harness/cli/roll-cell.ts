/** How a matrix carries out one of its rolls. */
import { relative } from 'node:path';
import { invocation } from '../host/invocation.ts';
import { aimedOf } from '../judge/aim.ts';
import { ownExits } from '../judge/exits.ts';
import type { MatrixOptions } from '../matrix/roll-matrix.ts';
import { Aims } from '../plan/aims.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { rigEvents } from '../trace/trace.ts';
import { roll } from './roll-plan.ts';

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
  const aims = new Aims();
  return async ({ id, plan }, signal) => {
    const line = again.get(id) ?? null;
    const rolled = await roll(aims.improve(plan), {
      ...{ runtime, runs: rolls, signal, hurry, alone, isLatest: false },
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
    if (aimed !== null) aims.learn(plan, aimed.tookMs);
    const aimedMs = aimed?.mostMs ?? null;
    return { verdict: outcome, sentence, failing, healed, members, aimedMs, folder: relative(folder, rolled.folder) };
  };
}
