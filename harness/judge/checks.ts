/** The checks of the judge: each looks at one thing, says whether it holds, and gives its evidence. */
import { formatDuration } from '../../node/duration.ts';
import type { ExitReason } from '../../node/events.ts';
import { type Axis, type Schema, sameNames } from '../../node/upgrade/version.ts';
import { GATE_WORDS } from '../../node/words.ts';
import type { Budgets, Plan } from '../plan/plan.ts';
import { eventsOf, rigEvents, type Trace } from '../trace/trace.ts';
import type { MemberFigures } from './figures.ts';
import { firstDisagreement, foretoldSteps } from './foretold.ts';
import { type History, viewAt } from './history.ts';
import { type Life, livesOf, refreshedLives } from './lives.ts';
import type { Stall } from './stall.ts';

export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** The evidence, in a sentence or several. */
  readonly because: string;
}

/** Everything that a check may look at. */
export interface Evidence {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly history: History;
  readonly figures: readonly MemberFigures[];
  readonly stalls: readonly Stall[];
}

type CheckOf = (evidence: Evidence) => Check;

/** In the order in which a person wants to read them. */
export const CHECKS: readonly CheckOf[] = [
  complete,
  asForetold,
  everyoneOpened,
  exitsAsExpected,
  openedByNotice,
  nobodyOpenedEarly,
  appliedOnce,
  noRecordLost,
  withinBudgets,
];

function complete({ trace }: Evidence): Check {
  const ended = rigEvents(trace, 'ended')[0];
  const unsettled = rigEvents(trace, 'unsettled').flatMap((event) => event.members);
  const because = {
    complete: 'every step of the plan was carried out',
    unsettled: `the roll did not settle in its limit: ${unsettled.join(', ')} neither opened nor exited`,
    interrupted: 'the roll was interrupted',
  }[ended?.how ?? 'interrupted'];
  return {
    name: 'complete',
    holds: ended?.how === 'complete',
    because: ended === undefined ? 'the trace has no end' : because,
  };
}

/** Only the replay of a counterexample foretells what each step does. */
function asForetold({ plan, trace }: Evidence): Check {
  const name = 'as-foretold';
  if (!plan.holds) return { name, holds: true, because: 'the plan foretells no single step' };
  const disagreement = firstDisagreement(plan, trace);
  const fine = `reality agreed with the model in all ${foretoldSteps(plan)} steps`;
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

function exitsAsExpected({ plan, trace }: Evidence): Check {
  const exits = plan.members.flatMap((member) => {
    const exit = ownExit(trace, member);
    return exit === null ? [] : [{ member, ...exit }];
  });
  const faults = [
    ...exits
      .filter((exit) => plan.expect.exits[exit.member] !== exit.reason)
      .map((exit) => `${exit.member} exited: it ${exit.message}`),
    ...Object.entries(plan.expect.exits)
      .filter(([member]) => !exits.some((exit) => exit.member === member))
      .map(([member, reason]) => `${member} should have exited (${reason}), and did not`),
  ];
  const expected = exits.map((exit) => `${exit.member} exited: it ${exit.message}`).join('; ');
  const because = faults.join('; ') || (expected === '' ? 'no member exited by itself' : `as expected: ${expected}`);
  return { name: 'exits', holds: faults.length === 0, because };
}

/** The verdict that matters, and that no slow machine can turn: what woke each member. */
function openedByNotice({ plan, figures, stalls }: Evidence): Check {
  const name = 'woken';
  const byTimer = figures.filter((member) => member.wokenBy.includes('timer')).map((member) => member.name);
  const needed = `a timer woke ${byTimer.join(', ')}: ${stallWords(stalls)}`;
  switch (plan.expect.wokenBy) {
    case 'either':
      return { name, holds: true, because: 'the plan does not say what may wake a member' };
    case 'timer': {
      const because =
        byTimer.length > 0 ? `as expected, ${needed}` : 'no member needed a timer, and one was expected to';
      return { name, holds: byTimer.length > 0, because };
    }
    case 'notice': {
      const woken = figures.filter((member) => member.wokenBy.length > 0).map((member) => member.name);
      const fine = woken.length === 0 ? 'nobody had to be woken' : `woken by notices only: ${woken.join(', ')}`;
      return { name, holds: byTimer.length === 0, because: byTimer.length > 0 ? needed : fine };
    }
  }
}

function stallWords(stalls: readonly Stall[]): string {
  const ended = stalls.filter((stall) => stall.brokenBy === 'timer');
  if (ended.length === 0) return 'its gate could not have passed any earlier';
  return ended
    .map(({ member, gate, stallMs }) => `${member} stalled at ${GATE_WORDS[gate]} for ${formatDuration(stallMs)}`)
    .join(', ');
}

/**
 * Safety: when a member decides to open, every row and the schema are at its version, and every member really runs it. A
 * row can lie: a member that was turned away under `ahead: exit` leaves the version behind that it recorded before.
 */
function nobodyOpenedEarly({ plan, trace, history }: Evidence): Check {
  const lives = plan.members.flatMap((member) => refreshedLives(trace, member)).filter((life) => life.open !== null);
  const faults = lives.flatMap((life) => {
    const decidedNs = lastPass(life);
    const missing = decidedNs === null ? ['it had passed no gate'] : missingAt(plan, trace, history, life, decidedNs);
    return missing.length === 0 ? [] : [`${life.member} opened early: ${missing.join(', ')}`];
  });
  const fine = `each of ${lives.length} openings came after all members had recorded its version, ran it, and the schema was applied`;
  const name = 'nobody-early';
  if (plan.expect.safe) return { name, holds: faults.length === 0, because: faults.join('; ') || fine };
  const because =
    faults.length > 0 ? `as expected: ${faults.join('; ')}` : 'nobody opened early, and somebody was expected to';
  return { name, holds: faults.length > 0, because };
}

function lastPass(life: Life): number | null {
  const passes = life.checks.filter((check) => check.outcome.is === 'pass' && check.decidedNs <= life.open!.atNs);
  return passes.at(-1)?.decidedNs ?? null;
}

/** What was not at the member's version at an instant. */
function missingAt(plan: Plan, trace: Trace, history: History, life: Life, atNs: number): string[] {
  const { version } = life.started;
  const view = viewAt(history, atNs);
  const isMine = (row: Schema & { extensions: readonly string[] }): boolean =>
    row.internal === version.internal &&
    row.external === version.external &&
    sameNames(row.extensions, version.extensions);
  const rows = view.rows.filter((row) => !isMine(row)).map((row) => `${row.member} had not recorded it`);
  const lies = plan.members.flatMap((member) => {
    const running = livesOf(trace, member).findLast((other) => other.started.atNs <= atNs)?.started.version;
    return running === undefined || isMine(running) || !view.rows.some((row) => row.member === member && isMine(row))
      ? []
      : [`the row of ${member} was a lie, it ran ${running.name}`];
  });
  const schemaIsOff = view.applied.internal !== version.internal || view.applied.external !== version.external;
  return [...rows, ...lies, ...(schemaIsOff ? ['the schema was not applied'] : [])];
}

function appliedOnce({ plan, trace }: Evidence): Check {
  const by = new Map<string, string[]>();
  for (const member of plan.members) {
    for (const event of eventsOf(trace, member)) {
      if (event.event !== 'applied') continue;
      for (const axis of ['internal', 'external'] as const satisfies Axis[]) {
        for (let version = event.from[axis] + 1; version <= event.to[axis]; version += 1) {
          const update = `${axis} ${version}`;
          by.set(update, [...(by.get(update) ?? []), member]);
        }
      }
    }
  }
  const twice = [...by].filter(([, members]) => members.length > 1);
  const faults = twice.map(
    ([update, members]) => `schema update ${update} was applied ${members.length} times, by ${members.join(' and ')}`,
  );
  return {
    name: 'applied-once',
    holds: faults.length === 0,
    because: faults.join('; ') || `each of ${by.size} schema updates was applied once`,
  };
}

function noRecordLost({ trace }: Evidence): Check {
  const name = 'no-record-lost';
  const ledger = rigEvents(trace, 'ledger')[0];
  if (ledger === undefined) return { name, holds: false, because: 'the records were never read back' };
  const readers = Object.entries(ledger.found);
  const faults = readers.flatMap(([member, keys]) => {
    const present = new Set(keys);
    const lost = ledger.acknowledged.filter((key) => !present.has(key));
    return lost.length === 0
      ? []
      : [`${member} lacks ${lost.length} of ${ledger.acknowledged.length}: ${lost.slice(0, 5).join(', ')}`];
  });
  if (readers.length === 0) return { name, holds: true, because: 'no member was open at the end to be asked' };
  const fine = `all ${ledger.acknowledged.length} acknowledged records were there, read through ${readers.map(([member]) => member).join(', ')}`;
  return { name, holds: faults.length === 0, because: faults.join('; ') || fine };
}

const BUDGETED: ReadonlyArray<readonly [keyof Budgets & keyof MemberFigures, string]> = [
  ['timeToOpenMs', 'time-to-open'],
  ['unblockLatencyMs', 'unblock latency'],
  ['stallMs', 'stall'],
  ['downtimeMs', 'downtime'],
];

function withinBudgets({ plan, figures }: Evidence): Check {
  const stated = BUDGETED.filter(([figure]) => plan.expect.budgets[figure] !== undefined);
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
  return { name: 'budgets', holds: faults.length === 0, because: faults.join('; ') || fine };
}

/** Open when the rig began to stop everybody: opened in its last life, and not gone by itself. */
function isOpenAtEnd(trace: Trace, member: string): boolean {
  const life = livesOf(trace, member).at(-1);
  return life !== undefined && life.open !== null && ownExit(trace, member) === null;
}

/** How a member's last life ended by itself: turned away, failed, or gone without a word. Null where it did not. */
function ownExit(trace: Trace, member: string): { reason: ExitReason; message: string } | null {
  const exiting = livesOf(trace, member).at(-1)?.exiting ?? null;
  if (exiting !== null) return exiting.reason === 'signal' || exiting.reason === 'tether' ? null : exiting;
  const gone = rigEvents(trace, 'gone').findLast((event) => event.member === member);
  if (gone === undefined || gone.killed) return null;
  return { reason: 'failed', message: `went without a word (exit code ${gone.code}, signal ${gone.signal})` };
}
