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

  /** What befalls the members beside that they are refreshed: and what is asked of us then. */
  const asked = [
    ['3 members', STEPS, undefined, {}],
    ['3 members that ask to be refreshed', STEPS.slice(1, 2), 'AUTO', { refreshing: 'auto' }],
    ['3 members, one of which may leave', STEPS.slice(1, 2), 'LEAVE', { leave: 1 }],
    ['2 members, and one that may join', STEPS.slice(1, 2), 'JOIN', { members: 2, join: 1 }],
  ] as const;
  for (const [title, steps, beside, more] of asked) {
    it(`agree on which upgrades can stand still, of ${title}`, async () => {
      const all = STRATEGY_NAMES.flatMap((strategy) =>
        WAKEUPS.flatMap((wakeups) =>
          steps.map(([from, to]): SpinQuestion => {
            const ends = { from: version(from), to: version(to) };
            return { strategy, wakeups, ...ends, members: 3, ...(beside === undefined ? {} : { beside }) };
          }),
        ),
      );
      // The step that introduces the column is not for a pair, and of `split` with one that leaves there are millions of states.
      const waiting = all.filter(
        ({ strategy, from }) =>
          !(strategy === 'pair' && from.name === 'v1') && !(strategy === 'split' && beside === 'LEAVE'),
      );
      const { length } = waiting;
      const answers: boolean[] = [];
      const work = async (): Promise<void> => {
        for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
          const bounds = { faults: {}, mostStates: 1e6, mostBytes: 2 ** 30, reduce: false };
          const ours = explore({ ...question, ahead: 'exit', ...bounds, ...more });
          const { strategy, wakeups, from, to } = question;
          const theirs = await spin(question);
          expect(ours.stuck > 0, `${strategy}, ${wakeups}, ${from.name} → ${to.name}`).to.equal(theirs.stuck);
          answers.push(theirs.stuck);
        }
      };
      await Promise.all(Array.from({ length: JOBS }, work));
      // All were compared, and there was something to agree on: some stand still, and some do not.
      expect(answers).to.have.length(length);
      expect(new Set(answers)).to.have.property('size', 2);
    });
  }
});
