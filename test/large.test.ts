import { expect } from 'chai';
import { deviationOf } from '../harness/judge/conform.ts';
import { historyOf } from '../harness/judge/history.ts';
import { judge } from '../harness/judge/judge.ts';
import { passableAt } from '../harness/judge/passable.ts';
import { rulesOf } from '../harness/plan/daemon.ts';
import type { Plan } from '../harness/plan/plan.ts';
import { examine, withRow, withSchema } from '../node/upgrade/gate.ts';
import type { Gate, StrategyName } from '../node/upgrade/strategy.ts';
import type { Version, View } from '../node/upgrade/version.ts';
import { machineTrace } from './support/machine-trace.ts';
import { planOf } from './support/versions.ts';

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

describe('since when a gate could have passed', () => {
  for (const [strategy, from, to] of [
    ['split', 'v1', 'v2'],
    ['upstream', 'v1', 'v2'],
    ['combined', 'v4', 'v5'],
    ['pair', 'v4', 'v5'],
    ['pair', 'v1', 'v2'],
  ] as const) {
    it(`is, for ${strategy} from ${from} to ${to}, what the machine says of every moment`, () => {
      compareAll(planOf({ members: 4, from, to: to, strategy: strategy === 'pair' ? 'split' : strategy }), strategy);
    });
  }
});

/** Longer than a block of the history, which is made anew where somebody looks at it. */
const TIMERS = 60;

function compareAll(plan: Plan, name: StrategyName): void {
  const history = historyOf(plan, machineTrace(plan, TIMERS));
  const rules = rulesOf({ ...plan.daemon.model!, strategy: name });
  const views = viewsOf(history.changes);
  let found = 0;
  for (const version of [plan.versions[plan.from]!, plan.versions[plan.to]!]) {
    for (const gate of rules.strategy.gates) {
      for (const member of plan.members) {
        for (const place of views.keys()) {
          expect(history.viewOf(place)).to.deep.equal(views[place]);
          const since = passableAt(rules, gate, version, history).since(member, place);
          expect(since, `${member} at ${gate}, ${place}`).to.equal(slowly(views, gate, member, version, place));
          if (since !== null) found += 1;
        }
      }
    }
  }
  expect(found).to.be.greaterThan(0);

  function slowly(of: readonly View[], gate: Gate, member: string, version: Version, until: number): number | null {
    const passes = (view: View): boolean =>
      view.rows.some((row) => row.member === member) &&
      examine(rules.strategy, rules.ahead, gate, member, version, view).outcome.is === 'pass';
    let since: number | null = null;
    for (let place = until; place >= 0 && passes(of[place]!); place -= 1) since = place;
    return since;
  }
}

function viewsOf(changes: ReturnType<typeof historyOf>['changes']): View[] {
  let view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  return changes.map(({ row, seeded, applied }) => {
    view = withSchema(row === null ? view : withRow(view, row), applied, seeded);
    return view;
  });
}
