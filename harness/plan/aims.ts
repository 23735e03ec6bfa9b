/** Better aims: of several rolls of the same kind, what members took to open in those before is known better than it is said. */
import type { Plan } from './plan.ts';

export class Aims {
  /** How long each member took from its start that was aimed to its opening, in milliseconds, by kind of roll. */
  readonly #tookMs = new Map<string, number[]>();

  /** What came of a roll. */
  learn(plan: Plan, tookMs: number): void {
    const kind = kindOf(plan);
    this.#tookMs.set(kind, [...(this.#tookMs.get(kind) ?? []), tookMs]);
  }

  /** The same plan, with the median of what was learnt for the lead that it names; as it is where nothing was. */
  improve(plan: Plan): Plan {
    const took = this.#tookMs.get(kindOf(plan)) ?? [];
    if (took.length === 0) return plan;
    const aim = { leadMs: Math.round(median(took)) };
    const steps = plan.steps.map((step) =>
      step.do === 'refresh'
        ? { ...step, refreshes: step.refreshes.map((one) => (one.aim === undefined ? one : { ...one, aim })) }
        : step,
    );
    return { ...plan, steps };
  }
}

function kindOf({ from, to, members }: Plan): string {
  return `${from} ${to} ${members.length}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
