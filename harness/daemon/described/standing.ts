/**
 * What is known of one process of a described member, from whichever source tells it first. Each turn is told once, and in an
 * order that makes sense: nobody is woken who did not wait, and nobody opens twice. What lines can tell is for them to tell, as
 * they say it at once and in order; a probe then only bears them out, or contradicts them.
 */
import { nowNs } from '../../../node/clock.ts';
import type { Action, Cause, EventGate, MemberEvent, Observed } from '../../../node/events.ts';
import type { Version } from '../../../node/upgrade/version.ts';
import type { Told } from '../contract.ts';

/** What a source says of a member, and the time in which it must have come about; none where the member says it itself. */
export interface Turn {
  readonly atNs: number;
  readonly observed?: Observed;
}

/** A turn that was seen, and not said. */
export type Seen = Turn & { readonly observed: Observed };

type Phase = 'starting' | 'parked' | 'open';

export interface About {
  readonly member: string;
  readonly action: Action;
  readonly version: Version;
  readonly gate: EventGate;
  /** How long a park lasts at most; null where it is not known. */
  readonly waitMs: number | null;
  /** Whether the plan keeps it from learning that it has come to its gate: then it says nothing for as long as that takes. */
  readonly isKeptBack: boolean;
  /** What lines tell, each by the name of what they are matched by; null where they do not. */
  readonly lines: { readonly parked: string | null; readonly woken: string | null; readonly open: string | null };
}

/** A line may be read a little after a probe has found it so. */
const LATE_NS = 0.5e9;
/** How long a member that is at its gate may be seen to wait until its log should have said so. */
const UNSAID_NS = 2e9;
/** By so much a line is later than an answer that it contradicts, whatever a container engine takes to hand it on. */
const SURELY_NS = 0.1e9;

export class DescribedStanding {
  readonly #about: About;
  readonly #told: Told;
  readonly #launchedNs = nowNs();
  #phase: Phase = 'starting';
  #hasBeenWoken = false;
  /** Whether a line has said that it waits, now that it does. */
  #saysSo = false;
  #hasStarted = false;
  /** The first of the answers, one after the other, by which it is open while no line says so; null where there is none. */
  #openAnswer: Seen | null = null;

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

  /** Its process is there, or has printed something. @param atNs when, where it says so itself */
  started(atNs?: number): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { member, action, version } = this.#about;
    const observed = atNs === undefined ? { sinceNs: this.#launchedNs, by: 'the rig has started it' } : undefined;
    // The number of a process inside a container means nothing outside.
    this.#told.event({ atNs: atNs ?? nowNs(), member, event: 'started', pid: 0, action, version, observed });
  }

  /** A line says that it waits for others. */
  parked(turn: Turn): void {
    if (this.#phase !== 'starting') return;
    this.#deny(turn, 'waits for others');
    this.#saysSo = true;
    this.#park(turn);
  }

  woken(turn: Turn, by: Cause): void {
    if (this.#phase !== 'parked') return;
    this.#deny(turn, 'was still waiting for others');
    this.#phase = 'starting';
    this.#saysSo = false;
    this.#hasBeenWoken = true;
    this.event({ event: 'woken', gate: this.#about.gate, by }, turn);
  }

  open(turn: Turn): void {
    if (this.#phase === 'open') return;
    // Whoever is open does not wait any more, though nothing may have told of its waking.
    this.woken(turn, 'unknown');
    this.#phase = 'open';
    this.event({ event: 'open' }, turn);
  }

  /** A probe says that it is open. */
  seemsOpen(turn: Seen): void {
    if (this.#phase === 'open') return;
    const { lines } = this.#about;
    const isDenied = this.#phase === 'parked' && this.#saysSo;
    const isForLines = lines.open !== null || (isDenied && lines.woken !== null);
    if (!isForLines) {
      this.open(turn);
      return;
    }
    const first = this.#openAnswer ?? turn;
    this.#openAnswer = first;
    if (turn.atNs - first.atNs < LATE_NS) return;
    const says = isDenied ? 'its log says that it waits for others' : `no line says so (${lines.open})`;
    this.#contradict(`${turn.observed.by} says that it is open, and ${says}`);
    // Nothing denies it: a roll in which nothing goes on any more would tell less.
    if (!isDenied) this.open(first);
  }

  /**
   * A probe says that it waits for others.
   * @param atGate when it was seen to come to its gate; null where that is not known, undefined where it has not come there
   */
  seemsToWait(turn: Seen, atGate: Seen | null | undefined): void {
    this.#openAnswer = null;
    const { lines } = this.#about;
    if (this.#phase !== 'starting' || !this.#isRefreshed || atGate === undefined) return;
    // Whoever has been woken is on its way again, and answers as one that waits until it has passed, however long that takes.
    const gate = this.#hasBeenWoken ? null : atGate;
    if (lines.parked === null) this.#park(gate ?? turn);
    else if (gate !== null && !this.#about.isKeptBack && turn.atNs - gate.atNs > UNSAID_NS) {
      this.#contradict(`${turn.observed.by} says that it waits for others, and no line says so (${lines.parked})`);
      this.#park(gate);
    }
  }

  /** Tell an event of this member. */
  event(fields: Untimed, { atNs, observed }: Turn): void {
    this.started(observed === undefined ? atNs : undefined);
    this.#told.event({ atNs, member: this.#about.member, ...fields, observed } as MemberEvent);
  }

  #park(turn: Turn): void {
    this.#phase = 'parked';
    const { gate, waitMs } = this.#about;
    this.event({ event: 'parked', gate, waitMs }, turn);
  }

  /** Whether it has a barrier to pass at all: whoever enters its first cluster has none. */
  get #isRefreshed(): boolean {
    return this.#about.action === 'start';
  }

  /** A line says what cannot be where a probe had found it open well before. */
  #deny(turn: Turn, what: string): void {
    const answer = this.#openAnswer;
    this.#openAnswer = null;
    if (answer === null || (turn.observed?.sinceNs ?? turn.atNs) - answer.atNs < SURELY_NS) return;
    this.#contradict(`${answer.observed.by} said that it is open, and its log says that it ${what} after that`);
  }

  #contradict(text: string): void {
    this.#told.contradiction(this.#about.member, text);
  }
}

type Without<Event> = Event extends unknown ? Omit<Event, 'atNs' | 'member' | 'observed'> : never;
/** An event without what all have. */
export type Untimed = Without<MemberEvent>;
