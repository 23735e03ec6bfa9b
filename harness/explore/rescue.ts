/**
 * What timers make of stuck states: how many rounds of them the worst way out needs, and which states have no way out. In
 * a round, the timer of every member that is parked at its beginning fires once, in any order, and between them anything
 * may happen; a member that a notice wakes first needs its timer no more.
 */

import type { Ground } from './expansion.ts';
import { NO_FAULTS, type Question } from './question.ts';
import { Search } from './search.ts';

export interface Rescue {
  /** Stuck states from which no sequence of rounds leads to all members open. */
  readonly dead: number;
  /** The most rounds that a way out can take; null where it can go on for ever, or where there is none. */
  readonly worstRounds: number | null;
}

/** A stuck state: the local states of its members, sorted, and the applied schema. */
export interface Stuck {
  readonly locals: Int32Array;
  readonly applied: number;
}

interface Round {
  /** Whether all members can be open before anybody is stuck again. */
  readonly canOpen: boolean;
  /** The stuck states that the round can end in. */
  readonly next: readonly string[];
}

export function rescue(ground: Ground, question: Question, stuck: readonly Stuck[]): Rescue {
  const rounds = new Map<string, Round>();
  const waiting = [...stuck];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    const key = keyOf(from);
    if (rounds.has(key)) continue;
    const { round, next } = roundFrom(ground, question, from);
    rounds.set(key, round);
    waiting.push(...next);
  }
  const alive = aliveAmong(rounds);
  const dead = stuck.filter((state) => !alive.has(keyOf(state))).length;
  return { dead, worstRounds: dead > 0 ? null : worstRounds(rounds, stuck.map(keyOf)) };
}

function roundFrom(ground: Ground, question: Question, from: Stuck): { round: Round; next: Stuck[] } {
  const search = new Search(ground, { ...question, faults: NO_FAULTS });
  const findings = search.runFrom(from.locals, from.applied);
  const next = findings.stuck.map((state) => search.world(state));
  return { round: { canOpen: findings.allOpen > 0, next: next.map(keyOf) }, next };
}

/** The states from which some way leads out: backwards from those that can open in one round. */
function aliveAmong(rounds: ReadonlyMap<string, Round>): Set<string> {
  const alive = new Set<string>();
  for (let before = -1; before < alive.size; ) {
    before = alive.size;
    for (const [key, { canOpen, next }] of rounds) {
      if (canOpen || next.some((after) => alive.has(after))) alive.add(key);
    }
  }
  return alive;
}

/** The longest way through the rounds; null where the rounds can come back to where they were. */
function worstRounds(rounds: ReadonlyMap<string, Round>, from: readonly string[]): number | null {
  const longest = new Map<string, number | null>();
  const walk = (key: string, path: ReadonlySet<string>): number | null => {
    if (path.has(key)) return null;
    const known = longest.get(key);
    if (known !== undefined) return known;
    const onward = rounds.get(key)!.next.map((next) => walk(next, new Set([...path, key])));
    const worst = onward.includes(null) ? null : 1 + Math.max(0, ...onward.map((rest) => rest!));
    longest.set(key, worst);
    return worst;
  };
  const all = from.map((key) => walk(key, new Set()));
  return all.includes(null) ? null : Math.max(0, ...all.map((worst) => worst!));
}

function keyOf({ locals, applied }: Stuck): string {
  return `${applied} ${locals.join()}`;
}
