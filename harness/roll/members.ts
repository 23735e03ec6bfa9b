/** The members of a roll as they come and go: started, stopped, killed, started again, and what they say. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, EventName, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import { type Attendance, Finding, type Launch, type MemberClient, type Peer } from '../daemon/contract.ts';
import type { Plan } from '../plan/plan.ts';
import type { Exit, RunningMember } from '../runtime/runtime.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';
import { all } from './all.ts';
import { LastLines } from './last-lines.ts';
import type { Stage } from './stage.ts';
import { Standings } from './standing.ts';
import { stopBy, stopWay } from './stopping.ts';

/** How long a member may take to say what the plan has it say; mostly it takes milliseconds, with an election seconds. */
const WORD_LIMIT_MS = 20_000;

interface Present {
  readonly launch: Launch;
  readonly running: RunningMember;
  readonly attendance: Attendance;
}

export class Members {
  readonly standings: Standings;
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #fail: (error: Error) => void;
  readonly #present = new Map<string, Present>();
  /** All processes that have not ended, also of members that are being stopped. */
  readonly #running = new Set<RunningMember>();
  readonly #lastLines = new LastLines();
  /** How often the supervisor has started each member again. */
  readonly #restarts = new Map<string, number>();
  readonly #restarting = new Map<string, Promise<void>>();
  readonly #remarked = new Set<string>();
  #isEnding = false;

  /** @param fail is told what keeps a member from being started again */
  constructor(plan: Plan, stage: Stage, fail: (error: Error) => void) {
    this.#plan = plan;
    this.#stage = stage;
    this.#fail = fail;
    this.standings = new Standings(plan.members, plan.daemon.timer);
    stage.recorder.observe((event) => this.standings.fold(event));
    stage.hurry.addEventListener('abort', () => {
      for (const running of this.#running) void this.#killNow(running);
    });
  }

  /** The names of all members that have been started and are not known to be gone. */
  get names(): string[] {
    return [...this.#present.keys()];
  }

  memoryBytes(member: string): Promise<number | null> {
    return this.#present.get(member)?.running.memoryBytes() ?? Promise.resolve(null);
  }

  /** Null where the member is not running. */
  client(member: string): MemberClient | null {
    const present = this.#present.get(member);
    return present === undefined ? null : this.#stage.daemon.client(present.launch, present.running);
  }

  /** A live member, to join through. @throws Finding where it is gone */
  peer(member: string): Peer {
    const { launch, running } = this.#need(member, 'let others join through it');
    return { seat: launch.seat, version: launch.version, reach: running };
  }

  async start(
    action: Action,
    member: string,
    version: string,
    through: Peer | null = null,
    failpoints: readonly Failpoint[] = [],
  ): Promise<void> {
    const { daemon, site, artifacts, recorder, log } = this.#stage;
    const artifact = artifacts.get(version);
    if (artifact === undefined) throw new Error(`version ${version} has not been built`);
    const seats = this.#plan.members.map((name) => site.seat(name));
    const launch: Launch = { action, seat: site.seat(member), version, seats, through, failpoints };
    const attendance = daemon.attend(this.#plan, launch, {
      event: (event) => recorder.add(event),
      remark: (about, text) => this.#remark(about, text),
      missed: (about, text) => this.#remark(about, text, 'missed'),
      contradiction: (about, text) => this.#remark(about, text, 'contradiction'),
    });
    this.#lastLines.forget(member);
    recorder.tell('launching', { member, version });
    const running = await site.start(
      launch.seat,
      artifact,
      daemon.command(this.#plan, launch),
      (stream, line, sinceNs) => {
        log(member, line);
        this.#lastLines.add(member, line);
        attendance.line(stream, line, sinceNs);
      },
    );
    const present: Present = { launch, running, attendance };
    this.#present.set(member, present);
    this.#running.add(running);
    attendance.started(running);
    running.exited.then(
      (exit) => {
        this.#running.delete(running);
        this.#gone(present, exit);
      },
      (error: Error) => {
        this.#running.delete(running);
        log(member, `the rig has lost sight of this member: ${error.message}`);
        if (!site.lost.aborted) this.#gone(present, { code: null, signal: null });
      },
    );
    if (this.#stage.hurry.aborted) await this.#killNow(running);
  }

  /** Make a started member one of its cluster. @throws Finding */
  async enter(member: string): Promise<void> {
    const { launch, running } = this.#need(member, 'become a member');
    await this.#stage.daemon.enter(launch, running, this.#stage.signal);
  }

  /** Wait until a cluster is formed whose members have started together. @throws Finding */
  async untilFormed(member: string): Promise<void> {
    const { isFormed, formingLimitMs } = this.#stage.daemon;
    if (isFormed === null) return;
    const limit = AbortSignal.timeout(formingLimitMs);
    while (!limit.aborted) {
      const { launch, running } = this.#need(member, 'form a cluster');
      if (await isFormed(launch, running)) return;
      await sleep(FORMED_EVERY_MS, undefined, { signal: this.#stage.signal });
    }
    throw this.didNot(member, `form a cluster within ${formingLimitMs / 1000} s`, formingLimitMs);
  }

  async stop(member: string, isWithAll = false): Promise<void> {
    await this.#restarting.get(member);
    const present = this.#present.get(member);
    if (present === undefined) return;
    const { recorder, daemon } = this.#stage;
    const by = stopWay(daemon.stopping, !this.standings.isEnded(member), isWithAll);
    this.#present.delete(member);
    await present.attendance.end();
    recorder.tell('stopping', { member, by });
    const exit = await stopBy(daemon.stopping, by, present);
    recorder.tell('gone', { member, ...exit });
    if (daemon.stopping.killsParked && by !== 'kill' && exit.killed)
      this.#remark(member, 'did not stop when it was told to, although it was not seen to wait');
  }

  /** Stop everybody, to start them again. Who has gone, and is about to be started by its supervisor, is one of them. */
  async stopEach(): Promise<void> {
    while (this.#restarting.size > 0) await Promise.allSettled(this.#restarting.values());
    await all(this.names.map((member) => this.stop(member, true)));
  }

  async stopAll(): Promise<void> {
    this.#isEnding = true;
    await this.stopEach();
  }

  /** As a machine that loses its power would have it. */
  async kill(member: string, at: Failpoint): Promise<void> {
    const present = this.#need(member, 'live until it was to be killed');
    const { recorder } = this.#stage;
    this.#present.delete(member);
    await present.attendance.end();
    recorder.tell('killing', { member, at });
    const exit = await present.running.kill();
    recorder.tell('gone', { member, ...exit, killed: false });
  }

  /** Wait for a member to open or to have ended. @throws Finding where it does neither in time */
  async untilEnded(member: string, limitMs: number): Promise<void> {
    await this.#until(member, () => this.standings.isEnded(member), ['open'], limitMs);
  }

  /** Wait for a member to park, open or exit. @throws Finding where it does none in time */
  async untilSettled(member: string): Promise<void> {
    await this.#until(
      member,
      () => this.standings.isSettled(member),
      ['parked', 'open'],
      this.#stage.daemon.startLimitMs,
    );
  }

  /**
   * Wait for an event of a member, the first that matches.
   * @param from look only at what comes after this many events
   * @throws Finding where it does not come
   */
  async said<Name extends EventName>(
    member: string,
    name: Name,
    matches: (event: MemberEvent & { event: Name }) => boolean,
    from = 0,
  ): Promise<MemberEvent & { event: Name }> {
    const isIt = (event: MemberEvent): boolean =>
      event.event === name && matches(event as MemberEvent & { event: Name });
    const found = await this.saidAny(member, `say '${name}' where the plan has it`, isIt, from);
    return found as MemberEvent & { event: Name };
  }

  /**
   * Wait for the first event of a member that matches, of whatever kind.
   * @param what the member does thereby, for a person
   * @throws Finding where it does not come
   */
  async saidAny(
    member: string,
    what: string,
    matches: (event: MemberEvent) => boolean,
    from: number,
  ): Promise<MemberEvent> {
    const { recorder, signal } = this.#stage;
    const isIt = (event: TraceEvent): event is MemberEvent =>
      !isRigEvent(event) && event.member === member && matches(event);
    const found = await recorder.next(member, isIt, from, WORD_LIMIT_MS, signal);
    if (found === null) throw this.didNot(member, what, WORD_LIMIT_MS);
    return found;
  }

  /** What a member failed to do, where the rig waited for it in what time, and the last lines that it printed. */
  didNot(member: string, what: string, waitedMs: number | null = null): Finding {
    return new Finding(member, `${member} did not ${what}; ${this.#lastLines.of(member)}`, waitedMs);
  }

  async #until(member: string, condition: () => boolean, events: readonly Awaited[], limitMs: number): Promise<void> {
    const { recorder, signal } = this.#stage;
    const reached = await recorder.until(member, condition, limitMs, signal);
    if (reached) return;
    const words = [...events.map((event) => AWAITED[event]), 'exit'].join(' or ');
    const { message } = this.didNot(member, `${words} within ${limitMs / 1000} s`);
    throw new Finding(member, message, limitMs, this.#stage.daemon.doubt(events));
  }

  /** It went by itself; one that the rig stops is no longer in the list by then. */
  #gone(present: Present, exit: Exit): void {
    const { member } = present.launch.seat;
    if (this.#present.get(member) !== present) return;
    this.#present.delete(member);
    void present.attendance.end();
    this.#stage.recorder.tell('gone', { member, ...exit, killed: false });
    const restart = this.#restart(present, exit).catch((error: Error) => {
      if (!this.#stage.signal.aborted) this.#fail(error);
    });
    const restarting: Promise<void> = restart.finally(() => {
      // It may have gone again meanwhile, and be about to be started once more.
      if (this.#restarting.get(member) === restarting) this.#restarting.delete(member);
    });
    this.#restarting.set(member, restarting);
  }

  /** As the supervisor of a real machine would, where the daemon has one. */
  async #restart({ launch }: Present, exit: Exit): Promise<void> {
    const { supervisor } = this.#plan.daemon.capabilities;
    const { recorder, signal } = this.#stage;
    const { member } = launch.seat;
    if (supervisor === null || this.#isEnding || signal.aborted) return;
    if (supervisor.restart === 'on-failure' && exit.code === 0) return;
    const attempt = (this.#restarts.get(member) ?? 0) + 1;
    if (attempt > supervisor.most) return;
    this.#restarts.set(member, attempt);
    recorder.tell('restarting', { member, attempt, most: supervisor.most, afterMs: supervisor.delayMs });
    await sleep(supervisor.delayMs, undefined, { signal });
    if (this.#isEnding || signal.aborted) return;
    await this.start('start', member, launch.version);
  }

  /** Whoever waits for its end is told; that it cannot be killed any more, too. */
  async #killNow(running: RunningMember): Promise<void> {
    await running.kill().catch(() => undefined);
  }

  #need(member: string, what: string): Present {
    const present = this.#present.get(member);
    if (present === undefined) throw this.didNot(member, what);
    return present;
  }

  /** Once for each thing that is to be said of a member. */
  #remark(member: string, text: string, rig: 'remark' | 'missed' | 'contradiction' = 'remark'): void {
    const kind = `${member} ${text.slice(0, 40)}`;
    if (this.#remarked.has(kind)) return;
    this.#remarked.add(kind);
    this.#stage.recorder.tell(rig, { member, text: text.slice(0, 500) });
  }
}

/** What a member may be waited for to do. */
const AWAITED = { parked: 'park', open: 'open' } as const;
type Awaited = keyof typeof AWAITED;

const FORMED_EVERY_MS = 100;
