import { writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { paths } from '../harness/host/paths.ts';
import { askControl } from '../node/control/client.ts';
import { requestOf } from '../node/control/commands.ts';
import type { Status } from '../node/status.ts';
import { Daemons } from './support/daemons.ts';
import { ENGINES, requireDqlite } from './support/engines.ts';
import { versions } from './support/versions.ts';

/** A wait that no test sits out: who is woken in time is woken by something else. */
const LONG_MS = 600_000;

describe('the member daemon', () => {
  let daemons: Daemons;
  afterEach(() => daemons?.close());

  for (const engine of ENGINES) {
    it(`says for whom it waits while parked, serves no records, and goes at once when told to, on ${engine}`, async function () {
      if (engine === 'dqlite') await requireDqlite(this);
      daemons = await Daemons.of({ from: 'v1', to: 'v2', wait: LONG_MS, database: engine });
      const [first, second] = await daemons.cluster();
      const old = daemons.http('node02');
      await old.post('1.0/records', { json: { key: 'a', value: 'b' } });
      await first!.stop('SIGTERM', 5000);
      const parked = await daemons.start('node01', 'start', 'v2');
      await daemons.said('node01', 'parked');
      const own = daemons.http('node01');

      const { status, waiting } = (await own.get('1.0')).body as Status;
      expect(status).to.equal('waiting');
      expect(waiting).to.deep.include({
        gate: 'schema',
        for: ['node02', 'node03'].map((member) => ({ member, axis: 'internal', has: 1, wants: 2 })),
      });
      expect(Date.parse(waiting!.since)).to.be.closeTo(Date.now(), 20_000);
      for (const path of ['1.0/ready', '1.0/records']) {
        const refused = await own.get(path);
        expect(refused.statusCode).to.equal(503);
        expect((refused.body as { error: string }).error).to.equal(`node01 ${waiting!.reason}`);
      }
      expect((await old.get('1.0/ready')).statusCode).to.equal(200);
      const { records } = (await old.get('1.0/records')).body as { records: Array<{ key: string }> };
      expect(records.map((record) => record.key)).to.deep.equal(['a']);

      const states = async (asked: typeof own) =>
        ((await asked.get('1.0/cluster')).body as { members: Array<{ status: string }> }).members.map(
          (member) => member.status,
        );
      const expected = ['UPGRADING', 'NEEDS UPGRADE', 'NEEDS UPGRADE'];
      expect(await states(own), 'as the waiting member sees it').to.deep.equal(expected);
      expect(await states(old), 'as an open member sees it').to.deep.equal(expected);
      await second!.stop('SIGTERM', 5000);
      expect(await states(own)).to.deep.equal(['UPGRADING', 'UNREACHABLE', 'NEEDS UPGRADE']);

      const exit = await parked.stop('SIGTERM', 5000);
      expect(exit).to.deep.include({ code: 0, killed: false });
      expect((await daemons.said('node01', 'exiting', () => true, 2)).reason).to.equal('signal');
    });
  }

  it('takes notices of both kinds and of none, and refuses any other', async () => {
    daemons = await Daemons.of({ members: 1, from: 'v2', to: 'v3' });
    await daemons.cluster();
    const own = daemons.http('node01', 'node01');
    for (const [query, status] of [
      ['', 200],
      ['?upgrade=schema', 200],
      ['?upgrade=api', 200],
      ['?upgrade=everything', 400],
    ] as const) {
      expect((await own.patch(`internal/database${query}`)).statusCode, query).to.equal(status);
    }
    expect((await daemons.said('node01', 'noticed')).kind).to.equal('both');
  });

  it('sends its notices on connections that it opened before, and closes none for being idle', async () => {
    daemons = await Daemons.of({ members: 2, from: 'v3', to: 'v4', wait: LONG_MS });
    const [first, second] = await daemons.cluster();
    const kept = await daemons
      .http('node02', 'node01')
      .get('internal/database', { headers: { connection: 'keep-alive' } });
    expect(kept.statusCode).to.equal(204);
    expect(kept.headers, 'no limit is announced, since there is none').not.to.have.property('keep-alive');
    await first!.stop('SIGTERM', 5000);
    // In the place of node01, somebody who counts.
    let connections = 0;
    const requests: string[] = [];
    const { certificate: cert, key } = daemons.pairOf('node01', 'cluster');
    const counting = createTlsServer({ cert, key }, (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.end('{}');
    }).on('connection', () => {
      connections += 1;
    });
    const port = Number(daemons.seat('node01').address.split(':')[1]);
    await new Promise<void>((resolve) => counting.listen(port, '127.0.0.1', resolve));
    try {
      await second!.stop('SIGTERM', 5000);
      await daemons.start('node02', 'start', 'v3');
      await daemons.said('node02', 'notified', ({ outcome }) => outcome === 'accepted', 2);
      expect(requests.slice(0, 2)).to.deep.equal(['GET /internal/database', 'GET /internal/database']);
      expect(requests.slice(2)).to.have.members([
        'PATCH /internal/database?upgrade=schema',
        'PATCH /internal/database?upgrade=api',
      ]);
      expect(connections, 'one for each of two that are under way at once').to.equal(2);
    } finally {
      counting.closeAllConnections();
      counting.close();
    }
  });

  for (const [wakeups, disposition, by] of [
    ['latched', 'latched', 'notice'],
    ['lossy', 'dropped', 'timer'],
  ] as const) {
    it(`is woken by a ${by} if a notice comes between check and park and wake-ups are ${wakeups}`, async () => {
      daemons = await Daemons.of({ members: 2, from: 'v3', to: 'v4', wakeups, wait: 3000 });
      const [first, second] = await daemons.cluster();
      await first!.stop('SIGTERM', 5000);
      await daemons.start('node01', 'start', 'v4', ['before-park']);
      await daemons.said('node01', 'held');
      await second!.stop('SIGTERM', 5000);
      await daemons.start('node02', 'start', 'v4');
      await daemons.said('node02', 'open');
      const noticed = await daemons.said('node01', 'noticed', ({ kind }) => kind === 'schema');
      expect(noticed.disposition).to.equal(disposition);
      await daemons.client('node01').failpoints!.release('before-park');
      expect((await daemons.said('node01', 'woken')).by).to.equal(by);
      await daemons.said('node01', 'open', () => true, 2);
    });
  }

  it('lets no peer that hangs hold it up, and tells how each notice ended', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', wait: LONG_MS });
    const [first, second, third] = await daemons.cluster();
    await first!.stop('SIGTERM', 5000);
    await daemons.start('node01', 'start', 'v4');
    await daemons.said('node01', 'parked');
    await second!.stop('SIGTERM', 5000);
    await daemons.start('node02', 'start', 'v4');
    const parked = await daemons.said('node02', 'parked');
    // node02's place is taken by somebody who accepts connections and says nothing.
    const hanging = createServer(() => undefined);
    await third!.stop('SIGTERM', 5000);
    await daemons.start('node03', 'start', 'v4', ['before-commit'], ['--notice-timeout', '1s']);
    await daemons.said('node03', 'held');
    const port = Number(daemons.seat('node02').address.split(':')[1]);
    const running = await daemons.said('node02', 'started', () => true, 2);
    process.kill(running.pid, 'SIGKILL');
    await new Promise<void>((resolve, reject) => {
      const listen = (): void => void hanging.listen(port, '127.0.0.1');
      hanging.on('listening', resolve).on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') setTimeout(listen, 20);
        else reject(error);
      });
      listen();
    });
    try {
      await daemons.client('node03').failpoints!.release('before-commit');
      await daemons.said('node03', 'held', () => true, 2);
      await daemons.client('node03').failpoints!.release('before-commit');
      const opened = await daemons.said('node03', 'open', () => true, 2);
      await daemons.said('node01', 'open', () => true, 2);
      const ended = await daemons.said('node03', 'notified', ({ peer }) => peer === 'node02');
      expect(ended.outcome).to.equal('timeout');
      expect(ended.atNs).to.be.greaterThan(opened.atNs);
      expect((await daemons.said('node03', 'notified', ({ peer }) => peer === 'node01')).outcome).to.equal('accepted');
      expect(parked.gate).to.equal('schema');
    } finally {
      hanging.close();
    }
  });

  it('keeps its state folder, its name and its cluster apart from others', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 2 });
    await daemons.cluster();
    // Whoever is a member is issued no token.
    await askControl(daemons.seat('node01').stateFolder, requestOf(['remove', 'node02'])!, 20_000);
    const again = await daemons.start('node02', 'join', 'v3');
    expect((await again.exited).code).to.equal(1);
    const { message } = await daemons.said('node02', 'exiting');
    expect(message).to.contain('already holds a member');
  });

  it('says what is wrong with its configuration, and exits with 2', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 1 });
    const versionFile = join(daemons.folder, 'v3.json');
    writeFileSync(versionFile, JSON.stringify(versions.get('v3')!.build));
    const good = [
      '--name',
      'a',
      '--listen',
      '127.0.0.1:1',
      '--state',
      'x',
      '--database',
      'sqlite:y',
      '--version-file',
      versionFile,
    ];
    for (const [args, env, message] of [
      [['--name', 'a'], {}, '--listen (or MEMBER_LISTEN) is missing'],
      [[...good, '--listen', 'nowhere'], {}, '--listen nowhere: it must be HOST:PORT'],
      [[...good, '--wait', 'soon'], {}, '--wait soon: it must be DURATION'],
      [good, { MEMBER_STRATEGY: 'hope' }, '--strategy hope: it must be one of combined, split'],
      [[...good, '--bootstrap', '--join', 'b:1'], {}, '--bootstrap and --join exclude each other'],
      [[...good, '--database', 'postgres:y'], {}, '--database postgres:y: it must be sqlite:FILE'],
      [[...good, '--version-file', '/nowhere.json'], {}, 'cannot read the version file /nowhere.json'],
      [[...good, '--failpoints', 'anywhere'], {}, '--failpoints anywhere: it must be'],
      [[...good, '--failpoints', 'before-park'], {}, 'give --control too'],
    ] as const) {
      const main = join(paths.daemon, 'main.ts');
      const { exitCode, stderr, stdout } = await execa(process.execPath, [main, ...args], { env, reject: false });
      expect(stderr).to.contain(message);
      expect(stdout).to.equal('');
      expect(exitCode).to.equal(2);
    }
  });
});
