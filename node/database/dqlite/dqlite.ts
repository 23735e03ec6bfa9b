/**
 * The engine `dqlite`: SQLite replicated by Raft. Every member embeds a node; whoever wants to read or write speaks to
 * the leader, wherever that is.
 *
 * A transaction is tried until it is committed or nobody waits any longer, and is never carried out twice: each writes a
 * mark of its own, so that one whose commit was not answered is looked up before it is tried again.
 */
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  type Body,
  type Database,
  DatabaseError,
  PassingError,
  type Place,
  REQUEST_PATIENCE_MS,
  type Replication,
  type ReplicationServer,
  type ReplicationStatus,
  UnavailableError,
} from '../database.ts';
import { patiently } from '../patience.ts';
import { type Limits, Turns } from '../turns.ts';
import { isBusy } from './connection.ts';
import { type Leader, NoLeader, Reach, serversOf } from './leader.ts';
import { LeaderWatch, type Observers } from './leader-watch.ts';
import type { Library } from './library.ts';
import { settleIn, successor } from './membership.ts';
import type { Connect } from './relay.ts';
import { DqliteServer } from './server.ts';
import { Attempt, createMarks, readOn } from './transaction.ts';

export interface DqliteOptions extends Observers {
  readonly library: Library;
  /** HOST:PORT of the member's own listener. */
  readonly address: string;
  readonly stateFolder: string;
  readonly networkLatencyMs: number | null;
  /** How peers are dialled. */
  readonly connect: Connect;
}

/** What there is once the member has taken its place. */
interface Inside {
  readonly node: DqliteServer;
  readonly reach: Reach;
  readonly place: Place;
}

/** The cluster's database on the leader. */
const DATABASE = 'cluster';
/** A newcomer waits for others that are joining, and a voter for the log to be copied. */
const JOIN_PATIENCE_MS = 60_000;
/** Between two tries. Somebody else's transaction takes milliseconds, an election seconds. */
const LONGEST_PAUSE = { busyMs: 16, leaderlessMs: 100 };
/** That there is no leader is trouble at once; what else is in the way has as a rule gone by until then. */
const TROUBLE_AFTER_MS = 1000;
/** A transfer takes milliseconds. */
const HANDOVER_TIMEOUT_MS = 1000;

export class DqliteDatabase implements Database, Replication {
  readonly #options: DqliteOptions;
  readonly #closing = new AbortController();
  #starting: Promise<DqliteServer> | null = null;
  #inside: Inside | null = null;
  #leader: Leader | null = null;
  readonly #leaderWatch: LeaderWatch;
  readonly #lanes = new Set<number>();
  /** The member's connection carries one transaction at a time. */
  readonly #turns = new Turns(() => this.trouble);

  constructor(options: DqliteOptions) {
    this.#options = options;
    this.#leaderWatch = new LeaderWatch(options);
  }

  get replication(): Replication {
    return this;
  }

  get trouble(): string | null {
    return this.#leaderWatch.trouble;
  }

  async enter(place: Place): Promise<void> {
    const { library, address, stateFolder, networkLatencyMs, connect } = this.#options;
    const folder = join(stateFolder, 'dqlite');
    this.#starting = DqliteServer.start({ library, id: place.id, address, folder, networkLatencyMs, connect });
    const node = await this.#starting;
    this.#inside = { node, reach: new Reach(node, address), place };
    // Only voters know who leads; any other member learns it when it looks for the leader.
    if (place.role === 'voter') void this.#leaderWatch.watch(this.#inside.reach, address, this.#closing.signal);
    if (place.how === 'bootstrap') {
      await this.#patiently(({ connection }) => createMarks(connection));
    } else if (!(await this.#isSettledIn(place))) {
      const patienceMs = place.how === 'join' ? JOIN_PATIENCE_MS : Number.POSITIVE_INFINITY;
      await this.#patiently(({ connection }) => settleIn(connection, place, address), patienceMs);
    }
    if (place.role === 'voter') await this.#patiently(() => this.#requireFollowing(), Number.POSITIVE_INFINITY);
  }

  async write<Result>(body: Body<Result>, patienceMs?: number): Promise<Result> {
    const { place } = this.#entered;
    let lane = 0;
    while (this.#lanes.has(lane)) lane += 1;
    this.#lanes.add(lane);
    const attempt = new Attempt(place.id, lane, body);
    try {
      return await this.#patiently(({ connection }) => attempt.carryOut(connection), patienceMs);
    } finally {
      this.#lanes.delete(lane);
    }
  }

  async read<Result>(body: Body<Result>, patienceMs?: number): Promise<Result> {
    return this.#patiently(({ connection }) => readOn(connection, body), patienceMs);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new DatabaseError('the database is closed'));
    this.#leader?.connection.close();
    const node = await this.#starting?.catch(() => null);
    await node?.stop();
  }

  status(): ReplicationStatus {
    return {
      role: this.#inside?.place.role ?? 'spare',
      leader: this.#leaderWatch.leader,
    };
  }

  servers(patienceMs?: number): Promise<ReplicationServer[]> {
    return this.#patiently(async (leader) => {
      const servers = await serversOf(leader.connection);
      return servers.map(({ address, role }) => ({ address, role, leads: address === leader.address }));
    }, patienceMs);
  }

  accept(connection: Duplex): void {
    this.#closing.signal.throwIfAborted();
    // A peer that comes before the node is there tries again by itself.
    this.#entered.node.accept(connection);
  }

  async handOver(): Promise<{ to: string } | { because: string } | null> {
    if (this.#inside === null) return null;
    const { reach } = this.#inside;
    const { address } = this.#options;
    return reach.ask(address, async (connection) => {
      if ((await connection.leader())?.address !== address) return null;
      const heir = await successor(connection, reach, address);
      if (heir === null) return { because: 'no other voter follows this leader' };
      try {
        // An heir that is being stopped itself does not take it.
        connection.timeoutMs = HANDOVER_TIMEOUT_MS;
        await connection.transfer(heir.id);
        return { to: heir.address };
      } catch (error) {
        return { because: (error as Error).message };
      }
    });
  }

  async lead(): Promise<void> {
    const { place } = this.#entered;
    await this.#patiently(async ({ connection, address }) => {
      if (address === this.#options.address) return;
      await connection.transfer(place.id).catch((error: Error) => {
        // A leader that has not heard of this member since its start refuses.
        throw new PassingError(`the leader does not hand over: ${error.message}`, { cause: error });
      });
      throw new PassingError('this member does not lead yet');
    });
  }

  async remove(id: number): Promise<void> {
    await this.#patiently(async ({ connection }) => {
      const servers = await serversOf(connection);
      // An earlier try whose answer was lost may have been carried out.
      if (servers.some((server) => server.id === id)) await connection.remove(id);
    });
  }

  get #entered(): Inside {
    if (this.#inside === null) throw new UnavailableError('this member has not taken its place in the cluster yet');
    return this.#inside;
  }

  /**
   * Refuse until the own node has heard from the leader. A voter that comes back does not count for the quorum until then: were
   * the next one refreshed before, nobody could write meanwhile.
   */
  async #requireFollowing(): Promise<void> {
    const leader = await this.#entered.reach.ask(this.#options.address, (connection) => connection.leader());
    if (leader === null) throw new PassingError('the leader has not reached this member’s node yet');
  }

  /** Whether the own node's log already has this member with its role: then nobody else need be asked. */
  async #isSettledIn({ id, role }: Place): Promise<boolean> {
    const servers = await this.#entered.reach.ask(this.#options.address, serversOf);
    return servers.some((server) => server.id === id && server.role === role);
  }

  /** Try something on the leader. Between two tries others of this member have their turn. */
  #patiently<Result>(attempt: (leader: Leader) => Promise<Result>, patienceMs = REQUEST_PATIENCE_MS): Promise<Result> {
    return patiently((limits) => this.#inTurn(attempt, limits), {
      patienceMs,
      closing: this.#closing.signal,
      longestPauseMs: (error) => (isBusy(error) ? LONGEST_PAUSE.busyMs : LONGEST_PAUSE.leaderlessMs),
      onTrouble: (trouble) => this.#leaderWatch.fret(trouble),
      troubleAfterMs: (error) => (error instanceof NoLeader ? 0 : TROUBLE_AFTER_MS),
    });
  }

  #inTurn<Result>(attempt: (leader: Leader) => Promise<Result>, limits: Limits): Promise<Result> {
    return this.#turns.take(async () => {
      const leader = await this.#toLeader();
      try {
        return await attempt(leader);
      } catch (error) {
        if (error instanceof PassingError && !isBusy(error)) this.#forget();
        throw error;
      }
    }, limits);
  }

  async #toLeader(): Promise<Leader> {
    if (this.#leader !== null && !this.#leader.connection.isLost) return this.#leader;
    const { reach, place } = this.#entered;
    const leader = await reach.toLeader(place.through === null ? [] : [place.through]);
    await leader.connection.orClose((connection) => connection.openDatabase(DATABASE));
    this.#leader = leader;
    this.#leaderWatch.learn(leader.address);
    return leader;
  }

  #forget(): void {
    this.#leader?.connection.close();
    this.#leader = null;
  }
}
