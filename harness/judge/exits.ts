/** Which members went by themselves, and which are open when the roll ends. */
import type { ExitReason, MemberEvent } from '../../node/events.ts';
import { describeExiting } from '../../node/words.ts';
import { once } from '../host/once.ts';
import { awayAtEnd, type Plan } from '../plan/plan.ts';
import { firstFrom, lastUntil } from '../trace/instants.ts';
import { eventsOf, type RigEvent, rigEvents, rigEventsOf, type Trace } from '../trace/trace.ts';
import { incarnationsOf } from './incarnations.ts';
import { type Patching, patchingAt } from './patch-at-exit.ts';
import { idleFaults } from './struck.ts';

/** A member that went, and that the rig had not told to. */
export interface OwnExit {
  readonly member: string;
  readonly atNs: number;
  readonly reason: ExitReason;
  readonly message: string;
  /** Whether its supervisor started it again: then it is not the end of the member. */
  readonly isHealed: boolean;
  /** The patch that it was running, and who else was; null where it was not seen to run any. */
  readonly patching: Patching | null;
}

/** Every time a member went by itself: turned away, failed, told by somebody else, or without a word. */
export function ownExits(trace: Trace, member: string): readonly OwnExit[] {
  return once(EXITS, rigEventsOf(trace, 'gone', member), () => exitsOf(trace, member));
}

const EXITS = new WeakMap<ReadonlyArray<RigEvent & { rig: 'gone' }>, readonly OwnExit[]>();

function exitsOf(trace: Trace, member: string): OwnExit[] {
  const events = eventsOf(trace, member);
  const starts = inOrder([
    ...rigEventsOf(trace, 'launching', member),
    ...events.filter((event) => event.event === 'started'),
  ]);
  const told = inOrder([...rigEventsOf(trace, 'stopping', member), ...rigEventsOf(trace, 'killing', member)]);
  const lastWords = events.filter((event): event is MemberEvent & { event: 'exiting' } => event.event === 'exiting');
  const restarts = rigEventsOf(trace, 'restarting', member);
  const goings = rigEventsOf(trace, 'gone', member);
  return goings.flatMap((gone, index): OwnExit[] => {
    const { atNs } = gone;
    // The incarnation that this ended: what was told or said before it belongs to another.
    const sinceNs = lastUntil(starts, atNs)?.atNs ?? Number.NEGATIVE_INFINITY;
    const within = <Item extends { atNs: number }>(list: readonly Item[]): Item | null => {
      const last = lastUntil(list, atNs);
      return last !== undefined && last.atNs > sinceNs ? last : null;
    };
    const exiting = within(lastWords);
    const restart = firstFrom(restarts, atNs);
    const isHealed = restart !== undefined && restart.atNs < (goings[index + 1]?.atNs ?? Number.POSITIVE_INFINITY);
    // One that was turned away while the rig was about to stop it was turned away all the same.
    const wasTurnedAway = exiting !== null && exiting.reason !== 'signal' && exiting.reason !== 'tether';
    const patching = patchingAt(trace, member, sinceNs, atNs, othersIn(trace, member));
    const said = exiting === null ? '' : `it ${describeExiting(exiting)}`;
    const isTold = within(told) !== null;
    const crash = isTold ? null : (gone.signal ?? (gone.code === null ? null : signalOfCode(gone.code)));
    if (wasTurnedAway && crash !== null) {
      const message = `${said}, and did not get to its end (${exitWords(gone)})`;
      return [{ member, atNs, reason: 'failed', message, isHealed, patching }];
    }
    if (wasTurnedAway) return [{ member, atNs, reason: exiting.reason, message: said, isHealed, patching }];
    if (isTold) return [];
    const how = exiting === null ? 'without a word' : 'told by a signal that the rig did not send';
    const message = `it went ${how} (${exitWords(gone)})`;
    return [{ member, atNs, reason: 'failed', message, isHealed, patching }];
  });
}

function othersIn(trace: Trace, member: string): string[] {
  const started = rigEvents(trace, 'launching').map((event) => event.member);
  return [...new Set(started)].filter((other) => other !== member);
}

function inOrder<Item extends { atNs: number }>(list: readonly Item[]): Item[] {
  return list.toSorted((one, other) => one.atNs - other.atNs);
}

/** `exit code 1`, `signal SIGSEGV`, `exit code 139, as of SIGSEGV` */
export function exitWords({ code, signal }: { code: number | null; signal: string | null }): string {
  if (signal !== null) return `signal ${signal}`;
  if (code === null) return 'nobody knows how';
  const asOf = signalOfCode(code);
  return asOf === null ? `exit code ${code}` : `exit code ${code}, as of ${asOf}`;
}

/** The signal that a shell's, or a container's, exit code stands for; null where it stands for none. */
export function signalOfCode(code: number): string | null {
  return SIGNALS[code - 128] ?? null;
}

/** The numbers of Linux, for the signals by which programs end. Not from the machine: a trace may be judged on another. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/** Open in the incarnation that its last start began, and not gone by itself since. */
export function isOpenAtEnd(plan: Plan, trace: Trace, member: string): boolean {
  const incarnation = incarnationsOf(plan, trace, member).at(-1);
  if (awayAtEnd(plan, idleFaults(plan, trace)).has(member)) return false;
  if (incarnation === undefined || incarnation.open === null) return false;
  const launchedNs = rigEventsOf(trace, 'launching', member).at(-1)?.atNs;
  const isLast = launchedNs === undefined || incarnation.started.atNs >= launchedNs;
  const openNs = incarnation.open.atNs;
  return isLast && !ownExits(trace, member).some((exit) => exit.atNs >= openNs);
}
