import { expect } from 'chai';
import { explore } from '../harness/explore/explore.ts';
import { WAKEUPS } from '../node/upgrade/machine.ts';
import { STRATEGY_NAMES } from '../node/upgrade/strategy.ts';
import { hasSpin, type SpinQuestion, spin } from './support/spin.ts';
import { STEPS, version } from './support/versions.ts';

const JOBS = 2;

describe('the explorer and spin', function () {
  this.timeout(240_000);

  before(async function () {
    if (await hasSpin()) return;
    if (process.env.CI === 'true') throw new Error('CI must have spin and gcc');
    this.skip();
  });

  for (const members of [2, 3]) {
    it(`agree on which upgrades of ${members} members can stand still`, async () => {
      const all = STRATEGY_NAMES.flatMap((strategy) =>
        WAKEUPS.flatMap((wakeups) =>
          STEPS.map(
            ([from, to]): SpinQuestion => ({ strategy, wakeups, from: version(from), to: version(to), members }),
          ),
        ),
      );
      // The step that introduces the column is not for a pair.
      const waiting = all.filter(({ strategy, from }) => strategy !== 'pair' || from.name !== 'v1');
      const answers: boolean[] = [];
      const work = async (): Promise<void> => {
        for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
          const bounds = {
            faults: { lose: 0, duplicate: 0, crash: 0 },
            mostStates: 1e6,
            mostBytes: 2 ** 30,
            reduce: false,
          };
          const ours = explore({ ...question, ahead: 'exit', ...bounds });
          const { strategy, wakeups, from, to } = question;
          const theirs = await spin(question);
          expect(ours.stuck > 0, `${strategy}, ${wakeups}, ${from.name} → ${to.name}`).to.equal(theirs.stuck);
          answers.push(theirs.stuck);
        }
      };
      await Promise.all(Array.from({ length: JOBS }, work));
      // All were compared, and there was something to agree on: some stand still, and some do not.
      expect(answers).to.have.length((STRATEGY_NAMES.length * STEPS.length - 1) * WAKEUPS.length);
      expect(new Set(answers)).to.have.property('size', 2);
    });
  }
});
