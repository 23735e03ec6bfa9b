import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Rolled } from '../harness/cli/roll-plan.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import { counterexample } from '../harness/explore/counterexample.ts';
import { type Answer, type Asked, explore } from '../harness/explore/explore.ts';
import { PROTOCOL, type Protocol } from '../harness/explore/protocol.ts';
import { tell } from '../harness/explore/tell.ts';
import type { Scenario } from '../harness/input/scenario.ts';
import { deviationOf } from '../harness/judge/conform.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import { moveDurably, PatchNotes } from '../node/patch-notes.ts';
import { carryOut, examine } from '../node/upgrade/gate.ts';
import { PATCH_BY, PATCH_WHEN, type PatchWhen } from '../node/upgrade/patch.ts';
import { type Gate, STRATEGIES } from '../node/upgrade/strategy.ts';
import type { View } from '../node/upgrade/version.ts';
import { ENGINES, requireDqlite } from './support/engines.ts';
import { account, rollAll, rollOne } from './support/rig.ts';
import { describeScenarios } from './support/scenarios.ts';
import { pinned, version } from './support/versions.ts';

const ONES = { sqlite: {}, dqlite: { database: 'dqlite', network_latency: 100 } } as const;

const FIXTURES = [
  'patch-alone',
  'patch-once-too-early',
  'patch-gate',
  'patch-with-schema',
  'patch-before-barrier',
  'patch-reverted',
  'patch-reverted-gate',
  'patch-of-state-reverted',
  'patcher-killed',
] as const;

describeScenarios('a local patch', FIXTURES, (rolled) => {
  expect(outcomeOf(rolled, 'patched-once')).to.be.a('string').and.not.equal('not-applicable');
});

describe('a path of the explorer with patches, replayed on real members', function () {
  this.timeout(120_000);
  /** What falls short, by whom it is run, and of whom it is told that it did what the model says. */
  const paths = [
    ['after-open', 'v5.1-hurried', 'several openers collide'],
    ['at-start', 'v4.1', 'whoever has not been refreshed reads what is not there'],
  ] as const;
  for (const engine of ENGINES) {
    for (const [when, to, title] of paths) {
      it(`${title}, on ${engine}`, async function () {
        if (engine === 'dqlite') await requireDqlite(this);
        const answer = ask('v4', to, {
          strategy: 'pair',
          ahead: 'exit',
          reduce: false,
          patching: { when, by: 'each' },
        });
        const source = { ...ourSource, plan: (scenario: Scenario) => ourSource.plan({ ...scenario, ...ONES[engine] }) };
        const rolled = await rollOne(counterexample(answer, source, pinned));
        const { plan, trace, verdict } = rolled;
        expect(outcomeOf(rolled, 'as-predicted'), account(rolled)).to.equal('holds');
        expect(deviationOf(plan, trace)).to.equal(null);
        if (to === 'v5.1-hurried') expect(verdict.outcome, account(rolled)).to.equal('holds');
      });
    }
  }
});

describe('a patch that was interrupted', function () {
  this.timeout(60_000);

  it('is run again by the member that was killed, and by nobody else twice', async () => {
    const [rolled] = await rollAll('patcher-killed', { runtime: 'process' });
    const runs = (member: string) =>
      eventsOf(rolled!.trace, member).filter((event) => event.event === 'patched' && event.outcome === 'ran').length;
    expect([runs('node01'), runs('node02'), runs('node03')]).to.deep.equal([1, 1, 2]);
  });

  it('that one member runs for all was run by its own transaction, and is only noted', async () => {
    const [rolled] = await rollAll('patcher-killed', { patchBy: 'once', runtime: 'process' });
    expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
    const outcomes = eventsOf(rolled!.trace, 'node03').flatMap((event) =>
      event.event === 'patched' ? [event.outcome] : [],
    );
    expect(outcomes.at(-1)).to.equal('found');
  });

  it('leaves notes that are whole, in order, and there after a restart', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-notes-'));
    try {
      const notes = new PatchNotes(folder);
      notes.add('one');
      notes.add('two', 'three');
      expect(new PatchNotes(folder).names).to.deep.equal(['one', 'two', 'three']);
      moveDurably(folder, { from: 'patches.json', to: 'member/patches.json' });
      moveDurably(folder, { from: 'patches.json', to: 'member/patches.json' });
      expect(readFileSync(join(folder, 'member', 'patches.json'), 'utf8')).to.include('three');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function outcomeOf({ verdict }: Rolled, name: string): string | undefined {
  return verdict.checks.find((check) => check.name === name)?.outcome;
}

const NOTHING = { lose: 0, duplicate: 0, crash: 0 };

function ask(from: string, to: string, more: Partial<Asked> = {}, protocol?: Protocol): Answer {
  return explore(
    {
      ...{ strategy: 'split', wakeups: 'latched', ahead: 'record', members: 3, faults: NOTHING, reduce: true },
      ...{ mostStates: 2_000_000, mostBytes: 2 ** 30, from: version(from), to: version(to), ...more },
    } as Asked,
    protocol,
  );
}

describe('the gate of the patches', () => {
  const row = (member: string, name: string, patchCount?: number) => {
    const { internal, external, extensions } = version(name);
    return { member, internal, external, extensions, ...(patchCount === undefined ? {} : { patchCount }) };
  };

  it('does not count on a member that has gone back since it said that it had them', () => {
    const rows = [row('node01', 'v4.1', 1), row('node02', 'v4.1')];
    const view = { applied: version('v4'), rows };
    const look = (gate: Gate, member: string, build: string, seen: View) =>
      examine(STRATEGIES.split, 'record', gate, member, version(build), seen);
    expect(look('patch', 'node02', 'v4.1', view).outcome.is).to.equal('pass');
    const back = carryOut(view, look('schema', 'node01', 'v4', view));
    expect(look('patch', 'node02', 'v4.1', back).outcome).to.deep.equal({
      is: 'blocked',
      by: [{ member: 'node01', axis: 'patch', has: 0, wants: 1 }],
    });
  });

  it('lets a member pass beside one that has more', () => {
    const rows = [row('node01', 'v4.1', 2), row('node02', 'v4.1', 1)];
    const view = { applied: version('v4'), rows };
    expect(examine(STRATEGIES.split, 'record', 'patch', 'node02', version('v4.1'), view).outcome.is).to.equal('pass');
  });
});

describe('the explorer, of patches', function () {
  this.timeout(60_000);

  it('proves who is broken under every policy, in all orders', () => {
    const broken = (from: string, to: string): string[] =>
      PATCH_WHEN.flatMap((when) =>
        PATCH_BY.flatMap((by) => {
          const answer = ask(from, to, { patching: { when, by } });
          expect([answer.exhaustive, answer.stuck, answer.unsafe, answer.dead], `${when}, ${by}`).to.deep.equal([
            ...[true, 0, 0, 0],
          ]);
          return answer.misread > 0 ? [`${when}, ${by}`] : [];
        }),
      );
    const early = ['at-start, each', 'at-start, once'];
    expect(broken('v4', 'v4.1')).to.deep.equal([...early, 'after-open, each', 'after-open, once']);
    expect(broken('v4', 'v5.1')).to.deep.equal(early);
    // Of a patch of its own folder, no other member knows anything.
    expect(broken('v4.1', 'v4.2')).to.deep.equal([]);
  });

  it('says in one sentence who is broken', () => {
    const path = ask('v4', 'v4.1', { patching: { when: 'at-start', by: 'each' } }).path!;
    expect(path.map(tell)).to.deep.equal([
      'node01 is refreshed to v4.1',
      'node01 runs the patch record-values on the database, while node02, node03 serve and do not know it',
    ]);
  });

  it('agrees with itself when it leaves unordered what cannot matter', () => {
    for (const wakeups of ['latched', 'lossy'] as const) {
      for (const faults of [NOTHING, { ...NOTHING, crash: 1 }]) {
        for (const when of PATCH_WHEN) {
          for (const by of PATCH_BY) {
            for (const to of ['v4.1', 'v5.1', 'v5.1-hurried']) {
              const asked = { wakeups, faults, members: 2, patching: { when, by } };
              const has = ({ stuck, unsafe, misread, dead, livelock }: Answer) =>
                [stuck, unsafe, misread, dead, livelock].map((count) => count > 0);
              const [full, reduced] = [ask('v4', to, { ...asked, reduce: false }), ask('v4', to, asked)];
              const where = `${wakeups}, ${faults.crash} crashes, ${when}, ${by}, ${to}`;
              expect([full.exhaustive, reduced.exhaustive], where).to.deep.equal([true, true]);
              expect(has(reduced), where).to.deep.equal(has(full));
            }
          }
        }
      }
    }
  });

  it('finds the collision of several openers, and that a gate of their own does not keep them from it', () => {
    for (const when of ['after-open', 'all-open'] as const) {
      const answer = ask('v4', 'v5.1-hurried', { patching: { when, by: 'each' } });
      expect(answer.dead, when).to.be.greaterThan(0);
      expect(answer.path!.map(tell).filter((line) => line.includes('was in its way'))).to.have.length(2);
    }
  });

  describe('finds a fault that is planted:', () => {
    const plant = (fault: Partial<Protocol>): Protocol => ({ ...PROTOCOL, ...fault });
    const allOpen = { when: 'all-open' as PatchWhen, by: 'each' as const };

    it('a gate of the patches that everybody passes', () => {
      const examine: Protocol['examine'] = (strategy, ahead, gate, ...asked) => {
        const ruling = PROTOCOL.examine(strategy, ahead, gate, ...asked);
        return gate === 'patch' ? { ...ruling, outcome: { is: 'pass' } } : ruling;
      };
      expect(ask('v4', 'v4.1', { patching: allOpen }, plant({ examine })).misread).to.be.greaterThan(0);
    });

    it('a claim that nobody respects', () => {
      const examinePatch: Protocol['examinePatch'] = () => ({ outcome: 'ran', claims: true });
      const once = { patching: { when: 'all-open' as PatchWhen, by: 'once' as const } };
      expect(ask('v4', 'v4.1', once, plant({ examinePatch })).unsafe).to.be.greaterThan(0);
    });

    it('a notice that is not sent when the gate of the patches is passed', () => {
      const advance: Protocol['advance'] = (rules, state, input) => {
        const next = PROTOCOL.advance(rules, state, input);
        const isSilent = 'announce' in next && next.announce === 'patch';
        return isSilent ? { ...next, announce: null } : next;
      };
      expect(ask('v4', 'v4.1', { patching: allOpen }, plant({ advance })).stuck).to.be.greaterThan(0);
    });
  });
});
