/** Waiting for patches that open members have still to run: of a daemon whose versions do not list theirs, by what others ran. */
import type { Plan } from '../plan/plan.ts';
import { knownBy, PatchesSeen } from '../trace/patches-seen.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

/** Whoever has not run by then what others have will not. */
const LIMIT_MS = 60_000;

export class LatePatches {
  readonly #stage: Stage;
  readonly #members: Members;
  /** Null where not each is to run the same, or nothing tells. */
  readonly #seen: PatchesSeen | null;

  constructor({ daemon }: Plan, stage: Stage, members: Members) {
    this.#stage = stage;
    this.#members = members;
    this.#seen = daemon.capabilities.patchBy === 'each' ? new PatchesSeen(knownBy(daemon)) : null;
    stage.recorder.observe((event) => this.#seen?.fold(event));
  }

  async untilRun(): Promise<void> {
    const seen = this.#seen;
    if (seen === null) return;
    const { recorder, signal } = this.#stage;
    const { names, standings } = this.#members;
    const open = names.filter((member) => standings.word(member) === 'open');
    const isDone = (): boolean => seen.lacking(open.filter((member) => standings.word(member) === 'open')).length === 0;
    await recorder.until(null, isDone, LIMIT_MS, signal);
  }
}
