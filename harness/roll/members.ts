/** The members of a roll as they come and go: started, stopped, killed, and what they say. */
import type { Action, EventName, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Artifact } from '../build/artifact.ts';
import type { MemberClient, MemberKind, Seat } from '../daemon/contract.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Exit, RunningMember, Site } from '../runtime/runtime.ts';
import { isRigEvent, type Trace } from '../trace/trace.ts';
import type { Recorder } from './recorder.ts';
import { lastWord, type Word } from './standing.ts';

/** How long a member may take to stop before it is killed. A parked one stops at once; this is for a broken one. */
const STOP_GRACE_MS = 5000;
/** How long a member may take from its start to its first word about where it stands. */
const START_LIMIT_MS = 60_000;
/** How long a member may take to say what the plan has it say; mostly it takes milliseconds, with an election seconds. */
const WORD_LIMIT_MS = 20_000;

/** What a roll is carried out with. */
export interface Stage {
  readonly kind: MemberKind;
  readonly site: Site;
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly recorder: Recorder;
  /** Receives every line that a member prints, events too. */
  readonly log: (member: string, line: string) => void;
  /** Ends the roll early. */
  readonly signal: AbortSignal;
  /** Whether the roll has the machine to itself. */
  readonly alone: boolean;
}

export class Members {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #running = new Map<string, RunningMember>();

  constructor(plan: Plan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
  }

  /** All members that have been started and are not known to be gone. */
  get running(): ReadonlyMap<string, RunningMember> {
    return this.#running;
  }

  /** Null where the member is not running. */
  client(member: string): MemberClient | null {
    const running = this.#running.get(member);
    return running === undefined ? null : this.#stage.kind.client(running.authority);
  }

  async start(
    action: Action,
    member: string,
    version: string,
    through: Seat | null,
    failpoints: readonly Failpoint[],
  ): Promise<void> {
    const { kind, site, artifacts, recorder, log } = this.#stage;
    const artifact = artifacts.get(version);
    if (artifact === undefined) throw new Error(`version ${version} has not been built`);
    const seat = site.seat(member);
    const args = kind.args(this.#plan, { action, seat, through, failpoints });
    recorder.tell('launching', { member, version });
    const running = await site.start(seat, artifact, args, (line) => {
      log(member, line);
      const event = kind.readEvent(line);
      if (event !== null) recorder.add(event);
    });
    this.#running.set(member, running);
    const onGone = (exit: Exit): void => {
      if (this.#running.get(member) !== running) return;
      // It went by itself; one that the rig stops is no longer in the list by then.
      this.#running.delete(member);
      recorder.tell('gone', { member, ...exit, killed: false });
    };
    running.exited.then(onGone, (error: Error) => {
      log(member, `the rig has lost sight of this member: ${error.message}`);
      onGone({ code: null, signal: null });
    });
  }

  async stop(member: string): Promise<void> {
    const running = this.#running.get(member);
    if (running === undefined) return;
    const { recorder } = this.#stage;
    this.#running.delete(member);
    recorder.tell('stopping', { member });
    const exit = await running.stop(STOP_GRACE_MS);
    recorder.tell('gone', { member, ...exit });
  }

  /** As a machine that loses its power would have it. */
  async kill(member: string, at: Failpoint): Promise<void> {
    const running = this.#running.get(member);
    if (running === undefined) throw didNot(member, 'live until it was to be killed');
    const { recorder } = this.#stage;
    this.#running.delete(member);
    recorder.tell('killing', { member, at });
    const exit = await running.kill();
    recorder.tell('gone', { member, ...exit, killed: false });
  }

  /** Wait for a member to say where it stands. */
  async until(member: string, condition: (word: Word) => boolean): Promise<void> {
    const { recorder, signal } = this.#stage;
    const reached = await recorder.until((trace) => condition(lastWord(trace, member)), START_LIMIT_MS, signal);
    if (!reached) throw didNot(member, `park, open or exit within ${START_LIMIT_MS / 1000} s`);
  }

  /** Wait for an event of a member, the first that matches. @param after look only at what comes after this many events */
  async said<Name extends EventName>(
    member: string,
    name: Name,
    matches: (event: MemberEvent & { event: Name }) => boolean,
    after = 0,
  ): Promise<MemberEvent & { event: Name }> {
    const { recorder, signal } = this.#stage;
    const find = (trace: Trace) =>
      trace
        .slice(after)
        .find(
          (event): event is MemberEvent & { event: Name } =>
            !isRigEvent(event) &&
            event.member === member &&
            event.event === name &&
            matches(event as MemberEvent & { event: Name }),
        );
    await recorder.until((trace) => find(trace) !== undefined, WORD_LIMIT_MS, signal);
    const found = find(recorder.trace);
    if (found === undefined) throw didNot(member, `say '${name}' where the plan has it`);
    return found;
  }
}

export function didNot(member: string, what: string): EnvironmentError {
  return new EnvironmentError(`${member} did not ${what}; its log says why`);
}
