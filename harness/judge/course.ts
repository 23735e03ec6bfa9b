/** Checks of the roll's course: it came to its end, who opened, who exited, and whether whoever was told to stop did. */
import { formatDuration } from '../../node/duration.ts';
import { tells } from '../plan/daemon.ts';
import { leavesAway } from '../plan/fault.ts';
import { awayAtEnd, faultsOf, type Plan } from '../plan/plan.ts';
import { firstFrom, placeUntil } from '../trace/instants.ts';
import { type RigEvent, rigEvents, rigEventsOf, type StopWay, type Trace } from '../trace/trace.ts';
import { exitAllowedBy, slowStopAllowedBy } from './allowed.ts';
import { wokenByNobody } from './conform-observed.ts';
import {
  broken,
  type Check,
  cameToItsEnd,
  cannotTell,
  type Evidence,
  holds,
  isCutShort,
  judged,
  listed,
  notApplicable,
} from './evidence.ts';
import { exitWords, isOpenAtEnd, type OwnExit, ownExits, signalOfCode } from './exits.ts';
import { startsOf } from './incarnations.ts';
import { gaveUpUnderLag, lagsWithin, lagWords } from './lag.ts';
import { missedWords } from './missed.ts';
import { patchingWords } from './patch-at-exit.ts';
import { firstDisagreement, predictedSteps } from './predicted.ts';
import { unreadWords } from './rows-read.ts';
import { hasSpared, idleFaults, idleWords } from './struck.ts';

export function complete({ plan, trace }: Evidence): Check {
  const name = 'complete';
  const ended = rigEvents(trace, 'ended')[0];
  if (ended === undefined) return cannotTell(name, 'the trace has no end: its rig was ended before the roll was');
  switch (ended.how) {
    case 'complete':
      return holds(name, `every step of the plan was carried out${idleAside(plan, trace)}`);
    case 'unsettled': {
      const unsettled = rigEvents(trace, 'unsettled').flatMap(({ members }) => Object.entries(members));
      const waits = unsettled.map(([member, waitsFor]) => `${member} ${waitsFor ?? 'does not say what it waits for'}`);
      const idle = idleFaults(plan, trace);
      const byFaults = [...faultsOf(plan)].flatMap(([id, fault]) =>
        leavesAway(fault) && !idle.has(id) ? [fault.member] : [],
      );
      const away = awayAtEnd(plan, idle);
      const stopped = plan.steps.flatMap((step) => (step.do === 'stop' && away.has(step.member) ? [step.member] : []));
      const left = [...new Set([...byFaults, ...stopped])];
      if (left.length > 0 && unsettled.every(([member]) => !plan.expect.open.includes(member)))
        return holds(
          name,
          `every step was carried out; who waits for ${left.join(', ')}, who stays away, waits for good`,
        );
      return gaveUp(plan, trace, name, `the roll did not settle: ${listed(waits)}`);
    }
    case 'interrupted':
      return cannotTell(name, 'the roll was interrupted');
    case 'finding': {
      const findings = rigEvents(trace, 'finding');
      const words = listed(findings.map(({ because, doubt }) => (doubt === null ? because : `${because}; ${doubt}`)));
      return findings.every(({ doubt }) => doubt !== null) ? cannotTell(name, words) : gaveUp(plan, trace, name, words);
    }
    case 'environment': {
      const words = rigEvents(trace, 'failure').map(({ because }) => because);
      return cannotTell(name, `the environment failed: ${listed(words)}`);
    }
  }
}

function idleAside(plan: Plan, trace: Trace): string {
  const words = idleWords(plan, trace);
  return words === '' ? '' : `; but ${words}`;
}

/** What the rig waited for in vain is no fault of anybody's where it did not look all the time. */
function gaveUp(plan: Plan, trace: Trace, name: string, words: string): Check {
  const lag = gaveUpUnderLag(trace, plan.settleLimitMs);
  return lag === null ? broken(name, words) : cannotTell(name, `${words}; but ${lag}`);
}

/** Only the replay of a counterexample predicts what each step does. */
export function asPredicted({ plan, trace }: Evidence): Check {
  const name = 'as-predicted';
  if (!plan.holds) return notApplicable(name, 'the plan predicts no single step');
  const disagreement = firstDisagreement(plan, trace);
  if (disagreement !== null) return broken(name, disagreement);
  return holds(name, `reality agreed with the model in all ${predictedSteps(plan)} steps`);
}

/**
 * Where what a daemon logs and what it answers contradict each other, nothing that rests on either can be believed; nor where
 * some of what it has told is missing.
 */
export function sourcesAgree({ plan, trace, damage }: Evidence): Check {
  const name = 'sources';
  const missed = missedWords(trace, damage);
  if (missed !== null) return cannotTell(name, missed);
  const contradictions = rigEvents(trace, 'contradiction');
  if (contradictions.length > 0)
    return cannotTell(name, listed(contradictions.map(({ member, text }) => `of ${member}, ${text}`)));
  const unread = cameToItsEnd(trace) ? unreadWords(plan, trace) : null;
  if (unread !== null) return cannotTell(name, `${unread}: look at the probe that reads rows`);
  const untimely = isObserved(plan) && cameToItsEnd(trace) ? wokenByNobody(plan, trace) : [];
  if (untimely.length > 0) return cannotTell(name, untimelyWords(plan, untimely));
  const unmatched = rigEvents(trace, 'unmatched').filter(({ tellsOf }) => tellsOf !== 'exiting');
  const aside = unmatched.map(({ tellsOf, pattern }) => `; no line matched the pattern of ${tellsOf}: /${pattern}/`);
  const observed = trace.some((event) => 'observed' in event && event.observed !== undefined);
  if (!observed) return notApplicable(name, 'every event was told by its member itself');
  return holds(name, `nothing that was seen contradicts what was seen elsewhere${aside.join('')}`);
}

/** Whether members are watched while they wait, and their notices are those of a model. */
function isObserved({ daemon }: Plan): boolean {
  return daemon.model !== null && !tells(daemon, 'checked') && tells(daemon, 'parked') && tells(daemon, 'open');
}

function untimelyWords({ daemon: { timer } }: Plan, members: readonly string[]): string {
  const every = timer === null ? '' : `, which is ${formatDuration(timer.everyMs)}`;
  return `${members.join(', ')} went on after a park that was no timer${every}, when nobody had opened who could have sent a notice: the timer may be another`;
}

/** The members that are expected to be open are, and no others. */
export function everyoneOpened({ plan, trace }: Evidence): Check {
  const name = 'opened';
  if (!tells(plan.daemon, 'open')) return cannotTell(name, 'nothing tells when a member opens');
  const open = plan.members.filter((member) => isOpenAtEnd(plan, trace, member));
  const doubts = rigEvents(trace, 'finding').filter(({ doubt }) => doubt !== null);
  if (doubts.length > 0) return cannotTell(name, 'a member was not seen to open, and may have');
  const missing = plan.expect.open.filter((member) => !open.includes(member));
  const surprising = open.filter((member) => !plan.expect.open.includes(member));
  const late = missing.map((member) => `${member} did not open`);
  const early = surprising.map((member) => `${member} opened, and should not have`);
  if (missing.length + surprising.length > 0 && hasSpared(plan, trace))
    return cannotTell(name, `${listed([...late, ...early])}; but ${idleWords(plan, trace)}`);
  if (early.length === 0 && late.length > 0) return gaveUp(plan, trace, name, listed(late));
  const who =
    open.length === plan.members.length
      ? `all ${open.length} members`
      : open.length === 0
        ? 'no member'
        : open.join(', ');
  return judged(name, [...late, ...early], `${who} open at the end, as expected`);
}

/** Every exit counts, also of a member that was started again since; but one that its supervisor heals is only told. */
export function exitsAsExpected({ plan, trace }: Evidence): Check {
  const exits = plan.members.flatMap((member) => ownExits(trace, member));
  const lasting = exits
    .filter((exit) => !exit.isHealed)
    .map((exit) => ({ exit, allowedBy: exitAllowedBy(plan, trace, exit) }));
  const final = lasting.filter(({ allowedBy }) => allowedBy === null).map(({ exit }) => exit);
  const faults = [
    ...final
      .filter((exit) => plan.expect.exits[exit.member] !== exit.reason)
      .map((exit) => `${exit.member} exited: ${exit.message}${patchingWords(exit.patching)}`),
    ...Object.entries(plan.expect.exits)
      .filter(([member]) => !isCutShort(trace) && !exits.some((exit) => exit.member === member))
      .map(([member, reason]) => `${member} should have exited (${reason}), and did not`),
  ];
  const expected = listed(final.map((exit) => `${exit.member} exited: ${exit.message}`));
  const healed = healedWords(exits.filter((exit) => exit.isHealed));
  const fine = expected === '' ? 'no member exited by itself for good' : `as expected: ${expected}`;
  const allowed = listed(
    lasting.flatMap(({ exit, allowedBy }) =>
      allowedBy === null ? [] : [`${exit.member} exited, as a fault allows, since ${allowedBy}`],
    ),
  );
  const also = [allowed, healed].filter((words) => words !== '').join('; ');
  const check = judged('exits', faults, also === '' && expected === '' ? 'no member exited by itself' : fine);
  return also === '' ? check : { ...check, because: `${check.because}; ${also}` };
}

/** `node02 exited once, and its supervisor started it again: it went without a word (exit code 1)` */
export function healedWords(exits: readonly OwnExit[]): string {
  const members = Map.groupBy(exits, ({ member }) => member);
  const words = [...members].map(([member, own]) => {
    const times = own.length === 1 ? 'once' : `${own.length} times`;
    const { message, patching } = own.at(-1)!;
    return `${member} exited ${times}, and its supervisor started it again: ${message}${patchingWords(patching)}`;
  });
  return listed(words);
}

/**
 * Whoever is told to stop ends as it was told: by itself, in time, and neither with a failure nor by a signal that is not the
 * rig's. A parked member that does not stop by itself is killed where its daemon is known for that; whoever is killed, there or
 * where the plan has it, dies of that.
 */
export function stoppedAsTold({ plan, trace }: Evidence): Check {
  const name = 'stopped';
  const stops = [
    ...rigEvents(trace, 'stopping'),
    ...rigEvents(trace, 'killing').map(({ atNs, member }) => ({ atNs, member, by: 'kill' as const })),
  ];
  if (stops.length === 0) return notApplicable(name, 'no member was told to stop');
  const unseen = cameToItsEnd(trace) ? plan.members.filter((member) => !isSeenToGo(trace, member)) : [];
  if (unseen.length > 0) return cannotTell(name, `nothing tells that ${unseen.join(', ')} ended`);
  const allowed: string[] = [];
  const faults = stops.flatMap((stop) => {
    const gone = firstFrom(rigEventsOf(trace, 'gone', stop.member), stop.atNs);
    if (gone === undefined) return [];
    // Whatever ends a later start of the member is not the end of this one.
    const starts = startsOf(plan, trace, stop.member);
    const again = starts[placeUntil(starts, stop.atNs) + 1];
    if (again !== undefined && gone.atNs > again.atNs) return [];
    const since = starts[placeUntil(starts, stop.atNs)]?.atNs ?? Number.NEGATIVE_INFINITY;
    const isOfLife = (atNs: number): boolean => atNs > since && atNs <= gone.atNs;
    const fault = faultOfStop(stop.by, gone);
    if (fault === null) return [];
    // One that is being stopped may be killed by a rig that is told to hurry: it ends as either would have it.
    const isAsOther = stops.some(
      ({ member, atNs, by }) =>
        member === stop.member && by !== stop.by && isOfLife(atNs) && faultOfStop(by, gone) === null,
    );
    if (isAsOther) return [];
    // One that was turned away while it was told to stop went by itself: `exits` judges that.
    const isOwn = ownExits(trace, stop.member).some(({ atNs }) => atNs === gone.atNs);
    if (isOwn && !gone.killed) return [];
    const within = { member: stop.member, fromNs: stop.atNs, toNs: gone.atNs };
    const allowedBy = gone.killed ? slowStopAllowedBy(plan, trace, within) : null;
    if (allowedBy !== null) {
      allowed.push(`${stop.member} had to be killed: ${allowedBy}`);
      return [];
    }
    // That it had to be killed is a time-out; how it ended is not.
    const lag = gone.killed ? lagWords(lagsWithin(trace, stop.atNs, gone.atNs)) : '';
    return [{ words: `${stop.member} ${fault}`, lag }];
  });
  const late = faults.filter(({ lag }) => lag !== '');
  if (late.length > 0 && late.length === faults.length)
    return cannotTell(name, listed(late.map(({ words, lag }) => `${words}; but ${lag}`)));
  const killed = rigEvents(trace, 'stopping').filter(({ by }) => by === 'kill').length;
  const also =
    killed === 0 ? '' : `; ${killed} were killed, as it is said of ${plan.daemon.name} that they do not stop then`;
  return judged(
    name,
    [...new Set(faults.map(({ words }) => words))],
    allowed.length === 0
      ? `every member stopped when it was told to${also}`
      : `every member stopped when it was told to, but where its faults allow that it does not: ${listed(allowed)}${also}`,
  );
}

/** Whether the last life of a member is seen to end. */
function isSeenToGo(trace: Trace, member: string): boolean {
  const launch = rigEventsOf(trace, 'launching', member).at(-1);
  return launch === undefined || firstFrom(rigEventsOf(trace, 'gone', member), launch.atNs) !== undefined;
}

function faultOfStop(by: StopWay, gone: RigEvent & { rig: 'gone' }): string | null {
  if (gone.killed) return 'did not stop when it was told to, and had to be killed';
  const asOf = gone.signal ?? (gone.code === null ? null : signalOfCode(gone.code));
  if (by === 'kill') {
    const isKilled = asOf === 'SIGKILL' || (gone.code === null && gone.signal === null);
    return isKilled ? null : `was to be killed, and had ended before that (${exitWords(gone)})`;
  }
  if (gone.code === 0 || TELLING.includes(asOf ?? '')) return null;
  return `was told to stop, and ended otherwise (${exitWords(gone)})`;
}

/** A program that dies of the very signal that tells it to stop has been told. */
const TELLING = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
