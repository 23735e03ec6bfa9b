/** Everything that goes wrong in a plan, each with its place: the faults of its steps, and those that are part of a step. */
import { type Fault, lasts } from './fault.ts';
import { faultWords } from './fault-words.ts';
import type { Plan, Refresh, Step } from './plan.ts';

export interface FaultRow {
  /** By which its steps name it; null of one that is a part of its step. */
  readonly id: string | null;
  /** Null of what a daemon is asked to do by a step of its own, such as to leave. */
  readonly fault: Fault | null;
  readonly says: string;
  /** The steps at which it begins and ends, counted from 0; the same where it is over at once. */
  readonly begins: number;
  readonly ends: number;
}

export function faultRows({ steps }: Plan): FaultRow[] {
  return steps.flatMap((step, begins): FaultRow[] => {
    if (step.do !== 'fault')
      return partsOf(step, begins, steps).map((row) => ({ id: null, begins, ends: begins, ...row }));
    const { id, fault } = step;
    const undone = steps.findIndex((other) => other.do === 'undo' && other.id === id);
    return [{ id, fault, says: faultWords(fault), begins, ends: lasts(fault) ? undone : begins }];
  });
}

type Part = Pick<FaultRow, 'fault' | 'says'>;

function partsOf(step: Step, place: number, steps: readonly Step[]): Part[] {
  switch (step.do) {
    case 'refresh':
      return step.refreshes.flatMap(crashOf);
    case 'update':
      return Object.entries(step.fails).map(([member, times]) => ({
        fault: null,
        says: `have the update of ${member} fail ${times === 1 ? 'once' : `${times} times`}`,
      }));
    case 'stop':
      return [{ fault: null, says: `stop ${step.member}, which stays away` }];
    case 'leave':
      return [{ fault: null, says: `stop ${step.member}, and have ${step.by} take it out` }];
    case 'join':
      // The second step at most is of the forming of the cluster.
      return place < 2 && steps[0]?.do === 'bootstrap' && place === 1
        ? []
        : [{ fault: null, says: `have ${step.members.join(', ')} join in the middle` }];
    default:
      return [];
  }
}

function crashOf({ member, crash }: Refresh): Part[] {
  if (crash === undefined) return [];
  const fault: Fault = { is: 'kill', member, again: true, ...crash };
  return [{ fault, says: faultWords(fault) }];
}
