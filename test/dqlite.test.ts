import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { dqliteConnections } from '../node/api/dqlite-connection.ts';
import type { Served } from '../node/api/served.ts';
import { DatabaseError, PassingError, type Place } from '../node/database/database.ts';
import { Connection, ConnectionLost, isBusy } from '../node/database/dqlite/connection.ts';
import { checkVersion, loadLibrary } from '../node/database/dqlite/library.ts';
import { settleIn } from '../node/database/dqlite/membership.ts';
import { encodeResponse } from '../node/database/dqlite/messages.ts';
import { dial } from '../node/database/dqlite/relay.ts';
import { DqliteServer } from '../node/database/dqlite/server.ts';
import { Attempt, createMarks } from '../node/database/dqlite/transaction.ts';
import type { WireValue } from '../node/database/dqlite/wire.ts';
import { BareServers, NO_GUARD, requireDqlite } from './support/engines.ts';

const VOTER = 0n;
const STAND_BY = 1n;

describe('the client, against the real libdqlite', function () {
  this.timeout(30_000);
  let servers: BareServers;
  before(async function () {
    await requireDqlite(this);
    servers = await BareServers.of(3);
  });
  after(() => servers?.close());

  async function opened(index = 0): Promise<Connection> {
    const connection = await servers.connect(index);
    await connection.openDatabase('test');
    return connection;
  }

  it('adds, assigns and lists servers, and each knows the leader', async () => {
    const leader = await servers.connect(0);
    await leader.add(2, servers.all[1]!.address);
    await leader.assign(2, VOTER);
    await leader.add(3, servers.all[2]!.address);
    await leader.assign(3, STAND_BY);
    expect((await leader.cluster()).servers.map(({ id, role }) => [id, role])).to.deep.equal([
      [1n, VOTER],
      [2n, VOTER],
      [3n, STAND_BY],
    ]);
    expect(await (await servers.connect(1)).leader()).to.deep.equal({ id: 1, address: servers.all[0]!.address });
    expect(await (await servers.connect(2)).leader(), 'a stand-by does not know').to.equal(null);
    await leader.assign(3, VOTER);
  });

  it('carries every type of value there and back', async () => {
    const connection = await opened();
    await connection.execSql(
      'CREATE TABLE kinds (i INTEGER, f REAL, t TEXT, b BLOB, n TEXT, d DATETIME, y BOOLEAN, u TIMESTAMP)',
      [],
    );
    const values: WireValue[] = [
      { type: 'integer', value: -(2n ** 63n) },
      { type: 'float', value: 0.1 },
      { type: 'text', value: 'naïve – 日本' },
      { type: 'blob', value: Uint8Array.of(0, 255, 7) },
      { type: 'null' },
      { type: 'iso8601', value: '2026-11-22 01:02:03+00:00' },
      { type: 'boolean', value: true },
      { type: 'integer', value: 1_700_000_000n },
    ];
    await connection.execSql('INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?)', values);
    const { columns, rows } = await connection.querySql('SELECT * FROM kinds', []);
    expect(columns).to.deep.equal(['i', 'f', 't', 'b', 'n', 'd', 'y', 'u']);
    // The library reads a whole number in a column of times as one, and takes none as a parameter.
    expect(rows).to.deep.equal([[...values.slice(0, -1), { type: 'unix-time', value: 1_700_000_000n }]]);
  });

  it('gathers a result of many parts', async () => {
    const connection = await opened();
    await connection.execSql('CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)', []);
    const long: WireValue = { type: 'text', value: 'x'.repeat(1000) };
    const count = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)';
    await connection.execSql(`INSERT INTO many (text) ${count} SELECT ? FROM n`, [long]);
    const { rows } = await connection.querySql('SELECT * FROM many ORDER BY id', []);
    expect(rows).to.deep.equal(
      Array.from({ length: 500 }, (_, index) => [{ type: 'integer', value: BigInt(index + 1) }, long]),
    );
  });

  it('keeps requests that are made at once in order, one at a time', async () => {
    const connection = await opened();
    const answers = Array.from({ length: 20 }, (_, index) => connection.querySql(`SELECT ${index}`, []));
    const found = (await Promise.all(answers)).map(({ rows }) => rows[0]![0]);
    expect(found).to.deep.equal(Array.from({ length: 20 }, (_, index) => ({ type: 'integer', value: BigInt(index) })));
  });

  it('tells what passes from what does not', async () => {
    const [one, other] = [await opened(), await opened()];
    await one.execSql('BEGIN IMMEDIATE', []);
    const busy = await other.execSql('BEGIN IMMEDIATE', []).catch((error: unknown) => error);
    expect(isBusy(busy), String(busy)).to.equal(true);
    await one.execSql('ROLLBACK', []);
    const follower = await opened(1);
    const refused = await follower.execSql('BEGIN', []).catch((error: unknown) => error);
    expect(refused)
      .to.be.instanceOf(PassingError)
      .with.property('code', 10 | (40 << 8));
    const wrong = await one.execSql('FROM nowhere', []).catch((error: unknown) => error);
    expect(wrong).to.be.instanceOf(Error).and.not.be.instanceOf(PassingError);
    expect(wrong).to.have.property('message').that.contains('syntax error');
  });

  it('hands the leadership over, and a transaction under way learns of it', async () => {
    const connection = await opened();
    await connection.execSql('BEGIN IMMEDIATE', []);
    const leader = await servers.connect(0);
    await leader.transfer(2);
    expect((await (await servers.connect(1)).leader())?.id).to.equal(2);
    const lost = await connection.execSql('COMMIT', []).catch((error: unknown) => error);
    expect(lost).to.be.instanceOf(PassingError);
    await (await servers.connect(1)).transfer(1);
    expect((await leader.leader())?.id, 'who leads again').to.equal(1);
    const closed = await connection.execSql('BEGIN', []).catch((error: unknown) => error);
    expect(closed).to.be.instanceOf(PassingError).with.property('message').that.contains('no database opened');
  });

  it('looks a commit up whose answer was lost, and repeats one that was not carried out', async () => {
    const setUp = await opened();
    await createMarks(setUp);
    await setUp.execSql('CREATE TABLE once (n INTEGER)', []);
    for (const [when, runs] of [
      ['after', 1],
      ['before', 2],
    ] as const) {
      await setUp.execSql('DELETE FROM once', []);
      let ran = 0;
      const attempt = new Attempt(1, 0, async (transaction) => {
        ran += 1;
        await transaction.run('INSERT INTO once VALUES (?)', ran);
        return `run ${ran}`;
      });
      const cut = await Connection.open(cutAtCommit(servers.all[0]!.node.connect(), when));
      await cut.openDatabase('test');
      const lost = await attempt.carryOut(cut).catch((error: unknown) => error);
      expect(lost).to.be.instanceOf(ConnectionLost);
      expect(await untilFree(async () => attempt.carryOut(await opened())), when).to.equal(`run ${runs}`);
      expect(ran, `cut ${when} the commit`).to.equal(runs);
      const { rows } = await setUp.querySql('SELECT n FROM once', []);
      expect(rows, `cut ${when} the commit`).to.deep.equal([[{ type: 'integer', value: BigInt(runs) }]]);
    }
  });

  it('tells a newcomer that will never be let in what to do, and one that may be to try again', async () => {
    const leader = await servers.connect(0);
    const place = (id: number): Place => ({ how: 'join', id, role: 'voter', through: null });
    const refused = async (id: number, address: string): Promise<Error> => {
      const error = await settleIn(leader, place(id), address).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(DatabaseError);
      return error as Error;
    };
    const taken = await refused(9, servers.all[1]!.address);
    expect(taken).not.to.be.instanceOf(PassingError);
    expect(taken.message).to.contain(`this member’s address (${servers.all[1]!.address}): give it another --listen`);

    // A place that nobody can have, so that the leader refuses whatever it is asked for.
    const nowhere: Place = { ...place(2), role: 'member' };
    const hopeless = await settleIn(leader, nowhere, servers.all[1]!.address).catch((caught: unknown) => caught);
    expect(hopeless).to.be.instanceOf(DatabaseError).and.not.to.be.instanceOf(PassingError);
    expect((hopeless as Error).message).to.contain('then start this member again');

    const follower = await servers.connect(1);
    const passing = await settleIn(follower, place(9), '127.0.0.1:1').catch((caught: unknown) => caught);
    expect(passing).to.be.instanceOf(PassingError);
    expect((passing as Error).message)
      .to.contain('waits to be let into')
      .and.to.contain('not leader');
  });

  it('ends a connection whose node says what it must not', async () => {
    const liar = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const opening = Connection.open(liar);
    liar.push(Buffer.from([1, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const ended = await opening.catch((error: unknown) => error);
    expect(ended).to.be.instanceOf(ConnectionLost).with.property('message').that.contains('no message of kind 99');
    const silent = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const waited = await Connection.open(silent, 20).catch((error: unknown) => error);
    expect(waited).to.be.instanceOf(ConnectionLost).with.property('message').that.contains('no answer');
  });

  it('leaves no descriptor open where a node or a peer cannot be reached', async () => {
    const silent = createServer((_request, response) =>
      response.writeHead(200, { connection: 'keep-alive' }).write('…'),
    );
    silent.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => undefined).on('end', () => socket.destroy());
      socket.resume().write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const ways: Record<string, () => unknown> = {
      'a node that is not there': () => servers.library.connectAbstract('@nobody-listens-here'),
      'a peer that does not let dqlite through': () => dial(address),
      'a peer that is not there': () => dial('127.0.0.1:1'),
      'a node that says no': async () => Connection.open(refusing(await dial(servers.all[0]!.address))),
    };
    try {
      for (const [what, way] of Object.entries(ways)) {
        await failure(Promise.resolve().then(way));
        await settled();
        const before = openDescriptors();
        for (let times = 0; times < 20; times += 1) await failure(Promise.resolve().then(way));
        await settled();
        silent.closeAllConnections();
        await settled();
        expect(openDescriptors(), what).to.be.at.most(before);
      }
    } finally {
      silent.close();
    }
  });

  it('answers 503 where the node does not take a peer on, and lives on', async () => {
    const listener = createServer();
    const broken = {
      accept: () => {
        throw new DatabaseError('the node is out of sorts');
      },
    };
    const asked = { name: 'broken', database: { replication: broken }, guard: NO_GUARD };
    dqliteConnections(listener, asked as unknown as Served);
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    try {
      for (let times = 0; times < 2; times += 1)
        expect(await failure(dial(address))).to.contain('the node is out of sorts (HTTP 503)');
      const open = await new Promise<number>((resolve) => listener.getConnections((_error, count) => resolve(count)));
      expect(open, 'connections that it keeps').to.equal(0);
    } finally {
      listener.close();
    }
  });

  it('says which folder is in use, and which package is missing or too old', async () => {
    const { address } = servers.all[0]!;
    const taken = { library: servers.library, id: 1, address, folder: servers.folderOf(1), networkLatencyMs: null };
    expect(await failure(DqliteServer.start(taken))).to.contain(`${servers.folderOf(1)} is in use by another process`);
    expect(await failure(loadLibrary('libdqlite.so.999'))).to.contain('install the package libdqlite0');
    expect(() => checkVersion(1_09_01)).to.throw('calls itself 1.9.1, and dqlite 1.11 or later is needed');
  });

  it('lets a folder go again where a node cannot start in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    const broken = { library: servers.library, id: 1, address: 'x'.repeat(10), folder, networkLatencyMs: 0 };
    try {
      expect(await failure(DqliteServer.start(broken))).to.contain('a latency of 0 ms');
      const node = await DqliteServer.start({ ...broken, networkLatencyMs: null });
      await node.stop();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Long enough for sockets that have been destroyed to be closed. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** A connection whose node answers that it could not. */
function refusing(stream: Duplex): Duplex {
  const refused = encodeResponse({ is: 'failure', code: 1n, message: 'not today' });
  const connection = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      connection.push(refused);
      done();
    },
    destroy: (_error, done) => {
      stream.destroy();
      done(null);
    },
  });
  return connection;
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => null).catch((caught: Error) => caught);
  if (error === null) throw new Error('it did not fail');
  return error.message;
}

/** Tries again while a transaction whose connection was lost is still being rolled back. */
async function untilFree<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
}

/** A connection that is lost at the commit: before it reaches the node, or after the node has answered. */
function cutAtCommit(stream: Duplex, when: 'before' | 'after'): Duplex {
  let isCommitting = false;
  const cut = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      isCommitting = chunk.includes('COMMIT');
      if (isCommitting && when === 'before') cut.destroy();
      else stream.write(chunk);
      done();
    },
    destroy: (_error, done) => {
      stream.destroy();
      done(null);
    },
  });
  stream.on('data', (chunk: Buffer) => (isCommitting ? cut.destroy() : cut.push(chunk)));
  return cut;
}
