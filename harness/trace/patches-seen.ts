/**
 * The patches that members were seen to run, of a daemon whose versions do not list theirs: folded event by event, as a roll goes on
 * or over a whole trace.
 */
import type { MemberEvent } from '../../node/events.ts';
import { type PlannedDaemon, tells } from '../plan/daemon.ts';
import { isRigEvent, type TraceEvent } from './trace.ts';

/** One run of a patch, in the order of their beginnings. */
export interface SeenRun {
  readonly patch: string;
  /** Whether it was seen to end. */
  ended: boolean;
  /** Whether its member has gone since, and whether it had been told to. */
  gone: boolean;
  stopped: boolean;
}

interface SeenMember {
  version: string | null;
  /** Whether its present life is one that was refreshed: what others do as well when they are formed is not asked of it. */
  isRefreshed: boolean;
  isToldToStop: boolean;
  readonly runs: SeenRun[];
  readonly noted: Set<string>;
}

/** By what it is known that a member has dealt with a patch: by its notes, by the end of its run, or by its beginning alone. */
export type Known = 'noted' | 'patched' | 'patching';

/** The surest that is told. */
export function knownBy(daemon: PlannedDaemon): Known {
  return (['noted', 'patched'] as const).find((event) => tells(daemon, event)) ?? 'patching';
}

export class PatchesSeen {
  readonly #by: Known;
  readonly #members = new Map<string, SeenMember>();
  readonly #patches = new Set<string>();

  constructor(by: Known) {
    this.#by = by;
  }

  fold(event: TraceEvent): void {
    if (!('member' in event)) return;
    const seen = this.#of(event.member);
    if (!isRigEvent(event)) this.#foldMember(event, seen);
    else if (event.rig === 'stopping') seen.isToldToStop = true;
    else if (event.rig === 'gone') {
      for (const run of seen.runs.filter(({ gone }) => !gone)) {
        run.gone = true;
        run.stopped = seen.isToldToStop;
      }
    }
  }

  /** The patches that some refreshed member was seen to run, or to note. */
  get patches(): readonly string[] {
    return [...this.#patches];
  }

  /** All that a member was seen to run since it was refreshed first. */
  runsOf(member: string): readonly SeenRun[] {
    return this.#members.get(member)?.runs ?? [];
  }

  /**
   * The patches that members have not dealt with, and others of these have that were refreshed to the same version.
   * @param members those that are open
   */
  lacking(members: readonly string[]): ReadonlyArray<{ readonly member: string; readonly patches: readonly string[] }> {
    const open = [...this.#members].filter(([member, { isRefreshed }]) => isRefreshed && members.includes(member));
    return [...Map.groupBy(open, ([, { version }]) => version).values()].flatMap((alike) => {
      const dealt = alike.map(([member, seen]) => ({ member, patches: this.#dealtBy(seen) }));
      const all = new Set(dealt.flatMap(({ patches }) => [...patches]));
      return dealt.flatMap(({ member, patches }) => {
        const lacks = [...all].filter((patch) => !patches.has(patch));
        return lacks.length === 0 ? [] : [{ member, patches: lacks }];
      });
    });
  }

  #dealtBy({ runs, noted }: SeenMember): ReadonlySet<string> {
    if (this.#by === 'noted') return noted;
    return new Set(runs.filter(({ ended }) => ended || this.#by === 'patching').map(({ patch }) => patch));
  }

  #foldMember(event: MemberEvent, seen: SeenMember): void {
    switch (event.event) {
      case 'started':
        seen.version = event.version.name;
        seen.isRefreshed = event.action === 'start';
        seen.isToldToStop = false;
        break;
      case 'patching':
        if (!seen.isRefreshed) break;
        this.#patches.add(event.patch);
        seen.runs.push(runOf(event.patch));
        break;
      case 'patched': {
        if (!seen.isRefreshed) break;
        const begun = seen.runs.find(({ patch, ended, gone }) => patch === event.patch && !ended && !gone);
        const run = begun ?? runOf(event.patch);
        if (begun === undefined) seen.runs.push(run);
        run.ended = true;
        this.#patches.add(event.patch);
        break;
      }
      case 'noted':
        seen.noted.add(event.patch);
        if (!event.born) this.#patches.add(event.patch);
        break;
      default:
        break;
    }
  }

  #of(member: string): SeenMember {
    const known = this.#members.get(member);
    if (known !== undefined) return known;
    const seen: SeenMember = {
      ...{ version: null, isRefreshed: false, isToldToStop: false, runs: [], noted: new Set<string>() },
    };
    this.#members.set(member, seen);
    return seen;
  }
}

function runOf(patch: string): SeenRun {
  return { patch, ended: false, gone: false, stopped: false };
}
