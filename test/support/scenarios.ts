/** Scenarios that say themselves what comes of them, each rolled on every database. */
import { expect } from 'chai';
import type { Rolled } from '../../harness/cli/roll-plan.ts';
import { ENGINES, requireDqlite } from './engines.ts';
import { account, rollAll } from './rig.ts';

/** How a roll is put on a database. */
const ON = { sqlite: {}, dqlite: { database: 'dqlite', networkLatency: '100ms' } } as const;

/**
 * A suite for each database, with a test for each scenario.
 * @param look what else is to be so of its roll
 */
export function describeScenarios(
  what: string,
  fixtures: readonly string[],
  look: (rolled: Rolled) => void = () => undefined,
): void {
  for (const engine of ENGINES) {
    describe(`${what}, on ${engine}`, function () {
      this.timeout(120_000);
      if (engine === 'dqlite')
        before(async function () {
          await requireDqlite(this);
        });

      for (const fixture of fixtures) {
        it(`does what its scenario says: ${fixture}`, async () => {
          const [rolled] = await rollAll(fixture, { ...ON[engine], runtime: 'process' });
          expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
          look(rolled!);
        });
      }
    });
  }
}
