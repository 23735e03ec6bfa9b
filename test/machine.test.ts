import { expect } from 'chai';
import { forecast } from '../harness/explore/forecast.ts';
import type { Scenario } from '../harness/input/scenario.ts';
import { examine } from '../node/upgrade/gate.ts';
import { advance, command, dispositionOf, type State, start } from '../node/upgrade/machine.ts';
import { STRATEGIES, type StrategyName } from '../node/upgrade/strategy.ts';
import { rules } from './support/rules.ts';
import { STALLS, STEPS, type Step } from './support/theory.ts';
import { planOf, version } from './support/versions.ts';

const BLOCKED = { is: 'blocked', by: [] } as const;

/** How many timers a roll needs, and who is open at its end, in the interleaving of the forecast. */
function outcomeOf(scenario: Scenario): { timers: number; opened: string[] } {
  const happenings = forecast(planOf(scenario)).flatMap((step) => step.happenings);
  return {
    timers: happenings.filter((happening) => happening.is === 'timer').length,
    opened: happenings.flatMap((happening) => (happening.is === 'opened' ? [happening.member] : [])).sort(),
  };
}

const ALL = ['node01', 'node02', 'node03'];

describe('the upgrade machine', () => {
  describe('opens every member, and stalls where theory says', () => {
    for (const strategy of Object.keys(STRATEGIES) as StrategyName[]) {
      for (const [step, [from, to]] of Object.entries(STEPS)) {
        if (strategy === 'pair' && step === 'introduces') continue;
        const stalls = STALLS[strategy].includes(step as Step);
        it(`${strategy}, ${step}: ${stalls ? 'a timer' : 'no timer'}`, () => {
          const { timers, opened } = outcomeOf({ strategy, from, to });
          expect(opened).to.deep.equal(ALL);
          expect(timers > 0).to.equal(stalls);
        });
      }
    }
  });

  it('keeps a notice that arrives between the check and the park, or loses it', () => {
    for (const wakeups of ['latched', 'lossy'] as const) {
      const own = rules('split', { wakeups });
      let state: State = advance(own, start(own), { is: 'checked', outcome: BLOCKED });
      expect(command(state)).to.deep.equal({ do: 'park', gate: 'schema' });
      expect(dispositionOf(own, state, 'schema')).to.equal(wakeups === 'latched' ? 'latched' : 'dropped');
      state = advance(own, state, { is: 'noticed', kind: 'schema' });
      state = advance(own, state, { is: 'parked' });
      expect(command(state).do).to.equal(wakeups === 'latched' ? 'check' : 'wait');
    }
  });

  it('takes a kept notice once', () => {
    const own = rules('split');
    let state: State = advance(own, start(own), { is: 'noticed', kind: 'schema' });
    const parkAgain = (): void => {
      state = advance(own, state, { is: 'checked', outcome: BLOCKED });
      state = advance(own, state, { is: 'parked' });
    };
    parkAgain();
    expect(command(state).do).to.equal('check');
    parkAgain();
    expect(command(state).do).to.equal('wait');
  });

  it('wakes a split member only by the kind it waits for, a combined one by any', () => {
    for (const [strategy, kind, disposition] of [
      ['split', 'api', 'latched'],
      ['split', 'schema', 'delivered'],
      ['split', 'both', 'delivered'],
      ['combined', 'api', 'delivered'],
    ] as const) {
      const own = rules(strategy);
      const parked = advance(own, advance(own, start(own), { is: 'checked', outcome: BLOCKED }), { is: 'parked' });
      expect(dispositionOf(own, parked, kind), `${strategy} ${kind}`).to.equal(disposition);
    }
  });

  it('resumes at the gate it parked at when split, at the first gate when combined', () => {
    for (const [strategy, gate] of [
      ['split', 'api'],
      ['combined', 'schema'],
    ] as const) {
      const own = rules(strategy);
      let state: State = advance(own, start(own), { is: 'checked', outcome: { is: 'pass' } });
      if (command(state).do === 'notify') state = advance(own, state, { is: 'notified' });
      state = advance(own, state, { is: 'checked', outcome: BLOCKED });
      state = advance(own, advance(own, state, { is: 'parked' }), { is: 'timer' });
      expect(command(state)).to.deep.equal({ do: 'check', gate });
    }
  });

  it('refuses an input that does not answer its command', () => {
    const own = rules('split');
    expect(() => advance(own, start(own), { is: 'parked' })).to.throw("cannot take 'parked'");
  });
});

describe('a gate', () => {
  const v4 = version('v4');
  const row = (member: string, name: string) => {
    const { internal, external, extensions } = version(name);
    return { member, internal, external, extensions };
  };
  const applied = { internal: 2, external: 2 };

  it('turns an older member away, naming who is ahead and by what, and records as the policy says', () => {
    const view = { applied: { internal: 2, external: 1 }, rows: [row('node01', 'v4'), row('node02', 'v4')] };
    for (const [ahead, records] of [
      ['exit', false],
      ['record', true],
      ['wait', true],
    ] as const) {
      const ruling = examine(STRATEGIES.split, ahead, 'schema', 'node01', version('v3'), view);
      expect(ruling.outcome).to.deep.equal({
        is: 'ahead',
        of: [{ member: 'node02', axis: 'external', has: 2, wants: 1 }],
      });
      expect(ruling.record !== null).to.equal(records);
      const own = rules('split', { ahead });
      const next = advance(own, start(own), { is: 'checked', outcome: ruling.outcome });
      expect(command(next).do).to.equal(ahead === 'wait' ? 'park' : 'exit');
    }
  });

  it('never lets a build wait that is older than the applied schema', () => {
    const view = { applied, rows: [row('node01', 'v4'), row('node02', 'v3')] };
    const own = rules('split', { ahead: 'wait' });
    const { outcome } = examine(own.strategy, own.ahead, 'schema', 'node02', version('v3'), view);
    expect(command(advance(own, start(own), { is: 'checked', outcome })).do).to.equal('exit');
  });

  it('tells a fork from a peer that is behind, records it, and has the peers told', () => {
    const view = { applied: { internal: 3, external: 2 }, rows: [row('node01', 'v5'), row('node02', 'v5')] };
    const fork = version('v5-fork');
    const own = rules('split');
    const ruling = examine(own.strategy, own.ahead, 'api', 'node02', fork, view);
    expect(ruling.outcome).to.deep.equal({
      is: 'forked',
      from: [{ member: 'node01', theirs: version('v5').extensions, mine: fork.extensions }],
    });
    expect(ruling.record?.extensions).to.deep.equal(fork.extensions);
    const before = { latched: [], serving: false, gated: false, pending: [] };
    const atApi: State = { ...before, phase: 'checking', gate: 'api', announce: null };
    const leaving = advance(own, atApi, { is: 'checked', outcome: ruling.outcome });
    expect(command(leaving)).to.deep.equal({ do: 'notify', kind: 'api' });
    const { outcome } = examine(own.strategy, own.ahead, 'api', 'node01', version('v5'), {
      ...view,
      rows: [view.rows[0]!, ruling.record!],
    });
    expect(outcome.is).to.equal('forked');
  });

  it('cannot introduce the column as a pair', () => {
    const view = { applied: { internal: 1, external: 1 }, rows: [row('node01', 'v1')] };
    const { outcome } = examine(STRATEGIES.pair, 'exit', 'pair', 'node01', v4, view);
    expect(outcome.is).to.equal('unsupported');
  });

  it('seeds every row with the committer’s extensions, only where it introduces the column', () => {
    const rows = ['node01', 'node02'].map((member) => ({ ...row(member, 'v1'), internal: 2 }));
    const introducing = { applied: { internal: 1, external: 1 }, rows };
    const seed = (strategy: StrategyName, view: typeof introducing) =>
      examine(STRATEGIES[strategy], 'exit', 'schema', 'node01', version('v2'), view).seed;
    expect(seed('seed', introducing)).to.deep.equal(version('v2').extensions);
    expect(seed('combined', introducing)).to.equal(null);
    expect(seed('seed', { applied: { internal: 2, external: 1 }, rows })).to.equal(null);
  });
});
