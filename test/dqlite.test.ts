import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { PassingError } from '../node/database/database.ts';
import { Connection, ConnectionLost, isBusy } from '../node/database/dqlite/connection.ts';
import { checkVersion, loadLibrary } from '../node/database/dqlite/library.ts';
import { DqliteServer } from '../node/database/dqlite/server.ts';
import { Attempt, createMarks } from '../node/database/dqlite/transaction.ts';
import type { WireValue } from '../node/database/dqlite/wire.ts';
import { BareServers, requireDqlite } from './support/engines.ts';

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
    await leader.remove(3);
    expect((await leader.cluster()).servers).to.have.length(2);
    await leader.add(3, servers.all[2]!.address);
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

  it('prepares, executes, queries and finalizes, and gathers a result of many parts', async () => {
    const connection = await opened();
    await connection.execSql('CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)', []);
    const insert = await connection.prepare('INSERT INTO many (text) VALUES (?)');
    await connection.execSql('BEGIN', []);
    const long: WireValue = { type: 'text', value: 'x'.repeat(1000) };
    for (let id = 1; id <= 500; id += 1)
      expect((await connection.exec(insert, [long])).lastInsertId).to.equal(BigInt(id));
    await connection.execSql('COMMIT', []);
    const select = await connection.prepare('SELECT id FROM many WHERE id > ? ORDER BY id');
    expect((await connection.query(select, [{ type: 'integer', value: 498n }])).rows).to.deep.equal(
      [499n, 500n].map((id) => [{ type: 'integer', value: id }]),
    );
    const { rows } = await connection.querySql('SELECT * FROM many ORDER BY id', []);
    expect(rows).to.have.length(500);
    expect(rows.every((row, index) => row[0]!.type === 'integer' && row[0]!.value === BigInt(index + 1))).to.equal(
      true,
    );
    await connection.finalize(select);
    const gone = await connection.query(select, []).catch((error: Error) => error);
    expect(gone).to.be.instanceOf(Error).with.property('message').that.contains('no statement');
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
