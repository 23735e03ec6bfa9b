import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { STEP_WORDS } from '../harness/cli/versions.ts';
import { paths } from '../harness/host/paths.ts';
import { OUTCOMES } from '../harness/judge/evidence.ts';
import { judge, VERDICTS } from '../harness/judge/judge.ts';
import { CELL_STATES } from '../harness/matrix/state.ts';
import { FIGURES } from '../harness/report/figures.ts';
import { SavedPlan } from '../harness/store/plan-schema.ts';
import { MemberEvent, RigEvent } from '../harness/trace/schema.ts';
import { ENDINGS, REQUEST_FAILURES } from '../harness/trace/trace.ts';
import { EVENT_GATES, EXIT_REASONS, NOTIFY_OUTCOMES } from '../node/events.ts';
import { FAILPOINTS } from '../node/failpoints.ts';
import { AHEAD_POLICIES } from '../node/upgrade/gate.ts';
import { WAKEUPS } from '../node/upgrade/machine.ts';
import { PATCH_BY, PATCH_WHEN } from '../node/upgrade/patch.ts';
import { STRATEGY_NAMES } from '../node/upgrade/strategy.ts';
import { planOf } from './support/versions.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  check: judge(planOf({}), []).checks.map(({ name }) => name),
  outcome: [...OUTCOMES, ...VERDICTS],
  'event of a member': MemberEvent.options.flatMap(({ shape }) => [...shape.event.values]),
  'event of the rig': RigEvent.options.flatMap(({ shape }) => [...shape.rig.values]),
  'step of a plan': SavedPlan.shape.steps.element.options.flatMap(({ shape }) => [...shape.do.values]),
  gate: EVENT_GATES,
  figure: FIGURES.map(({ name }) => name),
  strategy: STRATEGY_NAMES,
  setting: [...WAKEUPS, ...AHEAD_POLICIES, ...PATCH_WHEN, ...PATCH_BY],
  failpoint: FAILPOINTS,
  'reason of an exit': EXIT_REASONS,
  'outcome of a notice': [...NOTIFY_OUTCOMES, ...REQUEST_FAILURES, 'delivered', 'latched', 'dropped'],
  'kind of a step': Object.keys(STEP_WORDS),
  'state of a cell': CELL_STATES,
  ending: ENDINGS,
  'state of an exploration': ['stuck', 'unsafe', 'misread', 'dead', 'livelock'],
};

describe('docs/words.md', () => {
  const rows = readFileSync(join(paths.root, 'docs', 'words.md'), 'utf8').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm);
  const told = new Map([...rows].map(([, word, sentence]) => [word!, sentence!]));

  for (const [what, names] of Object.entries(NAMES)) {
    it(`has every ${what}, in a sentence`, () => {
      expect(names).to.have.length.greaterThan(0);
      expect(names.filter((name) => !/\w.*\.$/.test(told.get(name) ?? ''))).to.deep.equal([]);
    });
  }

  it('has the other words of messages', () => {
    const words = ['member', 'gate', 'park', 'notice', 'internal schema', 'external schema', 'API extension'];
    expect([...told.keys()]).to.include.members([...words, 'introduces', 'pace', 'patch', 'stall', 'shard', 'cell']);
  });
});
