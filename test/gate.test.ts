import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Build } from '../node/build.ts';
import type { Database } from '../node/database/database.ts';
import { passGate } from '../node/database/gate-transaction.ts';
import { insertMember, readApplied, readMembers } from '../node/database/members.ts';
import { applyUpdates, UpdateError } from '../node/database/schema.ts';
import { openSqlite } from '../node/database/sqlite.ts';
import { ENGINES, newDatabase, requireDqlite } from './support/engines.ts';
import { rules } from './support/rules.ts';
import { versions } from './support/versions.ts';

const RULES = rules('split');
const noHold = async (): Promise<void> => undefined;

function buildOf(name: string): Build {
  return versions.get(name)!.build;
}

/** Records members of one version in a new database. */
async function clusterOf(database: Database, members: readonly string[], build: Build): Promise<Database> {
  await database.write(async (transaction) => {
    await applyUpdates(transaction, build, { internal: 0, external: 0 });
    for (const [index, member] of members.entries()) {
      const { internal, external, extensions } = build.version;
      const row = { member, internal, external, extensions };
      await insertMember(transaction, row, `127.0.0.1:${index + 1}`, 'member', build.version);
    }
  });
  return database;
}

describe('the transaction of a gate, on a shared file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets exactly the last of several processes pass, and applies each update once', async () => {
    const members = ['a', 'b', 'c', 'd', 'e'];
    const file = join(folder, 'cluster.db');
    const versionFile = join(folder, 'v6.json');
    writeFileSync(versionFile, JSON.stringify(buildOf('v6')));
    const database = await clusterOf(await openSqlite({ file, create: true }), members, buildOf('v1'));
    const worker = join(import.meta.dirname, 'support', 'gate-worker.ts');
    const workers = members.map((member) => {
      const child = execa(process.execPath, [worker, file, member, versionFile], { stdin: 'pipe', buffer: false });
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    });
    for (const { lines } of workers) expect((await lines.next()).value).to.equal('ready');
    for (const { child } of workers) child.stdin.write('go\n');
    const said = await Promise.all(workers.map(async ({ lines }) => JSON.parse((await lines.next()).value as string)));
    await Promise.all(workers.map(({ child }) => child));

    const inOrder = said.toSorted((one, other) => one.decidedNs - other.decidedNs);
    expect(inOrder.map((one) => one.outcome)).to.deep.equal(['blocked', 'blocked', 'blocked', 'blocked', 'pass']);
    expect(inOrder.map((one) => one.applied)).to.deep.equal([false, false, false, false, true]);
    const updates = await database.read((transaction) =>
      transaction.all<{ n: number }>('SELECT count(*) AS n FROM schemas'),
    );
    expect(updates[0]!.n).to.equal(5 + 4);
    const rows = await database.read(readMembers);
    expect(new Set(rows.map((row) => `${row.internal}/${row.external}`))).to.deep.equal(new Set(['5/4']));
    await database.close();
  });

  it('is seen by a connection that was open before the column was introduced', async () => {
    const file = join(folder, 'cluster.db');
    const older = await clusterOf(await openSqlite({ file, create: true }), ['a'], buildOf('v1'));
    expect((await older.read(readMembers))[0]!.extensions).to.deep.equal([]);
    const newer = await openSqlite({ file, create: false });
    await passGate(newer, RULES, 'schema', 'a', buildOf('v2'), noHold);
    await passGate(newer, RULES, 'api', 'a', buildOf('v2'), noHold);
    expect((await older.read(readMembers))[0]!.extensions).to.deep.equal(buildOf('v2').version.extensions);
    await Promise.all([older.close(), newer.close()]);
  });
});

for (const engine of ENGINES) {
  describe(`the transaction of a gate, on ${engine}`, () => {
    let folder: string;
    beforeEach(async function () {
      if (engine === 'dqlite') await requireDqlite(this);
      folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('applies all updates or none, and then records nothing either', async () => {
      const database = await clusterOf(await newDatabase(engine, folder), ['a'], buildOf('v1'));
      const v2 = buildOf('v2');
      const broken: Build = {
        ...v2,
        updates: [...v2.updates, { kind: 'external', version: 2, sql: 'CREATE TABLE broken (' }],
        version: { ...v2.version, external: 2 },
      };
      let error: Error | undefined;
      await passGate(database, RULES, 'schema', 'a', broken, noHold).catch((caught: Error) => {
        error = caught;
      });
      expect(error).to.be.instanceOf(UpdateError);
      expect(error?.message).to.contain('external schema update 2');
      const [applied, members] = await database.read(async (transaction) => [
        await readApplied(transaction),
        await readMembers(transaction),
      ]);
      expect(applied).to.deep.equal({ internal: 1, external: 1 });
      expect(members[0]!.internal).to.equal(1);
      await database.close();
    });

    it('serialises the writing transactions of one member, and gives back what it was given', async () => {
      const database = await clusterOf(await newDatabase(engine, folder), ['a'], buildOf('v1'));
      await database.write((transaction) => transaction.script('CREATE TABLE counter (n INTEGER, f REAL, t TEXT)'));
      await database.write((transaction) => transaction.run('INSERT INTO counter VALUES (?, ?, ?)', 0, 0.5, null));
      const increment = (): Promise<void> =>
        database.write(async (transaction) => {
          const [row] = await transaction.all<{ n: number }>('SELECT n FROM counter');
          await transaction.run('UPDATE counter SET n = ?', row!.n + 1);
        });
      await Promise.all(Array.from({ length: 20 }, increment));
      const rows = await database.read((transaction) => transaction.all('SELECT * FROM counter'));
      expect(rows.map((row) => ({ ...(row as object) }))).to.deep.equal([{ n: 20, f: 0.5, t: null }]);
      await database.close();
    });
  });
}
