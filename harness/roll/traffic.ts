/**
 * What a client of the cluster notices: a light reader and a light writer for every member, all the time. They measure
 * availability, never readiness; when a member opened is for its events to say.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../node/clock.ts';
import { type RecordsClient, RequestError } from '../daemon/contract.ts';
import type { Operation, Records } from '../trace/trace.ts';
import type { Recorder } from './recorder.ts';

/**
 * Each member is asked for one read and one write in this time, one after the other: often enough to see an outage, and the
 * more members there are the less often, so that the rig is never what keeps the machine busy.
 */
const PERIOD_MS = 200;
const PERIOD_PER_MEMBER_MS = 40;
/** How long requests that are under way may take when all is to stop. */
const STOP_MS = 1000;

interface Tally {
  served: number;
  failed: number;
  /** The last outcome that was told: null where the operation is served, else why it is not. */
  told: string | null | undefined;
  /** Whether the member was held to serve when that was told: what may be said before it is open may not be said after. */
  wasServing: boolean;
}

export class Traffic {
  readonly #recorder: Recorder;
  readonly #periodMs: number;
  readonly #isServing: (member: string) => boolean;
  readonly #fail: (error: Error) => void;
  readonly #acknowledged: Record<string, string> = {};
  readonly #tallies = new Map<string, Record<Operation, Tally>>();
  readonly #loops: Promise<void>[] = [];
  readonly #stop = new AbortController();
  #isOver = false;

  /**
   * @param isServing whether a member has said that it serves
   * @param fail is told what keeps it from asking anybody
   */
  constructor(
    recorder: Recorder,
    members: number,
    isServing: (member: string) => boolean,
    fail: (error: Error) => void,
  ) {
    this.#recorder = recorder;
    this.#isServing = isServing;
    this.#fail = fail;
    this.#periodMs = Math.max(PERIOD_MS, members * PERIOD_PER_MEMBER_MS);
  }

  /** Every record of which a member has said that it is written. */
  get acknowledged(): Records {
    return this.#acknowledged;
  }

  acknowledge(key: string, value: string): void {
    this.#acknowledged[key] = value;
  }

  /**
   * Keep going against a member, whatever becomes of it. `records` is asked anew each time: a refreshed member may move.
   * Resolves after the first round, so that every member has been asked before anything is done to it.
   */
  async run(member: string, records: () => RecordsClient | null): Promise<void> {
    const tally = (): Tally => ({ served: 0, failed: 0, told: undefined, wasServing: false });
    this.#tallies.set(member, { read: tally(), write: tally() });
    await this.#ask(member, records, 1);
    this.#loops.push(this.#loop(member, records).catch(this.#fail));
  }

  /** End all loops, and tell the tallies. A request that hangs is left to itself: who answers it now is of no interest. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.race([Promise.all(this.#loops), sleep(STOP_MS, undefined, { ref: false })]);
    this.#isOver = true;
    for (const [member, tallies] of this.#tallies) {
      for (const operation of ['read', 'write'] as const) {
        const { served, failed } = tallies[operation];
        this.#recorder.tell('tally', { member, operation, served, failed });
      }
    }
    this.#tallies.clear();
  }

  async #loop(member: string, records: () => RecordsClient | null): Promise<void> {
    for (let round = 2; ; round += 1) {
      await sleep(this.#periodMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      await this.#ask(member, records, round);
    }
  }

  /** One write and one read. */
  async #ask(member: string, records: () => RecordsClient | null, round: number): Promise<void> {
    const [key, value] = [`${member}-${round}`, `record ${round}, written through ${member}`];
    await this.#attempt(member, 'write', async () => {
      await required(records()).write(key, value);
      this.acknowledge(key, value);
    });
    // Whoever hangs has been asked for long enough.
    if (this.#stop.signal.aborted) return;
    await this.#attempt(member, 'read', async () => this.#compare(await required(records()).readSome()));
  }

  /** A record has one value, whenever it is read. @throws RequestError where it is another */
  #compare(found: Records): void {
    const known = Object.entries(found).filter(([key]) => this.#acknowledged[key] !== undefined);
    const wrong = known.filter(([key, value]) => value !== this.#acknowledged[key]).map(([key]) => key);
    if (wrong.length > 0)
      throw new RequestError('wrong', `it returned other values than were written: of ${wrong.join(', ')}`);
  }

  async #attempt(member: string, operation: Operation, request: () => Promise<void>): Promise<void> {
    const tally = this.#tallies.get(member)![operation];
    const isServing = this.#isServing(member);
    const sinceNs = nowNs();
    try {
      await request();
      if (this.#isOver) return;
      tally.served += 1;
      if (tally.told !== null) this.#recorder.tell('available', { member, operation });
      tally.told = null;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (this.#isOver) return;
      const { how, message: because } = error;
      tally.failed += 1;
      const isKnown = tally.told === because && tally.wasServing === isServing;
      if (!isKnown) this.#recorder.tell('unavailable', { member, operation, how, because, sinceNs });
      tally.told = because;
      tally.wasServing = isServing;
    }
  }
}

function required(records: RecordsClient | null): RecordsClient {
  if (records === null) throw new RequestError('unreachable', 'the member is not running');
  return records;
}
