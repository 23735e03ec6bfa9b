/** Members that go of a one-off patch while others run the same, and what a matrix says of that. */
import { expect } from 'chai';
import { ownExits } from '../harness/judge/exits.ts';
import { healedSentences } from '../harness/matrix/healed.ts';
import { judged, resultsOf } from './support/results.ts';
import { BEGINNING, gone, rig, said, traceOf, verdictOf } from './support/told.ts';

const SAID = 'said: Failed applying patch "migrate": database is locked';

describe('a member that goes of a patch', () => {
  const launching = ['node01', 'node02'].map((member) => rig(0, 'launching', { member, version: 'v2' }));
  const roll = (beside: readonly [second: number, patch: string][]) => [
    ...launching,
    ...BEGINNING,
    ...beside.map(([second, patch]) => said(second, 'node01', 'patching', { patch })),
    said(41, 'node02', 'patching', { patch: 'migrate' }),
    said(42, 'node02', 'exiting', { reason: 'failed', message: SAID }),
    gone(43, 'node02', 1),
    rig(44, 'restarting', { member: 'node02', attempt: 1, most: 3, afterMs: 200 }),
  ];

  it('is told with whoever was running the same patch meanwhile, and with nobody else', () => {
    const besides = [
      [[40, 'migrate']],
      // It had gone on to the next by then, or began only later.
      [
        [39, 'migrate'],
        [40, 'tidy'],
      ],
      [[43.5, 'migrate']],
    ] as const;
    const found = besides.map(
      (beside) => ownExits(traceOf(roll(beside.map(([at, patch]) => [at, patch]))), 'node02')[0],
    );
    expect(found.map((exit) => exit?.patching)).to.deep.equal([
      { patch: 'migrate', beside: ['node01'] },
      { patch: 'migrate', beside: [] },
      { patch: 'migrate', beside: [] },
    ]);
    const { because } = verdictOf(roll([[40, 'migrate']])).checks.find(({ name }) => name === 'exits')!;
    expect(because).to.contain(`it ${SAID}, while it ran the patch migrate, as did node01`);
  });

  it('is counted by rolls over a matrix, with who was running it beside whom', () => {
    const exit = (member: string, beside: string[]) => ({
      member,
      message: `it ${SAID}`,
      patching: { patch: 'migrate', beside },
    });
    const attempts = [1, 2, 3].map((repeat) => judged('v1-v2/123', repeat, true));
    const healed = [[exit('node01', ['node02']), exit('node02', ['node01'])], [exit('node02', ['node01'])], []];
    const results = resultsOf(
      {},
      attempts.map((attempt, index) => ({ ...attempt, healed: healed[index]! })),
    );
    expect(healedSentences(results)).to.deep.equal([
      `In 2 of 3 rolls members exited by themselves, 3 times in all, and were started again by their supervisor: it ${SAID}. ` +
        'Who was running the patch migrate then: node01 beside node02: 1, node02 beside node01: 2.',
    ]);
    expect(healedSentences(resultsOf({}, attempts))).to.deep.equal([]);
  });
});
