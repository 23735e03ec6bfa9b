/** Having a member do what the plan asks of it, as soon as it can be asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Finding, type MemberClient, RequestError } from '../daemon/contract.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

/** A member may take so long from its start until it can be asked for something. */
const LISTENS_WITHIN_MS = 10_000;
const ASKED_AGAIN_MS = 20;

export class Asking {
  readonly #stage: Stage;
  readonly #members: Members;

  constructor(stage: Stage, members: Members) {
    this.#stage = stage;
    this.#members = members;
  }

  /**
   * A member that has just been started cannot be asked yet; one that goes meanwhile needs not be.
   * @returns why it could not be asked; null where it was, or is not the one any more that it was
   * @throws RequestError where it answers, and not as it was asked to
   */
  async onceItListens(member: string, ask: (client: MemberClient) => Promise<void>): Promise<RequestError | null> {
    const running = this.#members.running(member);
    const limit = AbortSignal.timeout(LISTENS_WITHIN_MS);
    for (;;) {
      const client = this.#members.client(member);
      if (client === null || this.#members.running(member) !== running) return null;
      try {
        await ask(client);
        return null;
      } catch (error) {
        if (!(error instanceof RequestError) || error.how !== 'unreachable') throw error;
        if (limit.aborted) return error;
      }
      await sleep(ASKED_AGAIN_MS, undefined, { signal: this.#stage.signal });
    }
  }

  /** Have one member take another out of the cluster for good. @throws Finding where it does not */
  async takeOut(member: string, by: string): Promise<void> {
    let isAsked = false;
    try {
      const why = await this.onceItListens(by, async ({ membership }) => {
        if (membership === null) return;
        await membership.remove(member);
        isAsked = true;
      });
      if (why !== null) throw why;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw new Finding(by, `${by} did not take ${member} out of the cluster: ${error.message}`);
    }
    if (!isAsked) throw new Finding(by, `${by} was to take ${member} out of the cluster, and is not there`);
  }
}
