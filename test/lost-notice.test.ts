/** Counterexamples carried over to the links of members that nobody holds at a failpoint. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { wilson } from '../harness/cli/lost-words.ts';
import { roll } from '../harness/cli/roll-plan.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import { counterexample } from '../harness/explore/counterexample.ts';
import { type Asked, explore } from '../harness/explore/explore.ts';
import { lostNotice } from '../harness/explore/lost-notice.ts';
import { InputError } from '../harness/input/errors.ts';
import { carriedOver } from '../harness/plan/carry.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { lackOfLinks } from '../harness/runtime/namespaces/tools.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { rigEvents } from '../harness/trace/trace.ts';
import { requireDqlite } from './support/engines.ts';
import { account } from './support/rig.ts';
import { pinned, version } from './support/versions.ts';

const WAIT_MS = 3000;
const SAID = { strategy: 'pair', wakeups: 'lossy', ahead: 'exit', database: 'dqlite', wait: WAIT_MS } as const;
const ASKED: Asked = {
  ...{ strategy: 'pair', wakeups: 'lossy', ahead: 'exit', from: version('v4'), to: version('v5'), members: 3 },
  ...{ faults: {}, mostStates: 100_000, mostBytes: 2 ** 28, reduce: false },
};

function lost(asked: Asked = ASKED): Plan {
  return counterexample(lostNotice(asked), ourSource, pinned, SAID);
}

/** What a plan does to members that are there, a word each. */
function words({ steps }: Plan): string[] {
  return steps.slice(2).map((step) => {
    if (step.do === 'refresh') return `refresh ${step.refreshes.map(({ member }) => member).join()}`;
    if (step.do === 'withhold') return `withhold ${step.member} from ${step.from}`;
    if (step.do === 'await') return `await ${step.member} ${step.until}`;
    return step.do === 'let-through' ? `let-through ${step.member}` : step.do;
  });
}

describe('a counterexample that is carried over to links', () => {
  it('keeps one member from the answer to its commit until all others have opened', () => {
    expect(words(carriedOver(lost(), true))).to.deep.equal([
      ...['refresh node02', 'await node02 parked'],
      ...['fault', 'withhold node01 from node02', 'refresh node01', 'await node01 recorded'],
      ...['refresh node03', 'await node03 settled', 'await node02 settled'],
      ...['let-through node01', 'await node01 parked', 'settle', 'verify'],
    ]);
  });

  it('names the step that cannot be forced: whoever leads the database is to be stopped by then', () => {
    const both = counterexample(explore(ASKED), ourSource, pinned);
    expect(() => carriedOver(both, true)).to.throw(
      InputError,
      /^step 4: node02 leads the database and is stopped, while node01 waits/,
    );
  });

  it('is none where the model loses no notice', () => {
    expect(() => lost({ ...ASKED, wakeups: 'latched' })).to.throw(InputError, /wake-ups latched\) no notice is lost/);
  });
});

it('how often something happens is told with the interval of Wilson', () => {
  for (const [times, of, least, most] of [
    [0, 50, 0, 0.0713],
    [5, 10, 0.2366, 0.7634],
    [50, 50, 0.9287, 1],
  ] as const) {
    const [low, high] = wilson(times, of);
    expect(low).to.be.closeTo(least, 0.0001);
    expect(high).to.be.closeTo(most, 0.0001);
  }
});

describe('a notice that comes too early, made to on the network', function () {
  this.timeout(60_000);
  before(async function () {
    await requireDqlite(this);
    const lack = lackOfLinks();
    if (lack !== null && process.env.CI === 'true') throw new Error(`CI must be able to relay links: ${lack}`);
    if (lack !== null) this.skip();
  });

  it('is lost, and the report says who had committed and did not know it', async () => {
    const runs = mkdtempSync(join(tmpdir(), 'rig-test-runs-'));
    try {
      const rolled = await roll(carriedOver(lost(), true), {
        runtime: processRuntime(),
        runs,
        signal: new AbortController().signal,
      });
      const { trace, verdict } = rolled;
      expect(verdict.outcome, account(rolled)).to.equal('holds');
      expect(rigEvents(trace, 'withheld')[0]?.bytes).to.be.greaterThan(0);
      expect(verdict.stalls.map(({ member, brokenBy }) => [member, brokenBy])).to.deep.equal([['node01', 'timer']]);
      expect(verdict.stalls[0]!.because).to.include(
        'node01 had committed, did not know it yet, and both notices came before it parked',
      );
    } finally {
      rmSync(runs, { recursive: true });
    }
  });
});
