import { expect } from 'chai';
import { STEP_WORDS } from '../harness/cli/versions.ts';
import { type Answer, type Asked, explore, isFine } from '../harness/explore/explore.ts';
import { PROTOCOL, type Protocol } from '../harness/explore/protocol.ts';
import { StateStore } from '../harness/explore/store.ts';
import { tell } from '../harness/explore/tell.ts';
import { stepKind } from '../harness/plan/step-kind.ts';
import type { Rules, State } from '../node/upgrade/machine.ts';
import { WAKEUPS } from '../node/upgrade/machine.ts';
import { STRATEGIES, STRATEGY_NAMES, type StrategyName } from '../node/upgrade/strategy.ts';
import type { Version } from '../node/upgrade/version.ts';
import { STALLS, STEPS, type Step } from './support/theory.ts';
import { version } from './support/versions.ts';

const NO_FAULTS = { lose: 0, duplicate: 0, crash: 0 };

function ask(step: Step, more: Partial<Asked> = {}, protocol?: Protocol): Answer {
  const [from, to] = STEPS[step];
  return explore(
    {
      strategy: 'split',
      wakeups: 'latched',
      ahead: 'exit',
      from: version(from),
      to: version(to),
      members: 3,
      faults: NO_FAULTS,
      mostStates: 1_000_000,
      mostBytes: 2 ** 30,
      reduce: false,
      ...more,
    },
    protocol,
  );
}

function story(answer: Answer): string[] {
  return (answer.path ?? []).map(tell);
}

describe('the explorer', () => {
  it('finds steps of the kind "mixed" that a cluster takes, and others that it does not, as `versions` says', () => {
    const v6 = version('v6');
    const shorter = v6.extensions.slice(0, -1);
    const takes = (to: Partial<Version>, strategy: StrategyName): boolean => {
      const v7 = { ...v6, ...to, name: 'v7' };
      expect(stepKind(v6, v7)).to.equal('mixed');
      return isFine(ask('api', { from: v6, to: v7, strategy }));
    };
    expect(takes({ extensions: [...shorter, 'renamed', 'more'] }, 'split')).to.equal(true);
    expect(takes({ extensions: [...shorter, 'renamed'] }, 'split')).to.equal(false);
    expect(takes({ internal: 6, extensions: shorter }, 'preemptive')).to.equal(true);
    expect(takes({ internal: 6, extensions: shorter }, 'split')).to.equal(false);
    expect(STEP_WORDS.mixed).to.contain('whether members are turned away depends on the strategy');
  });

  it('comes out as theory says, for every strategy, wake-up and step', () => {
    for (const strategy of STRATEGY_NAMES) {
      for (const wakeups of WAKEUPS) {
        for (const step of Object.keys(STEPS) as Step[]) {
          if (strategy === 'pair' && step === 'introduces') continue;
          const answer = ask(step, { strategy, wakeups });
          const where = `${strategy}, ${wakeups}, ${step}`;
          const stalls = wakeups === 'lossy' || STALLS[strategy].includes(step);
          expect(answer.stuck > 0, where).to.equal(stalls);
          expect([answer.unsafe, answer.dead, answer.exhaustive], where).to.deep.equal([0, 0, true]);
          expect(answer.worstTimerRounds, where).to.satisfy((rounds: number | null) =>
            stalls ? rounds === null || rounds > 0 : rounds === 0,
          );
        }
      }
    }
  });

  it('shows the reported deadlock as the shortest way into it, with names', () => {
    expect(story(ask('introduces', { strategy: 'combined' }))).to.deep.equal([
      'node01 is refreshed to v2',
      'node02 is refreshed to v2',
      'node03 is refreshed to v2',
      'node01 finds at the schema gate node02 (internal schema 1, wants 2), node03 (internal schema 1, wants 2), and decides to park',
      'node02 finds at the schema gate node03 (internal schema 1, wants 2), and decides to park',
      'node03 passes the schema gate and applies the schema (internal 2, external 1)',
      'node01 parks at the schema gate',
      'node02 parks at the schema gate',
      'node03 finds at the API gate node01 (API extensions 0, wants 1), node02 (API extensions 0, wants 1), and decides to park',
      'node03 parks at the API gate',
    ]);
  });

  it('finds the notice that is lost between the check and the park', () => {
    const path = story(ask('schema', { strategy: 'combined', wakeups: 'lossy', members: 2 }));
    const decided = path.findIndex((line) => line.startsWith('node01 finds at the schema gate'));
    const dropped = path.indexOf('the notice from node02 reaches node01 and is dropped');
    const parked = path.indexOf('node01 parks at the schema gate');
    expect(decided).to.be.greaterThan(0).and.lessThan(dropped);
    expect(dropped).to.be.lessThan(parked);
  });

  describe('agrees with itself when it leaves unordered what cannot matter:', () => {
    const verdict = ({ stuck, unsafe, dead, livelock, worstTimerRounds }: Answer) => ({
      has: { stuck: stuck > 0, unsafe: unsafe > 0, dead: dead > 0, livelock: livelock > 0 },
      worstTimerRounds,
    });
    const askedOf: Array<[string, Partial<Asked>]> = [
      ['2 members, a notice lost and one duplicated', { members: 2, faults: { lose: 1, duplicate: 1, crash: 0 } }],
      ['2 members, two crashes', { members: 2, faults: { ...NO_FAULTS, crash: 2 } }],
      ['3 members', {}],
      ['3 members, a lost notice', { faults: { ...NO_FAULTS, lose: 1 } }],
      ['3 members, a duplicate', { faults: { ...NO_FAULTS, duplicate: 1 } }],
      ['3 members, a crash', { faults: { ...NO_FAULTS, crash: 1 } }],
      ['3 members, a crash that is put on record', { faults: { ...NO_FAULTS, crash: 1 }, ahead: 'record' }],
      ['3 members, a crash that the others wait out', { faults: { ...NO_FAULTS, crash: 1 }, ahead: 'wait' }],
      ['4 members', { members: 4 }],
    ];
    for (const [title, more] of askedOf) {
      it(title, () => {
        let saved = 0;
        for (const strategy of STRATEGY_NAMES) {
          for (const wakeups of WAKEUPS) {
            for (const step of Object.keys(STEPS) as Step[]) {
              if (strategy === 'pair' && step === 'introduces') continue;
              const asked = { ...more, strategy, wakeups };
              const [full, reduced] = [ask(step, asked), ask(step, { ...asked, reduce: true })];
              const where = `${strategy}, ${wakeups}, ${step}`;
              expect([full.exhaustive, reduced.exhaustive], where).to.deep.equal([true, true]);
              expect(verdict(reduced), where).to.deep.equal(verdict(full));
              expect(reduced.states, where).to.be.at.most(full.states);
              // Of the ends, not one may be missing; only a member that goes on where it parked has latches that tell
              // no end from another.
              if (STRATEGIES[strategy].resumesAt === 'first-gate') {
                expect([reduced.stuck, reduced.dead], where).to.deep.equal([full.stuck, full.dead]);
              }
              saved += full.states - reduced.states;
            }
          }
        }
        expect(saved).to.be.greaterThan(0);
      });
    }
  });

  it('finds that the fix survives one lost notice among three members, but not two, and any duplicate', () => {
    const stuck = (members: number, faults: Partial<typeof NO_FAULTS>) => {
      const answer = ask('both', { members, faults: { ...NO_FAULTS, ...faults } });
      expect([answer.unsafe, answer.dead, answer.livelock]).to.deep.equal([0, 0, 0]);
      return answer.stuck > 0;
    };
    expect(stuck(3, { lose: 1 })).to.equal(false);
    expect(stuck(3, { lose: 2 })).to.equal(true);
    expect(stuck(2, { lose: 1 })).to.equal(true);
    expect(stuck(3, { duplicate: 2 })).to.equal(false);
  });

  it('says so when it has not seen all', () => {
    expect(ask('both', { mostStates: 100 }).exhaustive).to.equal(false);
    expect(ask('both', { members: 4, mostBytes: 100_000 }).exhaustive).to.equal(false);
    expect(ask('both').exhaustive).to.equal(true);
  });

  describe('finds a fault that is planted:', () => {
    const plant = (fault: Partial<Protocol>): Protocol => ({ ...PROTOCOL, ...fault });

    it('a notice sent before the commit', () => {
      // The member announces the gate first, and examines it afterwards.
      const start: Protocol['start'] = (rules) => ({ ...PROTOCOL.start(rules), announce: 'schema' });
      const advance: Protocol['advance'] = (rules, state, input) => {
        const next = PROTOCOL.advance(rules, state, input);
        if (input.is !== 'checked' || next.phase === 'parking' || next.phase === 'exiting') return next;
        return next.phase === 'checking' ? { ...next, announce: 'api' } : { ...next, announce: null };
      };
      const answer = ask('both', { members: 2 }, plant({ start, advance }));
      expect(answer.stuck).to.be.greaterThan(0);
    });

    it('a latch that is not cleared', () => {
      const advance: Protocol['advance'] = (rules, state, input) => {
        const next = PROTOCOL.advance(rules, state, input);
        const before = 'latched' in state ? state.latched : [];
        return 'latched' in next ? { ...next, latched: [...new Set([...before, ...next.latched])] } : next;
      };
      // Such a member never sleeps: it comes round to its park again and again without anything having happened.
      // It takes a member that is told and finds itself blocked all the same: by a row that a crash has taken back.
      const taken = { faults: { ...NO_FAULTS, crash: 1 }, ahead: 'record' } as const;
      expect(ask('schema', taken, plant({ advance })).livelock).to.be.greaterThan(0);
      expect(ask('schema', taken).livelock).to.equal(0);
    });

    it('a gate that opens when only the schema agrees', () => {
      const examine: Protocol['examine'] = (strategy, ahead, gate, member, own, view) => {
        const ruling = PROTOCOL.examine(strategy, ahead, gate, member, own, view);
        return gate === 'api' && ruling.outcome.is === 'blocked' ? { ...ruling, outcome: { is: 'pass' } } : ruling;
      };
      const answer = ask('both', {}, plant({ examine }));
      expect(answer.unsafe).to.be.greaterThan(0);
      const path = story(answer);
      expect(path.at(-1)).to.match(/^node0\d passes the API gate$/);
      expect(path.filter((line) => line.includes('is refreshed'))).to.have.length(3);
    });

    it('an update applied outside the gate’s transaction', () => {
      // The gate passes first; a transaction of its own applies, without looking again whether somebody has.
      type Applying = State & { applying?: boolean };
      const examine: Protocol['examine'] = (strategy, ahead, gate, member, own, view) => {
        const ruling = PROTOCOL.examine(strategy, ahead, gate === 'pair' ? 'schema' : gate, member, own, view);
        if (gate === 'pair') return { ...ruling, apply: { internal: own.internal, external: own.external } };
        return gate === 'schema' ? { ...ruling, apply: null } : ruling;
      };
      const advance: Protocol['advance'] = (rules: Rules, state: Applying, input) => {
        if (state.phase === 'checking' && state.gate === 'pair' && input.is === 'checked') {
          return PROTOCOL.advance(rules, { ...state, gate: 'schema' }, input);
        }
        const next = PROTOCOL.advance(rules, state, input);
        const passed =
          state.phase === 'checking' && state.gate === 'schema' && next.phase === 'checking' && next.gate === 'api';
        return passed ? { ...next, gate: 'pair', announce: null } : next;
      };
      const answer = ask('both', { members: 2 }, plant({ examine, advance }));
      expect(answer.unsafe).to.be.greaterThan(0);
    });

    it('a member turned away that leaves its row behind', () => {
      // The policy is to put on record what really runs; the transaction is rolled back all the same.
      const examine: Protocol['examine'] = (...asked) => {
        const ruling = PROTOCOL.examine(...asked);
        return ruling.outcome.is === 'ahead' ? { ...ruling, record: null } : ruling;
      };
      // A crash onto the older version, after the row said the newer. One gate on everything, so that nothing but the row
      // can mislead anybody.
      const gone = { strategy: 'pair', faults: { ...NO_FAULTS, crash: 1 }, ahead: 'record' } as const;
      const answer = ask('schema', gone, plant({ examine }));
      expect(answer.unsafe).to.be.greaterThan(0);
      expect(story(answer).filter((line) => line.includes('crashes and starts again on v3'))).to.have.length(1);
      expect(ask('schema', gone).unsafe).to.equal(0);
    });
  });

  it('finds that the reported exit leaves a row behind that misleads, and that one put on record does not', () => {
    const gone = { strategy: 'pair', faults: { ...NO_FAULTS, crash: 1 } } as const;
    expect(ask('schema', { ...gone, ahead: 'exit' }).unsafe).to.be.greaterThan(0);
    expect(ask('schema', { ...gone, ahead: 'record' }).unsafe).to.equal(0);
  });
});

describe('the store of states', () => {
  it('numbers states in the order of their finding, and finds them again however many there are', () => {
    const store = new StateStore(3);
    const state = new Int32Array(3);
    const put = (index: number): number => {
      state.set([index, Math.imul(index, 2_654_435_761), index >>> 3]);
      return store.add(state);
    };
    const many = 100_000;
    for (let index = 0; index < many; index += 1) expect(put(index)).to.equal(index);
    for (let index = 0; index < many; index += 997) expect(put(index)).to.equal(index);
    expect(store.count).to.equal(many);
    const read = new Int32Array(3);
    store.read(12_345, read);
    expect([...read]).to.deep.equal([12_345, Math.imul(12_345, 2_654_435_761), 12_345 >>> 3]);
  });
});
