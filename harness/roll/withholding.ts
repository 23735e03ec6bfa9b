/**
 * Keeping from a member what it has just done: it records what it runs, and the answer that would tell it so is held on its way. What
 * else is answered to it before goes through, one chunk after the other: each is held until the rows have been read anew through
 * whoever answers, so that the one behind the commit cannot slip through however long that takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Row, sameVersion } from '../../node/upgrade/version.ts';
import { Finding, RequestError } from '../daemon/contract.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Flow, Links } from '../link/links.ts';
import type { Step } from '../plan/plan.ts';
import type { Members } from './members.ts';
import type { Stage } from './stage.ts';

type Withhold = Step & { readonly do: 'withhold' };

/** How long a member may take from its start to its record. */
const RECORD_LIMIT_MS = 60_000;
/** A database may have nobody who leads it for some seconds. */
const ROWS_LIMIT_MS = 20_000;
/** What is not there yet is looked for again. */
const AGAIN_MS = 5;
/** An answer may be a little later than what it is about can be read elsewhere. */
const LATE_MS = 1000;

interface Withheld {
  readonly flow: Flow;
  readonly isHeld: boolean;
  /** Resolves when its record is there; rejects where that cannot be seen or told. */
  readonly recorded: Promise<void>;
  readonly end: () => Promise<void>;
}

export class Withholding {
  readonly #stage: Stage;
  readonly #members: Members;
  readonly #under = new Map<string, Withheld>();

  constructor(stage: Stage, members: Members) {
    this.#stage = stage;
    this.#members = members;
  }

  /** Begin, before the member is started that is to record something. */
  async begin({ member, from, isHeld }: Withhold): Promise<void> {
    const { links } = this.#stage.site;
    if (links === null) throw new Error('nothing can be held where no link is relayed');
    const flow: Flow = { from, to: member, dialledBy: member };
    const undo = await links.shape(flow, isHeld ? { isHeld } : { isWatched: true });
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#stage.signal, ending.signal]);
    let seen = 0;
    const unwatch = links.onArrival((arrival) => {
      if (arrival.flow.dialledBy === member && arrival.flow.from === from) seen += 1;
    });
    const recorded = this.#step(links, flow, isHeld, () => seen, signal).finally(unwatch);
    // Whoever waits for it is told.
    recorded.catch(() => undefined);
    this.#under.set(member, {
      flow,
      isHeld,
      recorded,
      end: async () => {
        ending.abort();
        await undo();
      },
    });
  }

  /** Wait until the member has recorded what it runs. Returns whether it is kept from one. @throws Finding */
  async untilRecorded(member: string): Promise<boolean> {
    const withheld = this.#under.get(member);
    await withheld?.recorded;
    return withheld !== undefined;
  }

  /** Let the member have what was kept from it. */
  async end(member: string): Promise<void> {
    const withheld = this.#under.get(member);
    if (withheld === undefined) return;
    this.#under.delete(member);
    // Whoever waits already had its answer from somebody else.
    if (withheld.isHeld && this.#members.standings.isParked(member)) throw elsewhere(member, withheld.flow.from);
    this.#stage.recorder.tell('let-through', { member, from: withheld.flow.from });
    await withheld.end();
  }

  /** @param seen how many answers have arrived by now */
  async #step(links: Links, flow: Flow, isHeld: boolean, seen: () => number, signal: AbortSignal): Promise<void> {
    const { from, to: member } = flow;
    const before = await this.#rowOf(member, from, signal);
    const limit = AbortSignal.timeout(RECORD_LIMIT_MS);
    for (;;) {
      if (limit.aborted)
        throw new Finding(
          member,
          `${member} did not record what it runs within ${RECORD_LIMIT_MS / 1000} s`,
          RECORD_LIMIT_MS,
        );
      // In this order: what had come before the rows were read cannot be the answer to a commit that they do not show.
      const keptBytes = await links.kept(flow);
      const own = await this.#rowOf(member, from, signal);
      if (!sameVersion(own, before)) {
        const bytes = isHeld ? await someKept(links, flow) : 0;
        if (isHeld && bytes === 0) throw elsewhere(member, from);
        this.#stage.recorder.tell('withheld', { member, from, bytes, answers: seen() });
        return;
      }
      if (keptBytes > 0) await links.next(flow);
      else await sleep(AGAIN_MS, undefined, { signal });
    }
  }

  /** What a member has recorded by now, as is read through another. @throws Finding where it is not to be had */
  async #rowOf(member: string, through: string, signal: AbortSignal): Promise<Row> {
    const limit = AbortSignal.timeout(ROWS_LIMIT_MS);
    for (;;) {
      const row = (await this.#rows(through))?.find((one) => one.member === member);
      if (row !== undefined) return row;
      if (limit.aborted)
        throw new Finding(through, `what ${member} has recorded could not be read through ${through}`, ROWS_LIMIT_MS);
      await sleep(AGAIN_MS, undefined, { signal });
    }
  }

  /** Null where they cannot be read just now. @throws Finding where they never can */
  async #rows(through: string): Promise<readonly Row[] | null> {
    const client = this.#members.client(through);
    if (client === null) throw new Finding(through, `${through} is gone, through which the rows were to be read`);
    if (client.rows === null) throw new EnvironmentError('the rig cannot read what members have recorded');
    try {
      return await client.rows();
    } catch (error) {
      if (error instanceof RequestError) return null;
      throw error;
    }
  }
}

/** It is not this member that answers it. */
function elsewhere(member: string, from: string): Finding {
  return new Finding(
    member,
    `${member} recorded what it runs, and ${from} answered it nothing that could be held: another member leads the database`,
    null,
    `this try is given up: who leads is not for the rig to say`,
  );
}

/** How many bytes are kept, as soon as there are any. */
async function someKept(links: Links, flow: Flow): Promise<number> {
  const limit = AbortSignal.timeout(LATE_MS);
  for (;;) {
    const bytes = await links.kept(flow);
    if (bytes > 0 || limit.aborted) return bytes;
    await sleep(AGAIN_MS);
  }
}
