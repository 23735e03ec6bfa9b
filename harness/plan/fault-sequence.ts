/** Whether the faults of a plan can follow one another, and the steps between them. Pure. */
import { ALL_VOTE } from './daemon.ts';
import { type Fault, isDiskFault, isLinkFault, isNoticeFault, lasts, leavesAway, namedBy } from './fault.ts';
import { faultWords } from './fault-words.ts';
import type { Plan, Step } from './plan.ts';

/** What is wrong with the faults of these steps, and with which step; null where nothing is. */
export function contradictionIn({
  steps,
  daemon,
}: Pick<Plan, 'steps' | 'daemon'>): { readonly step: number; readonly message: string } | null {
  const faults = new Faults(daemon.capabilities.leader);
  for (const [step, one] of steps.entries()) {
    const message = faults.take(one);
    if (message !== null) return { step, message };
  }
  const [left] = faults.standing;
  if (left === undefined) return null;
  const [id, fault] = left;
  const step = steps.findIndex((one) => one.do === 'fault' && one.id === id);
  return { step, message: `${id} (${faultWords(fault)}) is never undone` };
}

class Faults {
  /** Those that last, and have not been undone, by their ids. */
  readonly standing = new Map<string, Fault>();
  readonly #ids = new Set<string>();
  /** What lies in wait for the next life of a member, until that begins. */
  readonly #lurking = new Map<string, { readonly id: string; readonly fault: Fault }>();
  /** Who has been left away for good: nothing can be done to it but to be taken out. */
  readonly #away = new Set<string>();
  readonly #present = new Set<string>();
  readonly #stopped = new Set<string>();
  readonly #isReplicated: boolean;

  constructor(isReplicated: boolean) {
    this.#isReplicated = isReplicated;
  }

  /** What is wrong with a step; null where nothing is. */
  take(step: Step): string | null {
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
        for (const { member } of step.refreshes) {
          const why = this.#present.has(member)
            ? this.#untouchable(member, 'is refreshed')
            : `${member} is not there by then`;
          if (why !== null) return why;
          this.#refreshed(member);
        }
        return null;
      case 'fault':
        return this.#begin(step.id, step.fault);
      case 'undo':
        return this.standing.delete(step.id)
          ? null
          : `${step.id} is to be undone before it begins: let it begin earlier, or end later`;
      default:
        return null;
    }
  }

  #begin(id: string, fault: Fault): string | null {
    if (this.#ids.has(id)) return `two faults are called ${id}`;
    this.#ids.add(id);
    const stranger = namedBy(fault).find((member) => !this.#present.has(member));
    if (stranger !== undefined) return `${faultWords(fault)}: ${stranger} is not in the cluster by then`;
    if (this.#isLeftAway(fault)) return `${faultWords(fault)}: another fault leaves it away for good`;
    for (const [other, before] of this.standing)
      if (contradict(before, fault)) return `${faultWords(fault)}: it contradicts ${other} (${faultWords(before)})`;
    const lurks = (fault.is === 'kill' && fault.at !== null) || fault.is === 'fail-refresh';
    const other = 'member' in fault ? this.#lurking.get(fault.member) : undefined;
    // And a life is held in one place, to be killed there or to be let go.
    if (other !== undefined && (lurks || (fault.is === 'hold' && other.fault.is === 'kill')))
      return `${faultWords(fault)}: ${other.id} lies in wait for it already`;
    if (lurks) this.#lurking.set(fault.member, { id, fault });
    if (lasts(fault)) this.standing.set(id, fault);
    if (fault.is !== 'remove') return null;
    const before = this.#hasQuorum();
    this.#present.delete(fault.member);
    // It takes the quorum of those before, and of those after.
    return before && this.#hasQuorum() ? null : `${faultWords(fault)}: it would cost the database its quorum`;
  }

  /** Whether the database of those present has; also where that cannot be told, as of many members some have no vote. */
  #hasQuorum(): boolean {
    if (!this.#isReplicated || this.#present.size > ALL_VOTE) return true;
    const frozen = [...this.standing.values()].flatMap((fault) =>
      fault.is === 'freeze' || fault.is === 'down' ? [fault.member] : [],
    );
    const away = new Set([...this.#away, ...this.#stopped, ...frozen]);
    const there = [...this.#present].filter((member) => !away.has(member));
    return there.length * 2 > this.#present.size;
  }

  /** What lay in wait for its next life has come about. */
  #refreshed(member: string): void {
    const lurking = this.#lurking.get(member);
    this.#lurking.delete(member);
    this.#stopped.delete(member);
    if (lurking !== undefined && leavesAway(lurking.fault)) this.#away.add(member);
    else this.#away.delete(member);
  }

  /** Whether it is left away for good, or will be in its next life, which would begin too early. */
  #isLeftAway(fault: Fault): boolean {
    if (!('member' in fault) || fault.is === 'remove') return false;
    const lurking = this.#lurking.get(fault.member);
    const beginsLife = fault.is === 'kill' || fault.is === 'down';
    return this.#away.has(fault.member) || (beginsLife && lurking !== undefined && leavesAway(lurking.fault));
  }

  /** A frozen member can neither be told to stop nor be seen to. */
  #untouchable(member: string, what: string): string | null {
    for (const [id, fault] of this.standing)
      if (fault.is === 'freeze' && fault.member === member)
        return `${member} ${what} while it is frozen (${id}): thaw it before`;
    return null;
  }
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
