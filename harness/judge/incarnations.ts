/** The incarnations of a member: from each start of its process to the end of it, with what happened at its gates. */
import type { MemberEvent } from '../../node/events.ts';
import type { WokenBy } from '../../node/upgrade/machine.ts';
import type { Gate } from '../../node/upgrade/strategy.ts';
import { eventsOf, type Trace } from '../trace/trace.ts';

type Of<Name extends MemberEvent['event']> = MemberEvent & { readonly event: Name };

/** One park: from the waiting's start until a waking, or until the process ended. */
export interface Park {
  readonly gate: Gate;
  readonly fromNs: number;
  /** Null where the member was never woken. */
  readonly toNs: number | null;
  readonly by: WokenBy | null;
}

export interface Incarnation {
  readonly member: string;
  readonly started: Of<'started'>;
  readonly checks: ReadonlyArray<Of<'checked'>>;
  readonly parks: readonly Park[];
  readonly notices: ReadonlyArray<Of<'noticed'>>;
  readonly sent: ReadonlyArray<Of<'notified'>>;
  readonly open: Of<'open'> | null;
  readonly exiting: Of<'exiting'> | null;
}

/** All incarnations of a member, in order. */
export function incarnationsOf(trace: Trace, member: string): Incarnation[] {
  const events = eventsOf(trace, member);
  const starts = events.flatMap((event, index) => (event.event === 'started' ? [index] : []));
  return starts.map((start, index) => incarnationOf(member, events.slice(start, starts[index + 1])));
}

/** The incarnations that began with a refresh; a bootstrapped or joined member passes no gate. */
export function refreshedIncarnations(trace: Trace, member: string): Incarnation[] {
  return incarnationsOf(trace, member).filter((incarnation) => incarnation.started.action === 'start');
}

function incarnationOf(member: string, events: readonly MemberEvent[]): Incarnation {
  const all = <Name extends MemberEvent['event']>(name: Name): Of<Name>[] =>
    events.filter((event): event is Of<Name> => event.event === name);
  const started = all('started')[0];
  if (started === undefined) throw new Error('a incarnation begins with the event "started"');
  const wakes = all('woken');
  const parks = all('parked').map((parked, index): Park => {
    const wake = wakes[index];
    return { gate: parked.gate, fromNs: parked.atNs, toNs: wake?.atNs ?? null, by: wake?.by ?? null };
  });
  return {
    member,
    started,
    checks: all('checked'),
    parks,
    notices: all('noticed'),
    sent: all('notified'),
    open: all('open')[0] ?? null,
    exiting: all('exiting')[0] ?? null,
  };
}
