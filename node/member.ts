/**
 * The member: its database, its server, its upgrade, and its three ways to come to be. A bootstrapped or joined member
 * is open at once; a started one passes the gates first.
 */
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from './address.ts';
import { Guard } from './api/guard.ts';
import { Refusal } from './api/refusal.ts';
import type { Served } from './api/served.ts';
import { close, createControlServer, createServer, listen } from './api/server.ts';
import type { Build } from './build.ts';
import { nowNs } from './clock.ts';
import type { Config } from './config.ts';
import { listenAtSocket } from './control/socket.ts';
import { type Database, DatabaseError, type Place } from './database/database.ts';
import { insertMember, isNew, type MemberRecord } from './database/members.ts';
import { RecordTable } from './database/records.ts';
import { applyUpdates } from './database/schema.ts';
import type { Defect } from './defects.ts';
import type { Tell } from './events.ts';
import { Failpoints } from './failpoints.ts';
import { Heartbeat } from './heartbeat.ts';
import { Learner } from './learner.ts';
import { Membership } from './membership.ts';
import { PatchNotes } from './patch-notes.ts';
import { PeerClient } from './peers/client.ts';
import { type JoinRequest, join } from './peers/join.ts';
import { Notices, peerOf } from './peers/notices.ts';
import { type PeerByNow, Ways } from './peers/ways.ts';
import { checkState, identityPlaces, makeStateFolder, saveState } from './state.ts';
import { phaseOf, type Status, waitingOf } from './status.ts';
import { Tampering } from './tampering.ts';
import type { Trust } from './trust/trust.ts';
import type { Disposition } from './upgrade/machine.ts';
import { type PatchPolicy, patchPolicy, pendingOf } from './upgrade/patch.ts';
import { type NoticeKind, STRATEGIES } from './upgrade/strategy.ts';
import { hasOlderSchema, patchesOf } from './upgrade/version.ts';
import { type Ending, Upgrader } from './upgrader.ts';

/** How long a member that is told to stop waits for its notices to be answered. */
const LAST_NOTICES_MS = 250;

/** The id of a cluster's first member: dqlite demands it, and SQLite counts so. */
const FIRST_ID = 1;

/** A member looks for newer peers so often in the time of one park: every 10 s where that is 30 s, as a heartbeat would tell. */
const LOOKS_PER_WAIT = 3;

const NOT_A_MEMBER =
  'is no longer a member of this cluster: it has been taken out, and nobody tells it anything any more';

export class Member implements Served {
  readonly name: string;
  readonly database: Database;
  readonly failpoints: Failpoints;
  readonly records: RecordTable;
  readonly tampering: Tampering;
  readonly defect: Defect | null;
  readonly membership: Membership;
  readonly guard: Guard;
  readonly peers: PeerClient;
  readonly trust: Trust | null;
  readonly #config: Config;
  readonly #build: Build;
  readonly #tell: Tell;
  readonly #log: (line: string) => void;
  readonly #notices: Notices;
  readonly #notes: PatchNotes;
  readonly #patching: PatchPolicy;
  readonly #ways: Ways;
  readonly #upgrader: Upgrader;
  readonly #server: Server;
  readonly #control: Server | null;
  readonly #learner: Learner | null;
  #isOpen = false;
  readonly #heartbeat: Heartbeat;

  /** @param trust null where nobody is asked who they are */
  constructor(
    config: Config,
    build: Build,
    database: Database,
    trust: Trust | null,
    tell: Tell,
    log: (line: string) => void,
  ) {
    this.name = config.name;
    this.database = database;
    this.defect = config.defect;
    this.#config = config;
    this.#build = build;
    this.#tell = tell;
    this.#log = log;
    this.failpoints = new Failpoints(config.failpoints, (failpoint, notice) => tell('held', { failpoint, notice }));
    this.tampering = new Tampering(config.tampering, () => this.#upgrader.jumpTimer());
    this.trust = trust;
    this.guard = new Guard(trust?.store ?? null, config.operator, tell, () => this.membership.meetStranger());
    const refused = (body: string): void => this.membership.heardRefusal(body);
    this.peers = new PeerClient(trust === null ? null : (to, givenUp) => trust.dial(to, givenUp), refused);
    this.#ways = new Ways(this.peers, trust !== null);
    this.#notices = new Notices(config.name, this.peers, config.noticeTimeoutMs, tell, this.tampering);
    this.records = new RecordTable(build);
    this.#notes = new PatchNotes(config.stateFolder);
    this.#patching = patchPolicy(config.patchWhen, config.patchBy);
    this.membership = new Membership({
      ...{ name: config.name, listen: config.listen, build, database, trust, tell, log },
      ...{ notices: this.#notices, peers: this.peers, guard: this.guard },
      saysPatches: this.#patching.waitsForAll,
      requireOpen: () => this.requireOpen(),
    });
    this.#heartbeat = new Heartbeat(config.name, database, this.membership, log);
    if (config.holdsTruststore) trust?.hold();
    // What is open was opened with the certificate that the member had.
    trust?.onChange((change) => change === 'own' && this.peers.hangUp());
    const { strategy, wakeups, ahead } = config;
    const rules = { strategy: STRATEGIES[strategy], wakeups, ahead, patching: this.#patching };
    this.#upgrader = new Upgrader(rules, {
      member: config.name,
      build,
      database,
      notices: this.#notices,
      failpoints: this.failpoints,
      notes: this.#notes,
      stateFolder: config.stateFolder,
      tell,
      log,
      // Whoever came meanwhile may have looked for its peers before this one could be seen.
      onPark: (members) => void this.#ways.keep(this.#peersIn(members)),
      onOpen: () => this.#heartbeat.opened(),
      waitMs: config.waitMs,
      defect: config.action === 'start' ? config.defect : null,
    });
    this.#learner =
      config.update === null
        ? null
        : new Learner({
            ...{ member: config.name, version: build.version, database, tell, ...config.update },
            readsPatches: this.#patching.waitsForAll,
            everyMs: config.waitMs / LOOKS_PER_WAIT,
            phase: () => this.status().status,
          });
    this.#server = createServer(this);
    this.#control = config.control ? createControlServer(this) : null;
  }

  /**
   * Bootstrap, join or start. Resolves when the member is open, or was turned away at a gate; its peers have been
   * told by then, or are being told.
   */
  async run(): Promise<Ending> {
    const place = checkState(this.#config, identityPlaces(this.#build));
    // First of all, since a member that peers cannot reach has no place in a replicated database.
    await this.#listen();
    switch (this.#config.action) {
      case 'bootstrap':
        await this.#bootstrap();
        break;
      case 'join':
        await this.#join();
        break;
      case 'start':
        await this.database.enter(place!);
        await this.#openWays();
        break;
    }
    void this.#learner?.run();
    this.#heartbeat.start();
    if (this.#config.action !== 'start') {
      this.#isOpen = true;
      this.#tell('open', {});
      this.#heartbeat.opened();
      return { is: 'open' };
    }
    const ending = await this.#upgrader.run();
    const told = this.#notices.settled().then(() => this.#ways.close());
    if (ending.is === 'turned-away') await told;
    return ending;
  }

  /**
   * Stop serving and let go of everything. Notices under way get a moment to arrive; nothing else is waited for.
   * Safe to call at any time, and more than once.
   */
  async close(): Promise<void> {
    this.#heartbeat.close();
    this.#learner?.close();
    if (this.#config.handover) await this.#handOver();
    await Promise.race([this.#notices.settled(), sleep(LAST_NOTICES_MS, undefined, { ref: false })]);
    const servers = [this.#server, ...(this.#control === null ? [] : [this.#control])];
    await Promise.all([...servers.map(close), this.database.close()]);
  }

  status(): Status {
    const wait = this.#upgrader.wait;
    const { replication } = this.database;
    return {
      name: this.name,
      address: formatAddress(this.#config.listen),
      status: phaseOf(this.#opened, this.#upgrader.isExiting, wait),
      version: this.#build.version,
      waiting: waitingOf(wait, this.#build.version),
      notMember: this.membership.isOut ? NOT_A_MEMBER : null,
      database: {
        engine: this.#config.database.engine,
        ...(replication?.status() ?? { role: 'member', leader: null }),
        trouble: this.database.trouble,
      },
      patches: {
        noted: this.#notes.names,
        pending: pendingOf(patchesOf(this.#build.version), this.#notes.names).map(({ name }) => name),
      },
    };
  }

  /** @throws Refusal 503 with the reason, unless the member is open */
  requireOpen(): void {
    if (this.#opened) return;
    const { waiting, database, notMember } = this.status();
    throw new Refusal(503, `${this.name} ${notMember ?? database.trouble ?? waiting?.reason ?? 'is starting'}`);
  }

  /** A notice has come in. */
  async noticed(from: string, notice: string, kind: NoticeKind): Promise<Disposition> {
    await this.failpoints.pass('on-notice', notice);
    // A member that never had to pass a gate is not waiting for anything.
    const disposition = this.#isOpen ? 'dropped' : this.#upgrader.notice(kind);
    this.#tell('noticed', { from, notice, kind, disposition });
    void this.#learner?.look('notice');
    return disposition;
  }

  /** A peer has opened its way to this member. */
  openWayBack(name: string): Promise<void> {
    return this.#ways.openBack(name);
  }

  get #opened(): boolean {
    return this.#isOpen || this.#upgrader.isOpen;
  }

  async #handOver(): Promise<void> {
    try {
      const handed = await this.database.replication?.handOver();
      if (handed) this.#tell('handed-over', { to: null, because: null, ...handed });
    } catch (error) {
      this.#log(`${this.name} could not hand over the leadership: ${(error as Error).message}`);
    }
  }

  async #bootstrap(): Promise<void> {
    const { version } = this.#build;
    const place: Place = { how: 'bootstrap', id: FIRST_ID, role: this.membership.roleBeside([]), through: null };
    await this.database.enter(place);
    const row = this.membership.rowOf(this.name);
    const nothing = { internal: 0, external: 0 };
    const decidedNs = await this.database.write(async (transaction) => {
      if (!(await isNew(transaction)))
        throw new DatabaseError('this database already belongs to a cluster: join it instead');
      await applyUpdates(transaction, this.#build, nothing);
      await insertMember(transaction, row, formatAddress(this.#config.listen), place.role, version);
      // Nothing is there yet that they could change: the database is born as they leave it.
      for (const change of this.#build.changes ?? []) if ('sql' in change) await transaction.script(change.sql);
      await this.membership.recordPatches(transaction, row);
      await this.membership.found(transaction);
      return nowNs();
    });
    const to = { internal: version.internal, external: version.external };
    this.#tell('recorded', { gate: null, row, decidedNs });
    this.#tell('applied', { from: nothing, to, seeded: null, decidedNs });
    saveState(this.#config, place, identityPlaces(this.#build));
    this.#noteAll();
  }

  async #join(): Promise<void> {
    const { join: live, token, listen } = this.#config;
    if (live === null) throw new Error('a joining member has an address to join through');
    const secret = token === null ? {} : { secret: token.secret };
    const { version } = this.#build;
    const { trust } = this;
    const client =
      trust === null || token === null
        ? this.peers
        : new PeerClient((to, givenUp) => trust.dial(to, givenUp, token.fingerprint));
    const request: JoinRequest = { name: this.name, address: formatAddress(listen), version, ...secret };
    const { admission, through } = await join(client, live, request);
    client.hangUp();
    if (admission.welcome !== undefined) trust?.welcome(admission.welcome);
    const { row, id, role, decidedNs } = admission;
    this.#tell('recorded', { gate: null, row, decidedNs });
    const place: Place = { how: 'join', id, role, through };
    saveState(this.#config, place, identityPlaces(this.#build));
    this.#noteAll();
    await this.database.enter(place);
    // Others may have been let in since it was, and those who had it look may not have been known to it yet.
    if (trust !== null) await this.membership.look(Number.POSITIVE_INFINITY);
  }

  /** A new member comes to be as its patches would leave it. */
  #noteAll(): void {
    const patches = patchesOf(this.#build.version);
    if (patches.length === 0) return;
    this.#notes.add(...patches.map(({ name }) => name));
    for (const { name } of patches) this.#tell('noted', { patch: name, born: true });
  }

  /** @throws DatabaseError where the member is not one of the cluster */
  async #openWays(): Promise<void> {
    const members = await this.membership.look(Number.POSITIVE_INFINITY);
    if (members.every(({ member }) => member !== this.name))
      throw new DatabaseError(`${this.name} is not a member of this cluster: join it first`);
    await this.#ways.keep(this.#peersIn(members));
  }

  #peersIn(members: readonly MemberRecord[]): PeerByNow[] {
    const { version } = this.#build;
    return members
      .filter(({ member }) => member !== this.name)
      .map((peer) => ({ ...peerOf(peer), isOlder: hasOlderSchema(peer, version) }));
  }

  async #listen(): Promise<void> {
    const { stateFolder } = this.#config;
    makeStateFolder(stateFolder);
    if (this.#control !== null) await listenAtSocket(this.#control, stateFolder);
    const { host, port } = this.#config.listen;
    await listen(this.#server, host, port).catch((error: NodeJS.ErrnoException) => {
      const where = formatAddress(this.#config.listen);
      const why = error.code === 'EADDRINUSE' ? 'the address is in use: stop whoever has it' : error.message;
      throw new Error(`cannot listen at ${where}: ${why}`, { cause: error });
    });
    this.#tell('listening', { address: formatAddress(this.#config.listen) });
  }
}
