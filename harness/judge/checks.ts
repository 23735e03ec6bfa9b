/** The checks of the judge: each looks at one thing, says whether it holds, and gives its evidence. */
import { formatDuration } from '../../node/duration.ts';
import { GATE_WORDS } from '../../node/words.ts';
import type { Budgets } from '../plan/plan.ts';
import { rigEvents } from '../trace/trace.ts';
import type { Check, Evidence } from './evidence.ts';
import { isOpenAtEnd, ownExits } from './exits.ts';
import type { MemberFigures } from './figures.ts';
import { firstDisagreement, predictedSteps } from './predicted.ts';
import { appliedOnce, nobodyOpenedEarly } from './safety.ts';
import { noRecordLost, openMembersServe } from './service.ts';

type CheckOf = (evidence: Evidence) => Check;

/** In the order in which a person wants to read them. */
export const CHECKS: readonly CheckOf[] = [
  complete,
  asPredicted,
  everyoneOpened,
  exitsAsExpected,
  openedByNotice,
  nobodyOpenedEarly,
  appliedOnce,
  noRecordLost,
  openMembersServe,
  stoppedInTime,
  withinBudgets,
];

function complete({ trace }: Evidence): Check {
  const name = 'complete';
  const ended = rigEvents(trace, 'ended')[0];
  if (ended === undefined) return { name, holds: false, because: 'the trace has no end' };
  const unsettled = rigEvents(trace, 'unsettled').flatMap(({ members }) => Object.entries(members));
  const waits = unsettled.map(([member, waitsFor]) => `${member} ${waitsFor ?? 'does not say what it waits for'}`);
  const because = {
    complete: 'every step of the plan was carried out',
    unsettled: `the roll did not settle: ${waits.join('; ')}`,
    interrupted: 'the roll was interrupted',
  }[ended.how];
  return { name, holds: ended.how === 'complete', because };
}

/** Only the replay of a counterexample predicts what each step does. */
function asPredicted({ plan, trace }: Evidence): Check {
  const name = 'as-predicted';
  if (!plan.holds) return { name, holds: true, because: 'the plan predicts no single step' };
  const disagreement = firstDisagreement(plan, trace);
  const fine = `reality agreed with the model in all ${predictedSteps(plan)} steps`;
  return { name, holds: disagreement === null, because: disagreement ?? fine };
}

/** The members that are expected to be open are, and no others. */
function everyoneOpened({ plan, trace }: Evidence): Check {
  const open = plan.members.filter((member) => isOpenAtEnd(trace, member));
  const missing = plan.expect.open.filter((member) => !open.includes(member));
  const surprising = open.filter((member) => !plan.expect.open.includes(member));
  const faults = [
    ...missing.map((member) => `${member} did not open`),
    ...surprising.map((member) => `${member} opened, and should not have`),
  ];
  const count =
    open.length === plan.members.length
      ? `all ${open.length} members`
      : open.length === 0
        ? 'no member'
        : open.join(', ');
  return {
    name: 'opened',
    holds: faults.length === 0,
    because: faults.join('; ') || `${count} open at the end, as expected`,
  };
}

/** Every exit counts, also of a member that was started again since. */
function exitsAsExpected({ plan, trace }: Evidence): Check {
  const exits = plan.members.flatMap((member) => ownExits(trace, member));
  const faults = [
    ...exits
      .filter((exit) => plan.expect.exits[exit.member] !== exit.reason)
      .map((exit) => `${exit.member} exited: ${exit.message}`),
    ...Object.entries(plan.expect.exits)
      .filter(([member]) => !exits.some((exit) => exit.member === member))
      .map(([member, reason]) => `${member} should have exited (${reason}), and did not`),
  ];
  const expected = exits.map((exit) => `${exit.member} exited: ${exit.message}`).join('; ');
  const because = faults.join('; ') || (expected === '' ? 'no member exited by itself' : `as expected: ${expected}`);
  return { name: 'exits', holds: faults.length === 0, because };
}

/** A member that is told to stop does, also while it is parked. */
function stoppedInTime({ trace }: Evidence): Check {
  const killed = rigEvents(trace, 'gone').filter((event) => event.killed);
  const because = killed.map((event) => `${event.member} did not stop when it was told to, and had to be killed`);
  return {
    name: 'stopped',
    holds: killed.length === 0,
    because: because.join('; ') || 'every member stopped when it was told to',
  };
}

/**
 * The verdict that matters, and that no slow machine can turn: whether anybody sat out a timer after its gate could have
 * passed. A timer that only looks again while there is something to wait for does no harm.
 */
function openedByNotice({ plan, figures, stalls }: Evidence): Check {
  const name = 'woken';
  const stalled = stalls.filter((stall) => stall.brokenBy === 'timer');
  const words = stalled.map(
    ({ member, gate, stallMs }) => `${member} stalled at ${GATE_WORDS[gate]} for ${formatDuration(stallMs)}`,
  );
  switch (plan.expect.wokenBy) {
    case 'either':
      return { name, holds: true, because: 'the plan does not say what may open a member' };
    case 'timer': {
      const because =
        stalled.length > 0
          ? `as expected, only a timer ended a stall: ${words.join(', ')}`
          : 'nobody stalled until a timer, and somebody was expected to';
      return { name, holds: stalled.length > 0, because };
    }
    case 'notice': {
      const woken = figures.filter((member) => member.wokenBy.includes('notice')).map((member) => member.name);
      const fine =
        woken.length === 0 ? 'nobody had to be woken by a notice' : `woken by notices in time: ${woken.join(', ')}`;
      return {
        name,
        holds: stalled.length === 0,
        because: stalled.length > 0 ? `only a timer ended a stall: ${words.join(', ')}` : fine,
      };
    }
  }
}

const BUDGETED: ReadonlyArray<readonly [keyof Budgets & keyof MemberFigures, string]> = [
  ['timeToOpenMs', 'time-to-open'],
  ['unblockLatencyMs', 'unblock latency'],
  ['stallMs', 'stall'],
  ['downtimeMs', 'downtime'],
];

function withinBudgets({ plan, trace, figures }: Evidence): Check {
  const name = 'budgets';
  const stated = BUDGETED.filter(([figure]) => plan.expect.budgets[figure] !== undefined);
  if (stated.length > 0 && rigEvents(trace, 'began')[0]?.alone === false) {
    return { name, holds: true, because: 'not judged: other rolls had a share of the machine' };
  }
  const faults = stated.flatMap(([figure, word]) => {
    const budgetMs = plan.expect.budgets[figure]!;
    const over = figures.filter((member) => (member[figure] ?? 0) > budgetMs);
    return over.map(
      (member) =>
        `${member.name}: ${word} ${formatDuration(member[figure] ?? 0)} over a budget of ${formatDuration(budgetMs)}`,
    );
  });
  const fine =
    stated.length === 0 ? 'the plan states no budget' : `${stated.map(([, word]) => word).join(', ')} within budget`;
  return { name, holds: faults.length === 0, because: faults.join('; ') || fine };
}
