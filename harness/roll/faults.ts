/** The faults of a roll: done and undone at their steps of the plan, and those that lie in wait for a member. */
import type { MemberEvent } from '../../node/events.ts';
import { type FailpointsClient, Finding, RequestError } from '../daemon/contract.ts';
import type { Hands, Undo } from '../fault/kind.ts';
import { kindOf } from '../fault/kinds.ts';
import type { PlannedDaemon } from '../plan/daemon.ts';
import { type Fault, type FaultOf, namedBy } from '../plan/fault.ts';
import { faultWords, undoWords } from '../plan/fault-words.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunningMember } from '../runtime/runtime.ts';
import { isRigEvent, type TraceEvent } from '../trace/trace.ts';
import type { Asking } from './asking.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

interface Standing {
  readonly fault: Fault;
  readonly undo: Undo;
}

export class Faults {
  readonly #stage: Stage;
  readonly #members: Members;
  readonly #asking: Asking;
  readonly #daemon: PlannedDaemon;
  readonly #standing = new Map<string, Standing>();
  /** Members that are being killed where they are held. */
  readonly #killing = new Set<Promise<void>>();
  #failure: Error | null = null;

  constructor({ daemon }: Plan, stage: Stage, members: Members, asking: Asking) {
    this.#daemon = daemon;
    this.#asking = asking;
    this.#stage = stage;
    this.#members = members;
    stage.recorder.observe((event) => this.#see(event));
  }

  /** Whether anything is wrong now that may keep members from what they would do otherwise. */
  get areStanding(): boolean {
    return this.#standing.size > 0 || this.areKilling;
  }

  async begin(id: string, fault: Fault): Promise<void> {
    // Whoever is being killed where it is held may be about to be started again.
    await this.idle();
    this.#stage.recorder.tell('fault', { id, says: faultWords(fault) });
    const undo = await this.#done(fault, () => kindOf(fault).do(fault, this.#hands, id));
    if (undo !== null) this.#standing.set(id, { fault, undo });
  }

  async undo(id: string): Promise<void> {
    const standing = this.#standing.get(id);
    if (standing === undefined) return;
    this.#standing.delete(id);
    await this.#done(standing.fault, standing.undo);
    this.#stage.recorder.tell('undone', { id, says: undoWords(standing.fault) });
  }

  /** What a member answers to a fault that it is to do may come of another: then nobody knows what the roll would have been. */
  async #done<Result>(fault: Fault, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const [member] = namedBy(fault);
      const words = `${faultWords(fault)}: ${member} was asked to do that, and did not: ${error.message}`;
      throw new Finding(member!, words, null, 'what has been done to it before may be why');
    }
  }

  /** Whether somebody is being killed, and may be started again. */
  get areKilling(): boolean {
    return this.#killing.size > 0;
  }

  /** Until nobody is being killed. @throws what kept a member from that */
  async idle(): Promise<void> {
    while (this.areKilling) await Promise.all(this.#killing);
    if (this.#failure !== null) throw this.#failure;
  }

  #see(event: TraceEvent): void {
    if (isRigEvent(event)) return;
    const { conditions } = this.#members;
    if (event.event === 'notifying') conditions.count(event.member, event.kind, event.peers);
    const kill = event.event === 'held' ? conditions.killOf(event.member) : null;
    if (kill === null) return;
    const life = this.#members.running(event.member);
    // The last words of one that is being killed anyway.
    if (life === null) return;
    const killing: Promise<void> = this.#killHeld(kill, life, event as MemberEvent & { event: 'held' })
      .catch((error: Error) => {
        this.#failure ??= error;
      })
      .finally(() => this.#killing.delete(killing));
    this.#killing.add(killing);
  }

  async #killHeld(
    { member, at, leading, again }: FaultOf<'kill'>,
    life: RunningMember,
    held: MemberEvent & { event: 'held' },
  ): Promise<void> {
    const client = this.#members.client(member);
    if (leading && held.failpoint === 'before-check') await this.#orUnreachable(() => client!.leader!.lead());
    if (held.failpoint !== at) {
      await this.#orUnreachable(() => (client!.failpoints as FailpointsClient).release(held.failpoint));
      return;
    }
    if (!(await this.#members.killHeld(member, life, held.failpoint))) return;
    if (again) await this.#members.startAgain(member);
  }

  /** Somebody else may have stopped the member meanwhile. */
  async #orUnreachable(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }

  get #hands(): Hands {
    const members = this.#members;
    const { conditions } = members;
    return {
      daemon: this.#daemon,
      site: this.#stage.site,
      client: (member) => members.client(member),
      running: (member) => members.running(member),
      kill: (member) => members.kill(member),
      startAgain: (member) => members.startAgain(member),
      startGone: (member) => members.startGone(member),
      takeOut: (member, through) => this.#asking.takeOut(member, through),
      keepRule: async (member, rule) => {
        conditions.addRule(member, rule);
        await this.#asking.onceItListens(member, async (client) => client.faults?.keep(rule));
      },
      dropRule: async (member, id) => {
        conditions.dropRule(member, id);
        // A rule that it does not know is one that has no more to do.
        await this.#asking.onceItListens(member, async (client) => client.faults?.drop(id)).catch(ifRefused);
      },
      renew: async (member, is) => {
        await this.#asking.onceItListens(member, async (client) => client.trust?.renew(is));
      },
      holdTruststore: async (member) => {
        conditions.holdTruststore(member);
        await this.#asking.onceItListens(member, async (client) => client.trust?.hold());
      },
      letTruststore: async (member) => {
        conditions.letTruststore(member);
        await this.#asking.onceItListens(member, async (client) => client.trust?.letGo());
      },
      killNextLife: (fault) => conditions.kill(fault),
      jumpTimer: async (member) => {
        await this.#asking.onceItListens(member, async (client) => client.faults?.jumpTimer());
      },
      holdAt: (member, at) => conditions.hold(member, at),
      letGo: async (member) => {
        conditions.letGo(member);
        await this.#asking.onceItListens(member, async (client) => client.failpoints?.disarm());
      },
      failNextRefresh: (member, times) => conditions.fail(member, times),
      keepDown: (member) => conditions.keepDown(member),
      letUp: (member) => conditions.letUp(member),
    };
  }
}

function ifRefused(error: unknown): void {
  if (!(error instanceof RequestError) || error.how !== 'refused') throw error;
}
