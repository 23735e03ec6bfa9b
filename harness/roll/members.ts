/** The members of a roll as they come and go: started, stopped, killed, started again, and what they say. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Attendance, Command, Launch, MemberClient, Peer } from '../daemon/contract.ts';
import { Conditions } from '../fault/conditions.ts';
import type { Plan } from '../plan/plan.ts';
import type { Exit, RunningMember } from '../runtime/runtime.ts';
import { all } from './all.ts';
import { Awaiting, WORD_LIMIT_MS } from './awaiting.ts';
import { holdsOf } from './holds.ts';
import type { Stage } from './stage.ts';
import { stopBy, stopWay } from './stopping.ts';
import { Supervision } from './supervision.ts';
import { Turns } from './turns.ts';

interface Present {
  readonly launch: Launch;
  readonly running: RunningMember;
  readonly attendance: Attendance;
}

/** VERSION [THROUGH] [FAILPOINTS] [ALTERED]: what a member is started in, which peer lets it in, where it is held, and how. */
type Starting = [
  version: string,
  through?: Peer | null,
  failpoints?: readonly Failpoint[],
  altered?: (command: Command) => Command,
];

/** What a member may take to be gone that has said that it exits; one that lives on has said something else. */
export const EXITING_LIMIT_MS = 20_000;

/** Whoever does not begin to run so soon is told to stop all the same. */
const BEGINS_WITHIN_MS = 5000;

export class Members extends Awaiting {
  readonly conditions = new Conditions();
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #fail: (error: Error) => void;
  readonly #present = new Map<string, Present>();
  /** All processes that have not ended, also of members that are being stopped. */
  readonly #running = new Set<RunningMember>();
  readonly #turns = new Turns();
  /** Who has gone although nobody had told it to, and is not back. */
  readonly #wentByThemselves = new Set<string>();
  readonly #supervision: Supervision;
  readonly #remarked = new Set<string>();
  /** The version that each member has by now, running or not. */
  readonly #versions = new Map<string, string>();

  /** @param fail is told what keeps a member from being started again */
  constructor(plan: Plan, stage: Stage, fail: (error: Error) => void) {
    super(plan, stage);
    this.#plan = plan;
    this.#stage = stage;
    this.#fail = fail;
    this.#supervision = new Supervision(plan.daemon.capabilities.supervisor, stage.recorder, stage.signal);
    stage.hurry.addEventListener('abort', () => {
      for (const running of this.#running) {
        // Also of one that is being stopped: that it ends so is not its doing.
        stage.recorder.tell('killing', { member: running.seat.member, at: null });
        void this.#killNow(running);
      }
    });
  }

  /** The names of all members that have been started and are not known to be gone. */
  get names(): string[] {
    return [...this.#present.keys()];
  }

  /** Null where the member is not running. */
  running(member: string): RunningMember | null {
    return this.#present.get(member)?.running ?? null;
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

  /** Start a member that has been stopped for its refresh, as far as faults let it. */
  async startRefreshed(member: string, version: string, failpoints: readonly Failpoint[]): Promise<void> {
    this.#versions.set(member, version);
    if (this.conditions.isDown(member)) return;
    const failures = this.conditions.takeFailures(member);
    for (let left = failures ?? 1; left > 0; left -= 1) await this.#startFailing(member, version);
    if (failures !== null) await this.start('start', member, version, null, failpoints);
  }

  /** Start a member that is gone in the version that it has by now. */
  async startAgain(member: string): Promise<void> {
    await this.#turns.take(member, async () => {
      if (this.#present.has(member) || this.#stage.signal.aborted) return;
      const version = this.#versions.get(member) ?? this.#plan.from;
      await this.#start('start', member, version, null, holdsOf(this.#plan, 'start'));
    });
  }

  /** Start a member again that has gone by itself, where nobody has since, nor is about to. */
  async startGone(member: string): Promise<void> {
    const { recorder, signal } = this.#stage;
    await recorder.until(member, () => !this.standings.isExiting(member), EXITING_LIMIT_MS, signal);
    await this.#supervision.settled(member);
    if (this.#wentByThemselves.has(member)) await this.startAgain(member);
  }

  /** @throws Finding where its build does not fail */
  async #startFailing(member: string, version: string): Promise<void> {
    const { failing } = this.#stage.daemon;
    if (failing === null) throw new Error('a plan had a build fail, and its daemon has none that does');
    await this.start('start', member, version, null, [], failing);
    const running = this.running(member);
    const inTime = await Promise.race([running?.exited, sleep(WORD_LIMIT_MS, null, { ref: false })]);
    if (inTime === null) throw this.didNot(member, 'exit, as its build was to', WORD_LIMIT_MS);
    // That it went is what it was to do.
    this.#wentByThemselves.delete(member);
  }

  async start(action: Action, member: string, ...more: Starting): Promise<void> {
    await this.#turns.take(member, () => this.#start(action, member, ...more));
  }

  async #start(
    action: Action,
    member: string,
    ...[version, through = null, failpoints = [], altered = (command) => command]: Starting
  ): Promise<void> {
    // A fault may have started it again since it was stopped for this.
    await this.#stop(member, false);
    const { daemon, site, artifacts, recorder, log } = this.#stage;
    const artifact = artifacts.get(version);
    if (artifact === undefined) throw new Error(`version ${version} has not been built`);
    const seats = this.#plan.members.map((name) => site.seat(name));
    const held = [...new Set([...failpoints, ...(action === 'start' ? this.conditions.holdsOf(member) : [])])];
    const rules = this.conditions.rulesOf(member);
    const holdsTruststore = this.conditions.holdsTruststore(member);
    const seat = site.seat(member);
    const launch: Launch = { action, seat, version, seats, through, failpoints: held, rules, holdsTruststore };
    this.#versions.set(member, version);
    const command = await daemon.command(this.#plan, launch);
    const attendance = daemon.attend(this.#plan, launch, {
      event: (event) => recorder.add(event),
      remark: (about, text) => this.#remark(about, text),
      missed: (about, text) => this.#remark(about, text, 'missed'),
      contradiction: (about, text) => this.#remark(about, text, 'contradiction'),
    });
    this.lastLines.forget(member);
    recorder.tell('launching', { member, version });
    const starting = site.start(launch.seat, artifact, altered(command), (stream, line, sinceNs) => {
      log(member, line);
      this.lastLines.add(member, line);
      attendance.line(stream, line, sinceNs);
    });
    // Nobody is there to be attended any more where it cannot be started.
    const running = await starting.catch(async (error: unknown) => {
      await attendance.end();
      throw error;
    });
    const present: Present = { launch, running, attendance };
    this.#present.set(member, present);
    this.#wentByThemselves.delete(member);
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
    await this.#supervision.settled(member);
    await this.#turns.take(member, () => this.#stop(member, isWithAll));
  }

  async #stop(member: string, isWithAll: boolean): Promise<void> {
    const present = this.#present.get(member);
    if (present === undefined) return;
    const { recorder, daemon } = this.#stage;
    // The first process of a container hears no signal until it has said that it wants to.
    await recorder.until(member, () => this.standings.hasBegun(member), BEGINS_WITHIN_MS, new AbortController().signal);
    if (this.#present.get(member) !== present) return;
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
    await this.#supervision.allSettled();
    await all(this.names.map((member) => this.stop(member, true)));
  }

  async stopAll(): Promise<void> {
    this.#supervision.end();
    await this.stopEach();
  }

  /** As a machine that loses its power would have it. Nothing is done where it is gone. */
  async kill(member: string): Promise<void> {
    await this.#turns.take(member, async () => {
      const present = this.#present.get(member);
      if (present !== undefined) await this.#kill(present, null);
    });
  }

  /** Kill a member where it is held, unless that life of it has ended meanwhile. @returns whether it was killed */
  async killHeld(member: string, life: RunningMember, at: Failpoint): Promise<boolean> {
    return this.#turns.take(member, async () => {
      const present = this.#present.get(member);
      if (present?.running !== life) return false;
      this.conditions.killed(member);
      await this.#kill(present, at);
      return true;
    });
  }

  async #kill(present: Present, at: Failpoint | null): Promise<void> {
    const { member } = present.launch.seat;
    const { recorder } = this.#stage;
    this.#present.delete(member);
    await present.attendance.end();
    recorder.tell('killing', { member, at });
    const exit = await present.running.kill();
    recorder.tell('gone', { member, ...exit, killed: false });
  }

  /** It went by itself; one that the rig stops is no longer in the list by then. */
  #gone(present: Present, exit: Exit): void {
    const { member } = present.launch.seat;
    if (this.#present.get(member) !== present) return;
    this.#present.delete(member);
    this.#wentByThemselves.add(member);
    void present.attendance.end();
    this.#stage.recorder.tell('gone', { member, ...exit, killed: false });
    const { version } = present.launch;
    const lack = exit.code === 0 ? null : this.#stage.site.lack();
    if (lack !== null) this.#fail(lack);
    this.#supervision.exited(member, exit, () => this.start('start', member, version), this.#fail);
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

const FORMED_EVERY_MS = 100;
