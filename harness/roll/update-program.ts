/**
 * The update program of members that ask to be refreshed, as the rig plays it: each is refreshed when it has asked, several at
 * once if need be. One that asks again while the program is at it is put off; where the plan has the program fail, the member comes
 * back in the build that it had, and may ask again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberEvent } from '../../node/events.ts';
import { Finding } from '../daemon/contract.ts';
import type { Refresh, Step } from '../plan/plan.ts';
import { isRigEvent, type TraceEvent, type UpdateAnswer } from '../trace/trace.ts';
import { all } from './all.ts';
import type { Recorder } from './recorder.ts';

type Asked = MemberEvent & { readonly event: 'asked' };

export class UpdateProgram {
  readonly #step: Step & { do: 'update' };
  readonly #recorder: Recorder;
  readonly #signal: AbortSignal;
  /** Stops the member, and starts it in a version. */
  readonly #refresh: (refresh: Refresh) => Promise<void>;

  constructor(
    step: Step & { do: 'update' },
    recorder: Recorder,
    signal: AbortSignal,
    refresh: (refresh: Refresh) => Promise<void>,
  ) {
    this.#step = step;
    this.#recorder = recorder;
    this.#signal = signal;
    this.#refresh = refresh;
  }

  /**
   * Until every member of the step runs its release, or has not asked where none is expected to.
   * @param from how many events there were before the operator's own refresh: somebody may have asked since
   * @throws Finding where a member does not ask in time
   */
  async run(from: number): Promise<void> {
    await all(this.#step.refreshes.map((refresh) => this.#update(refresh, from)));
  }

  async #update(refresh: Refresh, since: number): Promise<void> {
    const { member, from: before, to } = refresh;
    const { takesMs, fails } = this.#step;
    let from = since;
    for (let failures = fails[member] ?? 0; ; failures -= 1) {
      const asked = await this.#asked(member, from);
      if (asked === null) return;
      from = asked + 1;
      const isLast = failures <= 0;
      this.#answer(member, to, isLast ? 'begins' : 'fails');
      await this.#putOff(member, to, from, takesMs);
      await this.#refresh({ ...refresh, to: isLast ? to : before });
      from = this.#recorder.trace.length;
      if (isLast) return;
    }
  }

  /** Where in the trace the member asks; null where it does not, as was to be expected. @throws Finding where it was not */
  async #asked(member: string, from: number): Promise<number | null> {
    const { limitMs, unheard } = this.#step;
    const isIt = (event: TraceEvent): event is Asked =>
      !isRigEvent(event) && event.member === member && event.event === 'asked';
    const asked = await this.#recorder.next(member, isIt, from, limitMs, this.#signal);
    if (asked === null && unheard === undefined)
      throw new Finding(member, `${member} did not ask to be refreshed within ${limitMs / 1000} s`, limitMs);
    if (asked === null) this.#recorder.tell('unasked', { member, waitedMs: limitMs, because: unheard! });
    return asked === null ? null : this.#recorder.trace.indexOf(asked, from);
  }

  /** The program takes its time, and whoever asks again meanwhile is told so. */
  async #putOff(member: string, to: string, from: number, takesMs: number): Promise<void> {
    await sleep(takesMs, undefined, { signal: this.#signal });
    for (const event of this.#recorder.trace.slice(from)) {
      if (!isRigEvent(event) && event.member === member && event.event === 'asked')
        this.#answer(member, to, 'under-way');
    }
  }

  #answer(member: string, to: string, how: UpdateAnswer): void {
    this.#recorder.tell('updating', { member, to, how });
  }
}
