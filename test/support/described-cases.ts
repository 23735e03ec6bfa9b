/** Rolls of a described daemon that is changed in some way, and what is to come of each. */
import { expect } from 'chai';
import type { RollFlags } from '../../harness/cli/options.ts';
import type { Rolled } from '../../harness/cli/roll-plan.ts';
import type { CheckOutcome } from '../../harness/judge/evidence.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Change } from './changes.ts';
import { account, checkOf, rollDescribed } from './described.ts';

export function expectVerdict(rolled: Rolled, outcome: Rolled['verdict']['outcome']): void {
  expect(rolled.verdict.outcome, account(rolled)).to.equal(outcome);
}

/** That a check found something, and that its evidence names it. */
export function expectCheck(rolled: Rolled, name: string, outcome: CheckOutcome, evidence: RegExp): void {
  const check = checkOf(rolled, name);
  expect(check.outcome, account(rolled)).to.equal(outcome);
  expect(check.because).to.match(evidence);
}

/** What a roll must come to, and what its checks must say. */
interface Case {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly verdict: Rolled['verdict']['outcome'];
  readonly checks: ReadonlyArray<readonly [name: string, outcome: CheckOutcome, evidence: RegExp]>;
  readonly plan?: Partial<Plan>;
  readonly flags?: RollFlags;
}

export function expectCases(cases: readonly Case[]): void {
  for (const { name, verdict, checks, flags, ...options } of cases) {
    it(name, async () => {
      const [rolled] = await rollDescribed({ ...options, flags: { members: '2', ...flags } });
      expectVerdict(rolled!, verdict);
      for (const check of checks) expectCheck(rolled!, ...check);
    });
  }
}
