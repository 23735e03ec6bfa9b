/** Whether the faults of a plan can follow one another, and the steps between them. Pure. */
import { type Failpoint, PATCH_FAILPOINTS } from '../../node/failpoints.ts';
import { patchesOf } from '../../node/upgrade/version.ts';
import { ALL_VOTE } from './daemon.ts';
import {
  type Fault,
  isDiskFault,
  isLinkFault,
  isNoticeFault,
  type Lurking,
  lasts,
  leavesAway,
  lurks,
  namedBy,
} from './fault.ts';
import { faultWords } from './fault-words.ts';
import type { Plan, Refresh, Step } from './plan.ts';

const PATCH_POINTS: ReadonlyArray<Failpoint | null> = PATCH_FAILPOINTS;

export interface Contradiction {
  readonly step: number;
  /** Which fault it is of; null where it is of none. */
  readonly id: string | null;
  readonly message: string;
}

/** What is wrong with the faults of these steps; null where nothing is. */
export function contradictionIn({
  steps,
  daemon,
  versions,
}: Pick<Plan, 'steps' | 'daemon' | 'versions'>): Contradiction | null {
  const faults = new Faults(daemon.capabilities.leader, versions);
  for (const [step, one] of steps.entries()) {
    const wrong = faults.take(one);
    if (wrong !== null) return { step, ...wrong };
  }
  const left = faults.left();
  if (left === null) return null;
  return { step: steps.findIndex((one) => one.do === 'fault' && one.id === left.id), ...left };
}

type Wrong = Pick<Contradiction, 'id' | 'message'>;

class Faults {
  /** Those that last, and have not been undone, by their ids. */
  readonly #standing = new Map<string, Fault>();
  readonly #ids = new Set<string>();
  /** What is done to notices from here on, since something else than a fault was done last. */
  readonly #notices = new Map<string, Fault>();
  /** What lies in wait for the next life of a member, until that begins. */
  readonly #lurking = new Map<string, Lurking>();
  /** Who has been left away for good: nothing can be done to it but to be taken out. */
  readonly #away = new Set<string>();
  readonly #present = new Set<string>();
  readonly #stopped = new Set<string>();
  /** Which fault has taken a member out. */
  readonly #removed = new Map<string, string>();
  readonly #isReplicated: boolean;
  readonly #versions: Plan['versions'];

  constructor(isReplicated: boolean, versions: Plan['versions']) {
    this.#isReplicated = isReplicated;
    this.#versions = versions;
  }

  /** What is wrong with a step; null where nothing is. */
  take(step: Step): Wrong | null {
    if (step.do !== 'fault' && step.do !== 'undo') this.#notices.clear();
    switch (step.do) {
      case 'bootstrap':
        this.#present.add(step.member);
        return null;
      case 'form':
      case 'join':
        for (const member of step.members) this.#present.add(member);
        return null;
      case 'leave':
        this.#present.delete(step.member);
        return this.#untouchable(step.member, 'leaves');
      case 'stop':
        this.#stopped.add(step.member);
        return this.#untouchable(step.member, 'is stopped');
      case 'refresh':
      case 'update':
        for (const refresh of step.refreshes) {
          const silent = step.do === 'update' ? this.#silent(refresh.member) : null;
          if (silent !== null) return silent;
          const wrong = this.#absent(refresh.member) ?? this.#untouchable(refresh.member, 'is refreshed');
          if (wrong !== null) return wrong;
          this.#refreshed(refresh);
        }
        return null;
      case 'fault': {
        const message = this.#begin(step.id, step.fault);
        return message === null ? null : { id: step.id, message };
      }
      case 'undo':
        return this.#undo(step.id);
      default:
        return null;
    }
  }

  /** What is wrong once all steps are taken. */
  left(): Wrong | null {
    const [standing] = this.#standing;
    if (standing !== undefined) return { id: standing[0], message: `${namedWords(...standing)} is never undone` };
    const [lurking] = this.#lurking;
    return lurking === undefined ? null : neverComes(...lurking);
  }

  #undo(id: string): Wrong | null {
    const fault = this.#standing.get(id);
    if (fault === undefined)
      return { id, message: `${id} is to be undone before it begins: let it begin earlier, or end later` };
    this.#standing.delete(id);
    if (fault.is === 'down') this.#startedAgain(fault.member);
    return fault.is === 'hold' && this.#lurking.delete(id) ? neverComes(id, fault) : null;
  }

  /** Who is down asks nobody. */
  #silent(member: string): Wrong | null {
    for (const [id, fault] of this.#standing)
      if (fault.is === 'down' && fault.member === member)
        return { id, message: `${member} is to ask to be refreshed while it is down (${id}): let that end before` };
    return null;
  }

  #absent(member: string): Wrong | null {
    if (this.#present.has(member)) return null;
    const id = this.#removed.get(member) ?? null;
    const why = id === null ? '' : `: ${id} has taken it out`;
    return { id, message: `${member} is refreshed, and is not there by then${why}` };
  }

  #begin(id: string, fault: Fault): string | null {
    if (this.#ids.has(id)) return `two faults are called ${id}`;
    this.#ids.add(id);
    const stranger = namedBy(fault).find((member) => !this.#present.has(member));
    if (stranger !== undefined) return `${faultWords(fault)}: ${stranger} is not in the cluster by then`;
    if (this.#isLeftAway(fault)) return `${faultWords(fault)}: another fault leaves it away for good`;
    for (const [other, before] of [...this.#standing, ...this.#notices])
      if (contradict(before, fault)) return `${faultWords(fault)}: it contradicts ${other} (${faultWords(before)})`;
    for (const [other, before] of this.#lurking)
      if (collide(before, fault)) return `${faultWords(fault)}: ${other} lies in wait for it already`;
    if (isNoticeFault(fault)) this.#notices.set(id, fault);
    if (lasts(fault)) this.#standing.set(id, fault);
    if (lurks(fault)) this.#lurking.set(id, fault);
    if (fault.is === 'kill' && fault.at === null && fault.again) this.#startedAgain(fault.member);
    if (fault.is !== 'remove') return null;
    const before = this.#hasQuorum();
    this.#present.delete(fault.member);
    this.#removed.set(fault.member, id);
    for (const [other] of this.#lurkingFor(fault.member)) this.#lurking.delete(other);
    // It takes the quorum of those before, and of those after.
    return before && this.#hasQuorum() ? null : `${faultWords(fault)}: it would cost the database its quorum`;
  }

  /** Whether the database of those present has; also where that cannot be told, as of many members some have no vote. */
  #hasQuorum(): boolean {
    if (!this.#isReplicated || this.#present.size > ALL_VOTE) return true;
    const frozen = [...this.#standing.values()].flatMap((fault) =>
      fault.is === 'freeze' || fault.is === 'down' ? [fault.member] : [],
    );
    const away = new Set([...this.#away, ...this.#stopped, ...frozen]);
    const there = [...this.#present].filter((member) => !away.has(member));
    return there.length * 2 > this.#present.size;
  }

  /** What lay in wait for its next life has come about. */
  #refreshed({ member, from, to }: Refresh): void {
    this.#stopped.delete(member);
    this.#away.delete(member);
    for (const [id, fault] of this.#lurkingFor(member)) {
      if (!this.#comesTo(fault, from, to)) continue;
      this.#lurking.delete(id);
      if (leavesAway(fault)) this.#away.add(member);
    }
  }

  /** A life that is no refresh: no build of it fails, and no patch is run in it. */
  #startedAgain(member: string): void {
    for (const [id, fault] of this.#lurkingFor(member))
      if (fault.is !== 'fail-refresh' && !isOfPatches(fault)) this.#lurking.delete(id);
  }

  #lurkingFor(member: string): Array<[string, Lurking]> {
    return [...this.#lurking].filter(([, fault]) => fault.member === member);
  }

  /** Whether a member gets to where a fault lies in wait when it is refreshed: a patch that it has not run by then. */
  #comesTo(fault: Lurking, from: string, to: string): boolean {
    if (!isOfPatches(fault)) return true;
    const had = new Set(patchesOf(this.#versions[from]!).map(({ name }) => name));
    return patchesOf(this.#versions[to]!).some(({ name }) => !had.has(name));
  }

  /** Whether it is left away for good, or will be in its next life, which would begin too early. */
  #isLeftAway(fault: Fault): boolean {
    if (!('member' in fault) || fault.is === 'remove') return false;
    const beginsLife = fault.is === 'kill' || fault.is === 'down';
    const isDoomed = this.#lurkingFor(fault.member).some(([, lurking]) => leavesAway(lurking));
    return this.#away.has(fault.member) || (beginsLife && isDoomed);
  }

  /** A frozen member can neither be told to stop nor be seen to. */
  #untouchable(member: string, what: string): Wrong | null {
    for (const [id, fault] of this.#standing)
      if (fault.is === 'freeze' && fault.member === member)
        return { id, message: `${member} ${what} while it is frozen (${id}): thaw it before` };
    return null;
  }
}

function isOfPatches(fault: Lurking): boolean {
  return fault.is !== 'fail-refresh' && fault.at !== null && PATCH_POINTS.includes(fault.at);
}

/** What lies in wait for a life, or a patch, that there is none of. */
function neverComes(id: string, fault: Fault): Wrong {
  const { member } = fault as Lurking;
  const why = isOfPatches(fault as Lurking)
    ? `${member} is not refreshed after that to a version with a patch that it has not run`
    : `${member} is not ${fault.is === 'fail-refresh' ? 'refreshed' : 'started'} after that${fault.is === 'hold' ? ', before it is let go' : ''}`;
  return { id, message: `${namedWords(id, fault)} never comes about: ${why}` };
}

function namedWords(id: string, fault: Fault): string {
  return `${id} (${faultWords(fault)})`;
}

/** Whether a life cannot meet both. One whose build fails at first may be held where it does not. */
function collide(before: Lurking, fault: Fault): boolean {
  if (!lurks(fault) || fault.member !== before.member) return false;
  const both: readonly string[] = [before.is, fault.is];
  return !(both.includes('hold') && both.includes('fail-refresh'));
}

/** Whether a fault cannot be done while another is under way. */
function contradict(before: Fault, fault: Fault): boolean {
  if (isNoticeFault(before) && isNoticeFault(fault)) return sameNotice(before, fault);
  if (isLinkFault(before) && isLinkFault(fault)) return overlap(before, fault);
  if (!('member' in before) || !('member' in fault) || before.member !== fault.member) return false;
  const isAway = before.is === 'freeze' || before.is === 'down' || before.is === 'hold';
  // Who is frozen, held or away can be taken out by another, and can do nothing itself.
  if (isAway) return fault.is !== 'remove' && fault.is !== 'fail-refresh';
  if (before.is === 'hold-truststore') return fault.is === 'hold-truststore';
  if (!isDiskFault(before)) return false;
  // Who can write nothing keeps no other certificate.
  return isDiskFault(fault) || fault.is === 'certificate-rotates' || fault.is === 'certificate-expires';
}

type Between = { readonly from: string; readonly to: string };

function sameNotice(
  one: Between & { notice: string; nth: number },
  other: Between & { notice: string; nth: number },
): boolean {
  const sameKind = one.notice === other.notice || one.notice === 'any' || other.notice === 'any';
  return one.from === other.from && one.to === other.to && sameKind && one.nth === other.nth;
}

/** Whether some byte would be under both. */
function overlap(
  one: Between & { direction: string; dialledBy: string | null },
  other: Between & { direction: string; dialledBy: string | null },
): boolean {
  const ways = ({ from, to, direction }: typeof one): string[] =>
    direction === 'both' ? [`${from} ${to}`, `${to} ${from}`] : [`${from} ${to}`];
  const sameDialling = one.dialledBy === null || other.dialledBy === null || one.dialledBy === other.dialledBy;
  return sameDialling && ways(one).some((way) => ways(other).includes(way));
}
