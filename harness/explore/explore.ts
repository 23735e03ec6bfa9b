/** Exploring: one question, one answer: how many states, which of them fall short, and the shortest way into one. */

import type { AheadPolicy } from '../../node/upgrade/gate.ts';
import type { Wakeups } from '../../node/upgrade/machine.ts';
import { USUAL_PATCHING } from '../../node/upgrade/patch.ts';
import type { COMPARED, StrategyName } from '../../node/upgrade/strategy.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { type Model as ModelOfDaemon, rulesOf } from '../plan/daemon.ts';
import { memberNames } from '../plan/member-names.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { Checks } from './checks.ts';
import type { Ground } from './expansion.ts';
import { Locals } from './locals.ts';
import { type Told, type Walked, walk } from './path.ts';
import { type Model, PROTOCOL, type Protocol } from './protocol.ts';
import { type Faults, NO_FAULTS, type Question, type Refreshing } from './question.ts';
import { rescue } from './rescue.ts';
import { Search } from './search.ts';
import { Steps } from './steps.ts';

export interface Asked {
  readonly strategy: StrategyName;
  /** What its one gate compares, of a daemon that takes the column for granted; null, or nothing, for the strategy's own gates. */
  readonly compares?: (typeof COMPARED)[number] | null;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
  readonly patching?: NonNullable<ModelOfDaemon['patching']>;
  readonly from: Version;
  /** The releases between the first and the last, in order: a chain. */
  readonly by?: readonly Version[];
  readonly to: Version;
  readonly members: number;
  readonly refreshing?: Refreshing;
  /** How many members may leave, and how many new ones join. */
  readonly leave?: number;
  readonly join?: number;
  readonly faults: Partial<Faults>;
  readonly mostStates: number;
  /** In bytes. */
  readonly mostBytes: number;
  /** Leave unordered what cannot matter. The path found then need not be the shortest. */
  readonly reduce: boolean;
}

export interface Answer {
  readonly strategy: StrategyName;
  readonly compares: (typeof COMPARED)[number] | null;
  readonly wakeups: Wakeups;
  readonly ahead: AheadPolicy;
  readonly patching: NonNullable<ModelOfDaemon['patching']>;
  /** Whether some release brings patches. */
  readonly hasPatches: boolean;
  readonly step: StepKind;
  readonly from: string;
  readonly by: readonly string[];
  readonly to: string;
  readonly members: number;
  readonly refreshing: Refreshing;
  readonly leave: number;
  readonly join: number;
  readonly lose: number;
  readonly duplicate: number;
  readonly crash: number;
  readonly fail: number;
  readonly states: number;
  readonly transitions: number;
  readonly stuck: number;
  readonly unsafe: number;
  /** States in which a patch of the database has been run, and somebody serves who does not know it. */
  readonly misread: number;
  readonly dead: number;
  /** States that can be come back to, or lie behind such: members that move without getting on. */
  readonly livelock: number;
  /** The most rounds of timers that a way out of a stuck state takes; null where it can take for ever. */
  readonly worstTimerRounds: number | null;
  /** Whether all states were seen. Where not, zeros prove nothing. */
  readonly exhaustive: boolean;
  /** Memory held by the search, in bytes. */
  readonly bytes: number;
  /** A shortest way into a state that falls short: unsafe before misread, stuck or dead, livelock; null where there is none. */
  readonly path: readonly Told[] | null;
  /** Where that path ends; null where there is none. */
  readonly end: Pick<Walked, 'world' | 'exits'> | null;
}

/** @param protocol what members run; a test may plant a fault */
export function explore(asked: Asked, protocol: Protocol = PROTOCOL): Answer {
  const {
    strategy,
    wakeups,
    ahead,
    patching = USUAL_PATCHING,
    from,
    by = [],
    to,
    members,
    reduce,
    mostStates,
    mostBytes,
  } = asked;
  const { refreshing = 'free', leave = 0, join = 0, compares = null } = asked;
  const faults = { ...NO_FAULTS, ...asked.faults };
  const model: Model = { protocol, rules: rulesOf({ strategy, compares, wakeups, ahead, patching }) };
  const versions = [from, ...by, to];
  const question: Question = { members, versions, refreshing, leave, join, faults, reduce, mostStates, mostBytes };
  const locals = new Locals(model, reduce, versions);
  const ground: Ground = { locals, steps: new Steps(locals, versions), checks: new Checks(locals) };
  const search = new Search(ground, question);
  const findings = search.run();
  const { dead, worstRounds } = rescue(
    ground,
    question,
    findings.stuck.map((state) => search.world(state)),
  );
  const short = findings.unsafe[0] ?? findings.misread[0] ?? findings.stuck[0] ?? findings.livelock[0];
  const names = memberNames(members + join);
  const walked = short === undefined ? null : walk(locals, names, question, search.pathTo(short));
  return {
    strategy,
    compares,
    wakeups,
    ahead,
    patching,
    hasPatches: locals.patches.length > 0,
    step: stepKind(from, to, model.rules.strategy.hasColumnAlways ? 0 : undefined),
    from: from.name,
    by: by.map(({ name }) => name),
    to: to.name,
    members,
    refreshing,
    leave,
    join,
    ...faults,
    states: findings.states,
    transitions: findings.transitions,
    stuck: findings.stuck.length,
    unsafe: findings.unsafe.length,
    misread: findings.misread.length,
    dead,
    livelock: findings.livelock.length,
    worstTimerRounds: worstRounds,
    exhaustive: findings.exhaustive,
    bytes: findings.bytes,
    path: walked?.told ?? null,
    end: walked,
  };
}

/** Whether everything that was asked about holds, and all of it was seen. */
export function isFine(answer: Answer): boolean {
  const { stuck, unsafe, misread, dead, livelock } = answer;
  return answer.exhaustive && stuck + unsafe + misread + dead + livelock === 0;
}
