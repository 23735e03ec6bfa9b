import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect } from 'chai';
import { type Database, UnavailableError } from '../node/database/database.ts';
import { openSqlite } from '../node/database/sqlite.ts';

/** Longer than SQLite's own busy timeout would have to be for anybody to notice, and short for a test. */
const HELD_MS = 1500;

describe('a shared file that another process keeps locked', () => {
  let folder: string;
  let file: string;
  let database: Database;
  let other: Sqlite.Database;
  let troubles: Array<string | null>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    file = join(folder, 'cluster.db');
    troubles = [];
    database = await openSqlite({ file, create: true, onTrouble: (trouble) => troubles.push(trouble) });
    await database.write((transaction) => transaction.script('CREATE TABLE numbers (n INTEGER)'));
    other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
  });
  afterEach(async () => {
    other.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const insert = (n: number, patienceMs?: number): Promise<void> =>
    database.write((transaction) => transaction.run('INSERT INTO numbers VALUES (?)', n), patienceMs);
  const numbers = async (patienceMs?: number): Promise<number[]> =>
    (await database.read((transaction) => transaction.all<{ n: number }>('SELECT n FROM numbers'), patienceMs)).map(
      ({ n }) => n,
    );

  it('is waited for with the event loop free, and told of; and then it is written', async () => {
    let ticks = 0;
    let longestMs = 0;
    let beforeMs = performance.now();
    const ticking = setInterval(() => {
      ticks += 1;
      longestMs = Math.max(longestMs, performance.now() - beforeMs);
      beforeMs = performance.now();
    }, 10);
    const written = insert(1, Number.POSITIVE_INFINITY);
    await sleep(HELD_MS);
    expect(await numbers(), 'a reader goes on meanwhile').to.deep.equal([]);
    expect(database.trouble).to.contain(`keeps the database file ${file} locked`);
    other.exec('COMMIT');
    await written;
    clearInterval(ticking);
    expect(ticks).to.be.greaterThan(HELD_MS / 10 / 5);
    expect(longestMs, 'the longest time between two ticks').to.be.lessThan(HELD_MS / 2);
    expect(await numbers()).to.deep.equal([1]);
    expect(database.trouble).to.equal(null);
    expect(troubles, 'told once, and once that it is over').to.have.length(2);
    expect(troubles[1]).to.equal(null);
  });

  it('ends a short patience in words that say what is in the way', async () => {
    const startMs = performance.now();
    const error = await insert(1, 200).catch((caught: unknown) => caught);
    expect(performance.now() - startMs).to.be.within(190, 1500);
    expect(error).to.be.instanceOf(UnavailableError);
    expect((error as Error).message)
      .to.contain(`${file} locked`)
      .and.to.contain('stop it; it was tried for');
    other.exec('COMMIT');
    expect(await numbers()).to.deep.equal([]);
  });

  it('has readers honour their patience too, and whoever waits for the member’s own transaction', async () => {
    other.exec('COMMIT');
    const held = Promise.withResolvers<void>();
    const holding = database.write(() => held.promise);
    const error = await numbers(100).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(UnavailableError);
    expect((error as Error).message).to.contain('another transaction of this member');
    const later = numbers(Number.POSITIVE_INFINITY);
    held.resolve();
    await holding;
    expect(await later, 'whoever is behind one that gave up').to.deep.equal([]);

    // A closing connection locks out readers too.
    await database.close();
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN IMMEDIATE; INSERT INTO numbers VALUES (7); COMMIT');
    const opening = openSqlite({ file, create: false });
    await sleep(100);
    other.close();
    database = await opening;
    expect(await numbers(), 'opened when the lock was gone').to.deep.equal([7]);
  });

  it('is not waited for any longer when the database is closed', async () => {
    const waiting = [insert(1, Number.POSITIVE_INFINITY), insert(2)].map((work) => work.catch((error: Error) => error));
    await sleep(50);
    const startMs = performance.now();
    await database.close();
    for (const error of await Promise.all(waiting)) {
      expect(error).to.be.instanceOf(Error).with.property('message', 'the database is closed');
    }
    expect(performance.now() - startMs).to.be.lessThan(1000);
  });
});
