/** What the next lives of members will meet: what faults have arranged for them, and have not taken back. */
import type { Failpoint } from '../../node/failpoints.ts';
import type { NoticeRule } from '../../node/tampering.ts';
import type { FaultOf } from '../plan/fault.ts';

type Kill = FaultOf<'kill'>;

export class Conditions {
  readonly #rules = new Map<string, NoticeRule[]>();
  readonly #kills = new Map<string, Kill>();
  /** How often the build of a member's next refresh fails; null for good. */
  readonly #failing = new Map<string, number | null>();
  readonly #down = new Set<string>();
  readonly #holds = new Map<string, Failpoint>();
  readonly #truststores = new Set<string>();

  rulesOf(member: string): readonly NoticeRule[] {
    return this.#rules.get(member) ?? [];
  }

  addRule(member: string, rule: NoticeRule): void {
    this.#rules.set(member, [...this.rulesOf(member), rule]);
  }

  dropRule(member: string, id: string): void {
    this.#rules.set(
      member,
      this.rulesOf(member).filter((rule) => rule.id !== id),
    );
  }

  /** A member has sent these: the rules of its next life count on from there, and what has happened does not happen again. */
  count(member: string, kind: NoticeRule['kind'], peers: readonly string[]): void {
    const left = this.rulesOf(member).flatMap((rule) => {
      if (!peers.includes(rule.to) || (rule.kind !== 'any' && rule.kind !== kind)) return [rule];
      return rule.nth === 1 ? [] : [{ ...rule, nth: rule.nth - 1 }];
    });
    this.#rules.set(member, left);
  }

  /** The first life of a member in which it may be killed, and where it is held for that. */
  kill(fault: Kill): void {
    this.#kills.set(fault.member, fault);
  }

  killOf(member: string): Kill | null {
    return this.#kills.get(member) ?? null;
  }

  killed(member: string): void {
    this.#kills.delete(member);
  }

  holdsOf(member: string): readonly Failpoint[] {
    const { at = null, leading = false } = this.killOf(member) ?? {};
    const hold = this.#holds.get(member);
    if (hold !== undefined) return [hold];
    if (at === null) return [];
    return leading && at !== 'before-check' ? ['before-check', at] : [at];
  }

  fail(member: string, times: number | null): void {
    this.#failing.set(member, times);
  }

  /** Takes what is left: the refresh that asks for it is the one that fails. */
  takeFailures(member: string): number | null {
    const times = this.#failing.get(member);
    this.#failing.delete(member);
    return times === undefined ? 0 : times;
  }

  hold(member: string, at: Failpoint): void {
    this.#holds.set(member, at);
  }

  letGo(member: string): void {
    this.#holds.delete(member);
  }

  holdTruststore(member: string): void {
    this.#truststores.add(member);
  }

  letTruststore(member: string): void {
    this.#truststores.delete(member);
  }

  holdsTruststore(member: string): boolean {
    return this.#truststores.has(member);
  }

  keepDown(member: string): void {
    this.#down.add(member);
  }

  letUp(member: string): void {
    this.#down.delete(member);
  }

  isDown(member: string): boolean {
    return this.#down.has(member);
  }
}
