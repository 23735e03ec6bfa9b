import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { eventCostUs } from '../bench/event-cost.ts';
import { deviationOf } from '../harness/judge/conform.ts';
import { type Change, History } from '../harness/judge/history.ts';
import { judge } from '../harness/judge/judge.ts';
import { passableAt } from '../harness/judge/passable.ts';
import { examine, withoutRow, withRow, withSchema } from '../node/upgrade/gate.ts';
import type { Rules } from '../node/upgrade/machine.ts';
import type { Gate, StrategyName } from '../node/upgrade/strategy.ts';
import type { Row, View } from '../node/upgrade/version.ts';
import { machineTrace } from './support/machine-trace.ts';
import { rules } from './support/rules.ts';
import { pinned, planOf, version } from './support/versions.ts';

describe('a large trace', () => {
  for (const [what, members, timers] of [
    ['of many notices', 272, 0],
    ['of many timers', 50, 1480],
  ] as const) {
    it(`${what} is judged whole, and conforms`, function () {
      this.timeout(120_000);
      const plan = planOf({ members, from: 'v1', to: 'v2' });
      const trace = machineTrace(plan, timers);
      expect(trace.length).to.be.greaterThan(300_000);
      const verdict = judge(plan, trace);
      const outcomes = new Map(verdict.checks.map(({ name, outcome }) => [name, outcome]));
      for (const name of ['complete', 'opened', 'woken', 'notices', 'nobody-early', 'applied-once'])
        expect(outcomes.get(name), name).to.equal('holds');
      expect(deviationOf(plan, trace)).to.equal(null);
    });
  }
});

describe('the bench', () => {
  it('reads the lines of a roll as the rig has read them', async () => {
    const plan = planOf({ members: 3, from: 'v1', to: 'v2' });
    const runs = mkdtempSync(join(tmpdir(), 'rig-test-'));
    try {
      expect(await eventCostUs({ plan, trace: machineTrace(plan, 0) }, runs)).to.be.greaterThan(0);
    } finally {
      rmSync(runs, { recursive: true });
    }
  });
});

describe('since when a gate could have passed', () => {
  for (const name of ['split', 'upstream', 'pair'] as const) {
    it(`is, for ${name}, what the machine says of every moment of any history`, () => {
      fc.assert(fc.property(someChanges, (changes) => compareAll(name, changes)));
    });
  }
});

const MEMBERS = ['node01', 'node02', 'node03'];
const SCHEMAS = [...pinned.values()].map(({ internal, external }) => ({ internal, external }));

/** Few versions, so that gates pass often; and more changes than a block of a history has. */
const someVersion = fc.constantFrom(version('v1'), version('v2'), version('v3'));
const someRow = fc
  .record({ member: fc.constantFrom(...MEMBERS), version: someVersion })
  .map(({ member, version: { internal, external, extensions } }): Row => ({ member, internal, external, extensions }));
const someChange = fc.record({
  by: fc.constant('node01'),
  row: fc.option(someRow, { freq: 9 }),
  removed: fc.constantFrom(...Array<null>(9).fill(null), 'node02', 'node03'),
  seeded: fc.constantFrom(...Array<null>(9).fill(null), version('v2').extensions),
});
const someChanges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 19 }), fc.constantFrom(...SCHEMAS), someChange), { maxLength: 150 })
  .map((drawn) => {
    let [, applied] = drawn[0] ?? [0, SCHEMAS[0]!];
    // Mostly the schema stays.
    return drawn.map(([chance, schema, change]): Change => {
      if (chance === 0) applied = schema;
      // Nobody writes a row in the transaction that takes a member out.
      return { ...change, row: change.removed === null ? change.row : null, applied };
    });
  });

function compareAll(name: StrategyName, changes: readonly Change[]): void {
  const moments = changes.map(({ by }, atNs) => ({ atNs, sinceNs: atNs, by }));
  const history = new History(moments, changes);
  const asked = rules(name, { ahead: 'record' });
  const views = viewsOf(changes);
  // Not in the order in which they were made.
  for (const place of [...views.keys()].reverse()) expect(history.viewOf(place)).to.deep.equal(views[place]);
  for (const gate of asked.strategy.gates) {
    for (const member of MEMBERS) {
      let since: number | null = null;
      for (const [place, view] of views.entries()) {
        since = passes(asked, gate, member, view) ? (since ?? place) : null;
        expect(passableAt(asked, gate, version('v2'), history).since(member, place)).to.equal(since);
      }
    }
  }
}

function passes({ strategy, ahead }: Rules, gate: Gate, member: string, view: View): boolean {
  if (!view.rows.some((row) => row.member === member)) return false;
  return examine(strategy, ahead, gate, member, version('v2'), view).outcome.is === 'pass';
}

function viewsOf(changes: readonly Change[]): View[] {
  let view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  return changes.map(({ row, removed, seeded, applied }) => {
    if (removed !== null) view = withoutRow(view, removed);
    view = withSchema(row === null ? view : withRow(view, row), applied, seeded);
    return view;
  });
}
