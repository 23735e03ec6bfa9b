/** How the cluster comes to be that is rolled: formed now, member by member or all at once, or formed earlier and kept since. */
import type { Action } from '../../node/events.ts';
import type { Peer } from '../daemon/contract.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { entrantsOf } from '../plan/sequence.ts';
import { all } from './all.ts';
import { holdsOf } from './holds.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

/** A cluster is formed by one step, or by two. */
const FORMING_STEPS = 2;

export class Forming {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #members: Members;

  constructor(plan: Plan, stage: Stage, members: Members) {
    this.#plan = plan;
    this.#stage = stage;
    this.#members = members;
  }

  /** @returns whether the cluster is there now, with all its members open. @throws Finding */
  async carryOut(step: Step & { do: 'bootstrap' | 'join' | 'form' }): Promise<boolean> {
    // Of a cluster that was formed earlier, the first of these steps starts everybody.
    if (this.#stage.isFormed) return step.do === 'join' ? false : this.#useAgain(step.version);
    switch (step.do) {
      case 'bootstrap':
        await this.#enter('bootstrap', step.member, step.version, null);
        return this.#plan.members.length === 1 && this.#formed(step.version);
      case 'join':
        await this.#join(step.members, step.version, this.#members.peer(step.through));
        return this.#formed(step.version);
      case 'form':
        await all(step.members.map((member) => this.#members.start('bootstrap', member, step.version)));
        await all(step.members.map((member) => this.#members.untilFormed(member)));
        await this.#allOpen();
        return this.#formed(step.version);
    }
  }

  /** Whether a step forms the cluster: the first, and the one in which the others join it. Whoever joins later joins a roll. */
  isOf(step: Step): boolean {
    return this.#plan.steps.indexOf(step) < FORMING_STEPS;
  }

  get #founders(): string[] {
    return this.#plan.steps.slice(0, FORMING_STEPS).flatMap(entrantsOf);
  }

  /** Somebody joins a cluster that is there. @throws Finding */
  async admit({ members, version, through }: Step & { do: 'join' }): Promise<void> {
    await this.#join(members, version, this.#members.peer(through));
  }

  async #join(members: readonly string[], version: string, peer: Peer): Promise<void> {
    if (this.#stage.daemon.joinsAtOnce) await all(members.map((member) => this.#enter('join', member, version, peer)));
    else for (const member of members) await this.#enter('join', member, version, peer);
  }

  async #useAgain(version: string): Promise<true> {
    this.#stage.recorder.tell('formed', { how: 'earlier' });
    await this.#reform(version);
    return true;
  }

  /** The cluster is there. Where it is kept, it is stopped for that, and started again. */
  async #formed(version: string): Promise<true> {
    const { keep, recorder } = this.#stage;
    recorder.tell('formed', { how: 'now' });
    if (keep === null) return true;
    await this.#members.stopEach();
    await keep();
    await this.#reform(version);
    return true;
  }

  async #reform(version: string): Promise<void> {
    await all(this.#founders.map((member) => this.#members.start('reform', member, version)));
    await this.#allOpen();
  }

  async #allOpen(): Promise<void> {
    const members = this.#founders;
    const { formingLimitMs } = this.#stage.daemon;
    await all(members.map((member) => this.#members.untilEnded(member, formingLimitMs)));
    for (const member of members) {
      if (this.#members.standings.word(member) !== 'open')
        throw this.#members.didNot(member, 'open in its first cluster');
    }
  }

  async #enter(action: Action, member: string, version: string, through: Peer | null): Promise<void> {
    await this.#members.start(action, member, version, through, holdsOf(this.#plan, action));
    await this.#members.enter(member);
    await this.#members.untilEnded(member, this.#stage.daemon.formingLimitMs);
    if (this.#members.standings.word(member) !== 'open') throw this.#members.didNot(member, `${action} its cluster`);
  }
}
