/**
 * Where every member stands, folded event by event: no question about it looks at the trace again, however long that is.
 */
import type { MemberEvent } from '../../node/events.ts';
import { count } from '../../node/upgrade/version.ts';
import type { Timer } from '../plan/daemon.ts';
import { reckonedCause } from '../trace/cause.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';

/** The last thing that tells where a member stands; null where nothing has. */
export type Word = 'launching' | 'parked' | 'open' | 'exiting' | 'gone' | null;

interface Standing {
  word: Word;
  /** Since when it has been parked, on the trace's clock; null where it is not. */
  parkedNs: number | null;
  /** When it was that its last two timers fired, counted in events; the older first. */
  timers: readonly number[];
  /** Whether it serves, wherever else it waits. */
  serves: boolean;
  /** Whether it has begun to run since it was started last. */
  hasBegun: boolean;
  /** The patches that it has still to deal with since it opened. */
  owes: ReadonlySet<string>;
  /** How many patches its version has. */
  patches: number;
  /** When it went, counted in events; null where it has been started since. */
  goneAt: number | null;
}

/** A member that waits for somebody who is gone has sat out so many whole timers since; the first may have been under way. */
const TIMERS_IN_VAIN = 2;

export class Standings {
  readonly #standings: ReadonlyMap<string, Standing>;
  readonly #timer: Timer | null;
  /** The members that are neither open nor gone nor about to go. */
  readonly #underWay = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #exiting = new Set<string>();
  /** Notices that have arrived, by their name and their receiver. */
  readonly #arrived = new Set<string>();
  #events = 0;
  #goings = 0;
  #patchingNs = Number.NEGATIVE_INFINITY;

  constructor(members: readonly string[], timer: Timer | null) {
    const nothing = (): Standing => ({
      word: null,
      parkedNs: null,
      timers: [],
      serves: false,
      hasBegun: false,
      owes: new Set(),
      patches: 0,
      goneAt: null,
    });
    this.#standings = new Map(members.map((member) => [member, nothing()]));
    this.#timer = timer;
  }

  /** Take an event in. */
  fold(event: TraceEvent): void {
    this.#events += 1;
    if (!('member' in event)) return;
    const standing = this.#standings.get(event.member);
    if (standing === undefined) return;
    if (isRigEvent(event)) {
      if (event.rig === 'gone') {
        standing.goneAt = this.#events;
        this.#goings += 1;
        this.#gone.delete(event.member);
        this.#gone.add(event.member);
        this.#say(event.member, standing, 'gone');
      } else if (event.rig === 'launching' || event.rig === 'restarting') {
        standing.goneAt = null;
        standing.hasBegun = false;
        this.#gone.delete(event.member);
        this.#say(event.member, standing, 'launching');
      }
    } else this.#foldMember(event, standing);
  }

  /** How often a member has gone. */
  get goings(): number {
    return this.#goings;
  }

  word(member: string): Word {
    return this.#standings.get(member)?.word ?? null;
  }

  /** Open, or never to be: nothing more is to be waited for. */
  isEnded(member: string): boolean {
    return !this.#underWay.has(member);
  }

  /** When a member was last seen to run a patch, on the trace's clock; before all time where none was. */
  get patchingNs(): number {
    return this.#patchingNs;
  }

  /** Whether one has said that it exits, and is not gone yet. */
  get isAnyExiting(): boolean {
    return this.#exiting.size > 0;
  }

  isExiting(member: string): boolean {
    return this.#exiting.has(member);
  }

  /** At rest for now: ended, or parked. */
  isSettled(member: string): boolean {
    return this.isEnded(member) || this.word(member) === 'parked';
  }

  isParked(member: string): boolean {
    return this.word(member) === 'parked';
  }

  /** Whose timer is due next, of those that wait, and when: not before an instant. Null where none waits, or no timer is known. */
  nextTimer(fromNs: number): { readonly member: string; readonly dueNs: number } | null {
    const timer = this.#timer;
    if (timer === null) return null;
    const dues = [...this.#standings].flatMap(([member, { parkedNs }]) => {
      if (parkedNs === null) return [];
      const timers = Math.max(1, Math.ceil((fromNs - parkedNs) / 1e6 / timer.everyMs));
      return [{ member, dueNs: parkedNs + timers * timer.everyMs * 1e6 }];
    });
    return dues.toSorted((one, other) => one.dueNs - other.dueNs)[0] ?? null;
  }

  hasArrived(notice: string, member: string): boolean {
    return this.#arrived.has(`${notice} ${member}`);
  }

  /** Whether it has begun to run since it was started last, or is gone. */
  hasBegun(member: string): boolean {
    const standing = this.#standings.get(member);
    return standing === undefined || standing.hasBegun || standing.word === 'gone';
  }

  /** Whether it serves, also where it waits to run a patch. */
  isServing(member: string): boolean {
    return this.#standings.get(member)?.serves ?? false;
  }

  /** The members that are still on their way, and not for want of others that nobody refreshes. */
  underWay(): string[] {
    return [...this.#standings.keys()].filter((member) => this.#underWay.has(member) && !this.#isHeldUp(member));
  }

  /**
   * Whether nothing more is to be expected: everybody has ended, or those who have not each sat out whole timers, and parked
   * again, since some other went for good.
   */
  isOver(): boolean {
    if (this.underWay().length === 0) return true;
    if (this.#gone.size === 0) return false;
    // They are in the order in which they went.
    const [first] = this.#gone;
    const firstGone = this.#standings.get(first!)!.goneAt!;
    for (const member of this.#underWay) {
      const { word, timers } = this.#standings.get(member)!;
      if (word !== 'parked' || timers.length < TIMERS_IN_VAIN || timers[0]! <= firstGone) return false;
    }
    return true;
  }

  /** It serves, and waits at the gate of the patches for one that runs a version with fewer. */
  #isHeldUp(member: string): boolean {
    const { word, serves, patches } = this.#standings.get(member)!;
    if (!serves || word !== 'parked') return false;
    for (const other of this.#standings.values()) if (other.patches < patches) return true;
    return false;
  }

  #foldMember(event: MemberEvent, standing: Standing): void {
    switch (event.event) {
      case 'started':
        standing.patches = count(event.version, 'patch');
        standing.hasBegun = true;
        break;
      case 'parked':
        standing.parkedNs = event.atNs;
        this.#say(event.member, standing, 'parked');
        break;
      case 'woken': {
        const parkedMs = standing.parkedNs === null ? 0 : (event.atNs - standing.parkedNs) / 1e6;
        const by = event.by === 'unknown' ? reckonedCause(parkedMs, parkedMs, this.#timer) : event.by;
        if (by === 'timer') standing.timers = [...standing.timers, this.#events].slice(-TIMERS_IN_VAIN);
        this.#say(event.member, standing, standing.serves ? 'open' : 'launching');
        break;
      }
      case 'noted':
        standing.owes = new Set([...standing.owes].filter((patch) => patch !== event.patch));
        if (standing.serves && standing.word === 'open') this.#say(event.member, standing, 'open');
        break;
      case 'open':
        standing.serves = true;
        standing.owes = new Set(event.patches ?? []);
        this.#say(event.member, standing, 'open');
        break;
      case 'exiting':
        this.#say(event.member, standing, event.event);
        break;
      case 'patching':
        this.#patchingNs = Math.max(this.#patchingNs, event.atNs);
        break;
      case 'noticed':
        this.#arrived.add(`${event.notice} ${event.member}`);
        break;
      default:
        break;
    }
  }

  #say(member: string, standing: Standing, word: Word): void {
    standing.word = word;
    if (word === 'exiting') this.#exiting.add(member);
    else this.#exiting.delete(member);
    if (word !== 'parked') standing.parkedNs = null;
    if (word !== 'parked' && word !== 'open') standing.serves = false;
    const isOver = word === 'exiting' || word === 'gone' || (word === 'open' && standing.owes.size === 0);
    if (isOver) this.#underWay.delete(member);
    else this.#underWay.add(member);
  }
}
