/**
 * What is known of one process of a described member, from whichever source tells it first. Each turn is told once, and in an
 * order that makes sense: nobody is woken who did not wait, and nobody opens twice.
 */
import { nowNs } from '../../../node/clock.ts';
import type { Action, EventGate, MemberEvent, Observed } from '../../../node/events.ts';
import type { Version } from '../../../node/upgrade/version.ts';
import type { Told } from '../contract.ts';

/** What a source says of a member, and the time in which it must have come about. */
export interface Turn {
  readonly atNs: number;
  readonly observed: Observed;
}

type Phase = 'starting' | 'parked' | 'open';

export interface About {
  readonly member: string;
  readonly action: Action;
  readonly version: Version;
  readonly gate: EventGate;
  /** How long a park lasts at most; null where it is not known. */
  readonly waitMs: number | null;
}

export class DescribedStanding {
  readonly #about: About;
  readonly #told: Told;
  readonly #launchedNs = nowNs();
  #phase: Phase = 'starting';
  #hasStarted = false;
  #parkedNs = 0;

  constructor(about: About, told: Told) {
    this.#about = about;
    this.#told = told;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** When its start was asked for. */
  get launchedNs(): number {
    return this.#launchedNs;
  }

  /** Its process is there, or has printed something. */
  started(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { member, action, version } = this.#about;
    const observed = { sinceNs: this.#launchedNs, by: 'the rig has started it' };
    // The number of a process inside a container means nothing outside.
    this.#told.event({ atNs: nowNs(), member, event: 'started', pid: 0, action, version, observed });
  }

  /** When it was last seen to begin to wait. */
  get parkedNs(): number {
    return this.#parkedNs;
  }

  /** Whether it has a barrier to pass at all: whoever enters its first cluster has none. */
  get isRefreshed(): boolean {
    return this.#about.action === 'start' || this.#about.action === 'reform';
  }

  parked(turn: Turn): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'parked';
    this.#parkedNs = turn.atNs;
    const { gate, waitMs } = this.#about;
    this.event({ event: 'parked', gate, waitMs }, turn);
  }

  woken(turn: Turn, by: 'notice' | 'timer' | 'unknown'): void {
    if (this.#phase !== 'parked') return;
    this.#phase = 'starting';
    this.event({ event: 'woken', gate: this.#about.gate, by }, turn);
  }

  open(turn: Turn): void {
    if (this.#phase === 'open') return;
    // Whoever is open does not wait any more, though nothing may have told of its waking.
    this.woken(turn, 'unknown');
    this.#phase = 'open';
    this.event({ event: 'open' }, turn);
  }

  /** Tell an event of this member. */
  event(fields: Untimed, { atNs, observed }: Turn): void {
    this.started();
    this.#told.event({ atNs, member: this.#about.member, ...fields, observed } as MemberEvent);
  }
}

type Without<Event> = Event extends unknown ? Omit<Event, 'atNs' | 'member' | 'observed'> : never;
/** An event without what all have. */
export type Untimed = Without<MemberEvent>;
