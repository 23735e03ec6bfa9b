/** Which faults of a plan cannot be done to its daemon on a runtime, and why: said before anything is started. */
import { InputError } from '../input/errors.ts';
import { type FaultRow, faultRows } from '../plan/fault-rows.ts';
import { entryOf } from '../plan/fault-steps.ts';
import type { Plan } from '../plan/plan.ts';
import type { Where } from './kind.ts';
import { kindOf } from './kinds.ts';

/** Why a fault is impossible; null where it is not. */
export function lackFor({ fault }: FaultRow, where: Where): string | null {
  return fault === null ? null : kindOf(fault).lacks(fault, where);
}

/** @throws InputError that names the first that is impossible */
export function refuseImpossible(plan: Plan, runtime: Where['runtime']): void {
  const where = { daemon: plan.daemon, runtime };
  for (const row of faultRows(plan)) {
    const lack = lackFor(row, where);
    if (lack !== null) throw impossibility(row, lack, where);
  }
}

/** The refusal of a fault, and of which of a scenario it is. */
export function impossibility({ id, says }: FaultRow, lack: string, { daemon, runtime }: Where): InputError {
  const words = `fault ${id === null ? '' : `${id} `}(${says}) is impossible with ${daemon.name} on the runtime ${runtime.name}: ${lack}`;
  return new InputError(words, { key: entryOf(id) });
}
