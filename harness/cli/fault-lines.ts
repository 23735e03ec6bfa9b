/** What goes wrong in plans, each fault with its place, and what of that is impossible where they would be rolled. */
import { impossibility, lackFor } from '../fault/possible.ts';
import type { InputError } from '../input/errors.ts';
import { faultRows } from '../plan/fault-rows.ts';
import type { Plan } from '../plan/plan.ts';
import { beside, type Screen } from '../report/screen.ts';
import { runtimeFor } from './runtime.ts';

export interface PlannedFaults {
  /** The runtime that the plan would be rolled on. */
  readonly runtime: string;
  readonly rows: ReadonlyArray<{ readonly isPossible: boolean; readonly says: string }>;
  /** Why some cannot be had. */
  readonly impossible: readonly InputError[];
}

/** @throws EnvironmentError where the runtime that the plan asks for is not there */
export async function faultsOf(plan: Plan): Promise<PlannedFaults> {
  const rows = faultRows(plan);
  if (rows.length === 0) return { runtime: plan.runtime, rows: [], impossible: [] };
  const { runtime } = await runtimeFor(plan);
  const where = { daemon: plan.daemon, runtime };
  const looked = rows.map((row) => ({ row, lack: lackFor(row, where) }));
  return {
    runtime: runtime.name,
    rows: looked.map(({ row: { begins, ends, says }, lack }) => {
      const steps = begins === ends ? `step ${begins + 1}` : `steps ${begins + 1} to ${ends + 1}`;
      return { isPossible: lack === null, says: `${steps}: ${says}` };
    }),
    impossible: looked.flatMap(({ row, lack }) => (lack === null ? [] : impossibility(row, lack, where))),
  };
}

/** A line for each; of several plans, below their names. */
export function faultLines(plans: readonly Plan[], faults: readonly PlannedFaults[], screen: Screen): string[] {
  return plans.flatMap(({ name }, index) => {
    const { runtime, rows } = faults[index]!;
    if (rows.length === 0) return [];
    const of = plans.length === 1 ? '' : ` of ${name}`;
    const lines = rows.flatMap(({ isPossible, says }) =>
      beside(`  ${isPossible ? 'possible' : 'impossible'}  `, says, screen),
    );
    return ['', `Faults${of}, on the runtime ${runtime}:`, ...lines];
  });
}
