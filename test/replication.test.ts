import { createServer } from 'node:net';
import { expect } from 'chai';
import type { ClusterMember, Status } from '../node/status.ts';
import { Daemons } from './support/daemons.ts';
import { requireDqlite } from './support/engines.ts';

/** Elections within a second. */
const LATENCY_MS = 40;

describe('members that embed dqlite', function () {
  this.timeout(60_000);
  let daemons: Daemons;
  before(async function () {
    await requireDqlite(this);
  });
  afterEach(() => daemons?.close());

  it('make three of five voters, say who leads, and hand the leadership over', async () => {
    daemons = await Daemons.of({ members: 5, from: 'v3', database: 'dqlite', network_latency: LATENCY_MS });
    const [first] = await daemons.cluster();
    const cluster = async (member: string) =>
      (await daemons.ask<{ members: ClusterMember[] }>(member, '/1.0/cluster')).members;
    for (const member of ['node01', 'node05']) {
      expect((await cluster(member)).map(({ role, leader, status }) => [role, leader, status])).to.deep.equal([
        ['voter', true, 'ONLINE'],
        ['voter', false, 'ONLINE'],
        ['voter', false, 'ONLINE'],
        ['stand-by', false, 'ONLINE'],
        ['stand-by', false, 'ONLINE'],
      ]);
    }
    await first!.stop('SIGTERM', 5000);
    const { to } = await daemons.said('node01', 'handed-over');
    const heir = daemons.plan.members.find((member) => daemons.seat(member).address === to);
    expect(heir).to.be.oneOf(['node02', 'node03']);
    await daemons.said(heir!, 'leader', ({ leader }) => leader === to);
    const leaders = (await cluster('node05')).filter(({ leader }) => leader).map(({ name }) => name);
    expect(leaders).to.deep.equal([heir]);
  });

  it('wait while there is no quorum, say so, and recover by themselves', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', database: 'dqlite', network_latency: LATENCY_MS });
    const [first, second, third] = await daemons.cluster();
    await daemons.client('node03').records!.write('before', 'kept');
    // Without a word, so that nobody hands anything over; and the one that is left is refreshed into the trouble.
    await Promise.all([first!.kill(), second!.kill()]);
    await third!.stop('SIGTERM', 5000);
    await daemons.start('node03', 'start', 'v4');
    await daemons.said('node03', 'listening', () => true, 2);
    const trouble = await until(
      () => daemons.ask<Status>('node03', '/1.0'),
      ({ database }) => database.trouble !== null,
    );
    expect(trouble.status).to.equal('starting');
    expect(trouble.database.trouble).to.contain('lost its quorum: 1 of 3 voters answer, and 2 are needed');
    const said = (await daemons.client('node03').status())!.waitsFor;
    expect(said, 'what the rig is told').to.equal(trouble.database.trouble);
    expect(await daemons.ask<{ error: string }>('node03', '/1.0/cluster'))
      .to.have.property('error')
      .that.contains('quorum');

    await daemons.start('node02', 'start', 'v4');
    await daemons.said('node03', 'parked');
    const waiting = await daemons.ask<Status>('node03', '/1.0');
    expect(waiting.database.trouble).to.equal(null);
    expect(waiting.waiting?.reason).to.contain('node01');
    await daemons.start('node01', 'start', 'v4');
    await daemons.said('node01', 'open', () => true, 2);
    await daemons.said('node03', 'open', () => true, 2);
    expect(await daemons.client('node01').records!.readAll()).to.deep.equal({ before: 'kept' });
  });

  it('let dqlite in by their own listener and nothing else, and say that their address is in use', async () => {
    daemons = await Daemons.of({ members: 1, from: 'v3', database: 'dqlite' });
    const { port, address } = { port: Number(daemons.seat('node01').address.split(':')[1]), address: '127.0.0.1' };
    const squatter = createServer().listen(port, address);
    const failed = await daemons.start('node01', 'bootstrap', 'v3');
    expect((await failed.exited).code).to.equal(1);
    const { message } = await daemons.said('node01', 'exiting');
    expect(message).to.equal(`cannot listen at ${address}:${port}: the address is in use: stop whoever has it`);
    await new Promise((resolve) => squatter.close(resolve));

    await daemons.cluster();
    const upgrade = async (path: string, protocol: string) =>
      daemons.http('node01', 'node01').post(path.slice(1), { headers: { connection: 'Upgrade', upgrade: protocol } });
    expect((await upgrade('/internal/database', 'websocket')).statusCode).to.equal(400);
    expect((await upgrade('/1.0', 'dqlite')).statusCode).to.equal(400);
  });
});

async function until<Answer>(ask: () => Promise<Answer>, holds: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
