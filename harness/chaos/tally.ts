/** What came of many drawn plans: how often each fault was done, and which checks broke beside it. Pure. */
import type { FaultName } from '../input/fault-list.ts';
import type { Verdict } from '../judge/judge.ts';
import { faultsOf, type Plan } from '../plan/plan.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';

/** One plan that was rolled. */
export interface Tried {
  readonly seed: number;
  readonly plan: Plan;
  readonly trace: Trace;
  readonly verdict: Verdict;
  /** What the upgrade machine does not allow of what was seen; null where it allows all. */
  readonly deviation: string | null;
}

export interface Totals {
  plans: number;
  failed: number;
  unknown: number;
  faults: number;
  notices: number;
  transactions: number;
  written: number;
  verified: number;
}

/** By fault: how often it was done, in how many plans, and how often each check broke in these. */
export interface FaultTally {
  done: number;
  plans: number;
  failed: number;
  readonly checks: Map<string, number>;
}

export class Tally {
  readonly totals: Totals = {
    plans: 0,
    failed: 0,
    unknown: 0,
    faults: 0,
    notices: 0,
    transactions: 0,
    written: 0,
    verified: 0,
  };
  readonly faults = new Map<FaultName | 'none', FaultTally>();

  add(tried: Tried): void {
    const { plan, trace, verdict } = tried;
    const { totals } = this;
    const done = rigEvents(trace, 'fault').flatMap(({ id }) => faultsOf(plan).get(id)?.is ?? []);
    const wrong = wrongIn(tried);
    totals.plans += 1;
    if (wrong.length > 0) totals.failed += 1;
    else if (verdict.outcome === 'unknown') totals.unknown += 1;
    totals.faults += done.length;
    for (const member of plan.members) {
      for (const { event } of eventsOf(trace, member)) {
        if (event === 'noticed') totals.notices += 1;
        if (event === 'checked' || event === 'patched' || event === 'removed') totals.transactions += 1;
      }
    }
    const ledger = rigEvents(trace, 'ledger')[0];
    if (ledger !== undefined) {
      totals.written += Object.keys(ledger.acknowledged).length;
      for (const found of Object.values(ledger.found)) totals.verified += Object.keys(found).length;
    }
    for (const name of new Set<FaultName | 'none'>(done.length === 0 ? ['none'] : done)) {
      const tally = this.faults.get(name) ?? { done: 0, plans: 0, failed: 0, checks: new Map() };
      this.faults.set(name, tally);
      tally.done += done.filter((one) => one === name).length;
      tally.plans += 1;
      if (wrong.length > 0) tally.failed += 1;
      for (const check of wrong) tally.checks.set(check, (tally.checks.get(check) ?? 0) + 1);
    }
  }
}

/** The checks that a plan has broken; `conform` where the machine does not allow what was seen. */
export function wrongIn({ verdict, deviation }: Pick<Tried, 'verdict' | 'deviation'>): string[] {
  const broken = verdict.checks.filter(({ outcome }) => outcome === 'broken').map(({ name }) => name);
  return deviation === null ? broken : [...broken, 'conform'];
}
