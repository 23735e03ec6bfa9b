import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import Sqlite from 'better-sqlite3';
import { expect } from 'chai';
import { execa } from 'execa';
import { bundleDaemon } from '../harness/build/bundle.ts';
import { freePort } from '../harness/host/ports.ts';
import { askControl } from '../node/control/client.ts';
import { requestOf } from '../node/control/commands.ts';
import type { MemberEvent } from '../node/events.ts';
import { PeerClient } from '../node/peers/client.ts';
import type { Status } from '../node/status.ts';
import { fingerprintOf, type KeyPair, makeCertificate } from '../node/trust/certificate.ts';
import { connectPinned, contextOf } from '../node/trust/connect.ts';
import { TrustFiles } from '../node/trust/files.ts';
import { type Token, tokenOf } from '../node/trust/token.ts';
import { Daemons } from './support/daemons.ts';
import { versions } from './support/versions.ts';

const LONG_MS = 600_000;
const LIMIT_MS = 20_000;
const DAY_MS = 86_400_000;

describe('trust between members', () => {
  let daemons: Daemons;
  afterEach(() => daemons?.close());

  /** Two members, the first of which waits for the second. */
  async function parked(database: 'sqlite' | 'dqlite' = 'sqlite'): Promise<void> {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 2, wait: LONG_MS, database });
    await daemons.clusterWaiting();
  }

  function refusals(member = 'node01'): Array<MemberEvent & { event: 'refused' }> {
    return daemons.recorder.trace.filter(
      (event): event is MemberEvent & { event: 'refused' } =>
        'event' in event && event.event === 'refused' && event.member === member,
    );
  }

  async function order<Result>(member: string, ...command: string[]): Promise<Result> {
    const { status, body } = await askControl(daemons.seat(member).stateFolder, requestOf(command)!, LIMIT_MS);
    expect(status, body).to.equal(200);
    return JSON.parse(body) as Result;
  }

  /** Ask to be let in. */
  function enter(name: string, token: Token | null, pair: KeyPair | null, wrong: object = {}, through = 'node01') {
    const { version } = versions.get('v3')!.build;
    const secret = token === null ? {} : { secret: token.secret };
    const json = { name, address: '127.0.0.1:1', version, ...secret, ...wrong };
    return daemons.http(through, pair).post('internal/members', { json });
  }

  it('answers whoever is no member nothing of what members ask, tells of it, and is not woken', async () => {
    await parked();
    const stranger = await makeCertificate('node02');
    const shown = { nobody: null, unknown: stranger, operator: 'operator' };
    for (const [method, path] of [
      ['PATCH', 'internal/database'],
      ['PATCH', 'internal/database?upgrade=schema'],
      ['GET', 'internal/database'],
      ['POST', 'internal/truststore'],
      ['GET', 'internal/else'],
    ] as const)
      for (const [who, pair] of Object.entries(shown)) {
        const answer = await daemons.http('node01', pair)(path, { method });
        expect(answer.statusCode, `${who}: ${method} ${path}`).to.equal(403);
      }
    await daemons.said('node01', 'refused', () => true, 15);
    expect(new Set(refusals().map(({ why }) => why))).to.deep.equal(new Set(['no-certificate', 'unknown']));
    expect(refusals()[0]).to.deep.include({ by: null, path: '/internal/database', untold: 0 });
    expect(daemons.transcript('node01')).not.to.contain('"noticed"');
    const member = await daemons.http('node01', 'node02').patch('internal/database?upgrade=schema');
    expect([member.statusCode, member.body]).to.deep.equal([200, { disposition: 'delivered' }]);
  });

  it('lets the operator read and write the data and strangers not, and says to anybody how it fares', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 1 });
    await daemons.cluster();
    const json = { key: 'a', value: 'b' };
    const stranger = await makeCertificate('stranger');
    for (const by of [null, stranger]) {
      expect((await daemons.http('node01', by).post('1.0/records', { json })).statusCode).to.equal(403);
      expect((await daemons.http('node01', by).get('1.0/records')).statusCode).to.equal(403);
      for (const path of ['1.0', '1.0/ready', '1.0/cluster'])
        expect((await daemons.http('node01', by).get(path)).statusCode, path).to.equal(200);
    }
    expect((await daemons.http('node01').post('1.0/records', { json })).statusCode).to.equal(201);
    expect(await daemons.client('node01').records!.readAll()).to.deep.equal({ a: 'b' });
    const plain = connectPlain(Number(daemons.seat('node01').address.split(':')[1]), '127.0.0.1');
    plain.end('GET /1.0 HTTP/1.1\r\nhost: a\r\n\r\n').setEncoding('latin1');
    let said = '';
    for await (const part of plain) said += part;
    expect(said, 'what plain HTTP is answered').not.to.contain('HTTP/1.1 200');
  });

  it('takes a notice for whose certificate it came with, and none with a name that a trace cannot hold', async () => {
    await parked();
    const peer = daemons.http('node01', 'node02');
    const send = (headers: Record<string, string>) => peer.patch('internal/database', { headers });
    expect((await send({ 'x-member': 'node03' })).statusCode).to.equal(403);
    for (const headers of [
      { 'x-member': 'n'.repeat(64) },
      { 'x-member': 'node02 <b>' },
      { 'x-member': 'node02', 'x-notice': 'x'.repeat(201) },
      { 'x-member': 'node02', 'x-notice': 'a b' },
    ])
      expect((await send(headers)).statusCode, JSON.stringify(headers)).to.equal(400);
    await daemons.said('node01', 'refused', () => true, 5);
    expect(refusals().map(({ by, why }) => [by, why])).to.deep.equal([
      ['node02', 'another-name'],
      ...Array.from({ length: 4 }, () => [null, 'unreadable']),
    ]);
    expect((await send({ 'x-member': 'node02', 'x-notice': 'mine' })).statusCode).to.equal(200);
    expect(await daemons.said('node01', 'noticed')).to.deep.include({ from: 'node02', notice: 'mine' });
    expect(daemons.transcript('node01').match(/"noticed"/g)).to.have.length(1);
  });

  it('knows a member that has been taken out while it waited, which is not told, and says what has become of it', async () => {
    await parked();
    const shown = daemons.pairOf('node01');
    await order('node02', 'remove', 'node01');
    const notice = await daemons.http('node02', shown).patch('internal/database');
    expect([notice.statusCode, notice.body]).to.deep.equal([
      403,
      { error: 'you are no longer a member of this cluster', why: 'removed' },
    ]);
    expect(await daemons.said('node02', 'refused', ({ why }) => why === 'removed')).to.include({ by: 'node01' });
    // Its way to node02 has ended, and it is refused another.
    let status = await daemons.ask<Status>('node01', '/1.0');
    for (let tries = 0; status.notMember === null && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      status = await daemons.ask<Status>('node01', '/1.0');
    }
    expect(status.notMember).to.contain('no longer a member');
    expect((await daemons.client('node01').status())!.waitsFor).to.equal(status.notMember);
    expect(status.status, 'it waits on').to.equal('waiting');
  });

  for (const database of ['sqlite', 'dqlite'] as const)
    it(`knows a certificate whose time is up, and one that has been replaced, on ${database}`, async () => {
      await parked(database);
      const before = daemons.pairOf('node02');
      await order('node02', 'rotate');
      expect(fingerprintOf(daemons.pairOf('node02').certificate)).not.to.equal(fingerprintOf(before.certificate));
      expect((await daemons.http('node01', before).get('internal/database')).statusCode).to.equal(403);
      expect((await daemons.http('node01', 'node02').get('internal/database')).statusCode).to.equal(204);
      await order('node02', 'expire');
      expect((await daemons.http('node01', 'node02').patch('internal/database')).statusCode).to.equal(403);
      await daemons.said('node01', 'refused', ({ by, why }) => by === 'node02' && why === 'expired');
      expect(await daemons.said('node01', 'refused', ({ why }) => why === 'unknown')).to.include({ by: null });
      expect(daemons.transcript('node01')).not.to.contain('"noticed"');
    });

  it('trusts whom it did while its truststore is held, also after a start, and whom its cluster does then', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 2, wait: LONG_MS });
    const [first] = await daemons.cluster();
    const before = daemons.pairOf('node02');
    const headers = { connection: 'close' };
    const answers = async (pair: KeyPair) =>
      (await daemons.http('node01', pair).get('internal/database', { headers })).statusCode === 204;
    await order('node01', 'hold-truststore');
    await order('node02', 'rotate');
    const after = daemons.pairOf('node02');
    expect([await answers(before), await answers(after)]).to.deep.equal([true, false]);
    await first!.stop('SIGTERM', LIMIT_MS);
    await daemons.start('node01', 'start', 'v4', [], ['--hold-truststore']);
    await daemons.said('node01', 'parked');
    expect([await answers(before), await answers(after)]).to.deep.equal([true, false]);
    await order('node01', 'let-truststore');
    expect([await answers(before), await answers(after)]).to.deep.equal([false, true]);
  });

  it('lets in whoever has a token, once, by its name, in its time, and with a certificate that is good', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 1 });
    await daemons.cluster();
    const pair = await makeCertificate('node02');
    const issue = async (...args: string[]) => tokenOf(await order<string>('node01', 'token', ...args))!;
    const token = await issue('node02');
    const cluster = fingerprintOf(daemons.pairOf('node01', 'cluster').certificate);
    expect(token).to.deep.include({
      name: 'node02',
      fingerprint: cluster,
      addresses: [daemons.seat('node01').address],
    });
    const short = await issue('node03', '1ms');
    const nowMs = Date.now();
    const old = await makeCertificate('node02', { fromMs: nowMs - 2 * DAY_MS, toMs: nowMs - DAY_MS });
    const early = await makeCertificate('node02', { fromMs: nowMs + DAY_MS, toMs: nowMs + 2 * DAY_MS });
    for (const [name, shown, certificate, why] of [
      ['node02', token, null, 'no-certificate'],
      ['node02', token, old, 'expired'],
      ['node02', token, early, 'not-yet-valid'],
      ['node02', null, pair, 'token-unknown'],
      ['node04', token, pair, 'token-unknown'],
      ['node03', short, pair, 'token-expired'],
    ] as const) {
      const answer = await enter(name, shown, certificate);
      expect([answer.statusCode, (answer.body as { why: string }).why]).to.deep.equal([403, why]);
      await daemons.said('node01', 'refused', (event) => event.why === why && event.by === null);
    }
    expect((await enter('node02', token, pair)).statusCode).to.equal(201);
    expect((await daemons.http('node01', pair).get('internal/database')).statusCode).to.equal(204);
    const again = await enter('node02', token, await makeCertificate('node02'));
    expect([again.statusCode, (again.body as { why: string }).why]).to.deep.equal([403, 'token-used']);
    const { members } = await daemons.ask<{ members: unknown[] }>('node01', '/1.0/cluster');
    expect(members).to.have.length(2);
  });

  it('lets nobody in with a certificate that is, or was, somebody’s, or with a request that makes no sense', async () => {
    await parked();
    const issue = async (name: string) => tokenOf(await order<string>('node02', 'token', name))!;
    const token = await issue('node03');
    const removed = daemons.pairOf('node01');
    await order('node02', 'remove', 'node01');
    const trusted = () => new TrustFiles(daemons.seat('node02').stateFolder).trusted();
    const before = trusted();
    for (const [shown, by] of [
      [daemons.pairOf('node02', 'cluster'), null],
      [daemons.pairOf('node02'), 'node02'],
      [removed, 'node01'],
    ] as const) {
      const answer = await enter('node03', token, shown, {}, 'node02');
      expect([answer.statusCode, (answer.body as { why: string }).why]).to.deep.equal([403, 'certificate-taken']);
      await daemons.said('node02', 'refused', (event) => event.why === 'certificate-taken' && event.by === by);
    }
    expect(trusted()).to.deep.equal(before);
    const own = await makeCertificate('node03');
    const { version } = versions.get('v3')!.build;
    for (const [wrong, says] of [
      [{ name: 'node_03' }, 'its name must be'],
      [{ address: 'nowhere' }, 'its address must be HOST:PORT'],
      [{ address: 7 }, 'its address'],
      [{ version: null }, 'its version must hold'],
      [{ version: 'v3' }, 'its version'],
      [{ version: { ...version, extensions: 'a' } }, 'its version'],
      [{ version: { ...version, internal: 1.5 } }, 'its version'],
      [{ version: { ...version, patches: [null] } }, 'its version'],
    ] as const) {
      const answer = await enter('node03', token, own, wrong, 'node02');
      expect([answer.statusCode, (answer.body as { error: string }).error]).to.satisfy(
        ([status, error]: [number, string]) => status === 400 && error.includes(says),
        JSON.stringify(wrong),
      );
    }
    // The token has let nobody in meanwhile.
    expect((await enter('node03', token, own, {}, 'node02')).statusCode).to.equal(201);
  });

  it('is mutual between members that are let in at the same moment, as soon as they are open', async () => {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 8, database: 'dqlite' });
    const { members } = daemons.plan;
    await daemons.start('node01', 'bootstrap', 'v3');
    await daemons.said('node01', 'open');
    await Promise.all(members.slice(1).map((member) => daemons.start(member, 'join', 'v3')));
    for (const member of members) await daemons.said(member, 'open');
    for (const member of members) {
      const trusted = new TrustFiles(daemons.seat(member).stateFolder).trusted().map((one) => one.member);
      expect(trusted, member).to.have.members(members);
    }
  });

  it('comes about with whoever is not known yet and shows up, though nobody had told of it', async () => {
    await parked();
    const newcomer = await makeCertificate('node09');
    const database = new Sqlite(join(daemons.seat('node01').sharedFolder, 'cluster.db'));
    database
      .prepare('INSERT INTO internal_trust (fingerprint, member, removed) VALUES (?, ?, 0)')
      .run(fingerprintOf(newcomer.certificate), 'node09');
    database.close();
    const ask = async () => (await daemons.http('node01', newcomer).get('internal/database')).statusCode;
    expect(await ask()).to.equal(403);
    // Before the next heartbeat would have told.
    const limit = AbortSignal.timeout(5000);
    while ((await ask()) === 403) expect(limit.aborted).to.equal(false);
  });

  it('is said to whoever stood still for some seconds, also in the middle of a handshake, once it goes on', async () => {
    await parked();
    const { address } = daemons.seat('node01');
    const own = contextOf(daemons.pairOf('node02'));
    const cluster = fingerprintOf(daemons.pairOf('node01', 'cluster').certificate);
    const client = new PeerClient((to, givenUp) => connectPinned(to, own, cluster, givenUp));
    const { pid } = await daemons.said('node01', 'started', ({ action }) => action === 'start');
    const begun = connectPlain(Number(address.split(':')[1]), '127.0.0.1');
    await once(begun, 'connect');
    // It has been taken in by the time that something later is answered.
    await daemons.ask('node01', '/1.0');
    process.kill(pid, 'SIGSTOP');
    try {
      const shaken = once(connectTls({ socket: begun, rejectUnauthorized: false }), 'secureConnect');
      const told = client.ask(address, { method: 'PATCH', path: '/internal/database', timeoutMs: LIMIT_MS });
      const early = client.ask(address, { method: 'GET', path: '/internal/database', timeoutMs: 100 });
      await new Promise((resolve) => setTimeout(resolve, 5500));
      expect(await early, 'who waits for less').to.deep.equal({ is: 'timeout', message: 'no answer in 100 ms' });
      process.kill(pid, 'SIGCONT');
      expect(await told).to.deep.include({ is: 'answered', status: 200 });
      await shaken;
    } finally {
      process.kill(pid, 'SIGCONT');
      client.hangUp();
      begun.destroy();
    }
  });

  it('keeps keys to itself, and tells nobody a key or a token', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 2 });
    await daemons.cluster();
    const keys = ['member.key', 'cluster.key'].map((name) => join(daemons.seat('node02').stateFolder, 'trust', name));
    for (const key of keys) expect(statSync(key).mode & 0o777, key).to.equal(0o600);
    expect(daemons.pairOf('node02', 'cluster')).to.deep.equal(daemons.pairOf('node01', 'cluster'));
    expect(daemons.pairOf('node02').key).not.to.equal(daemons.pairOf('node01').key);
    expect(JSON.stringify(daemons.recorder.trace)).not.to.match(/PRIVATE|secret/);
    const { sharedFolder } = daemons.seat('node01');
    const shared = readdirSync(sharedFolder).map((name) => readFileSync(join(sharedFolder, name), 'latin1'));
    expect(shared.join(''), 'what all members share').not.to.contain('PRIVATE');
  });

  it('keeps its state folder to itself where it makes it, whatever the umask', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 1 });
    await daemons.cluster();
    const { main } = await bundleDaemon();
    for (const more of ['', '--insecure']) {
      const state = join(daemons.folder, `state${more}`);
      const versionFile = join(daemons.folder, 'version.json');
      writeFileSync(versionFile, JSON.stringify(versions.get('v3')!.build));
      const member = execa({ reject: false })('sh', [
        ...['-c', 'umask 0; exec "$@"', 'sh', process.execPath, main, '--name', 'node01', '--bootstrap', '--control'],
        ...['--listen', `127.0.0.1:${await freePort(new Set())}`, '--state', state, '--database', `sqlite:${state}.db`],
        ...['--version-file', versionFile, ...(more === '' ? [] : [more])],
      ]);
      for await (const line of member) if (line.includes('"open"')) member.kill('SIGTERM');
      const modes = ['', 'identity.json'].map((name) => statSync(join(state, name)).mode & 0o777);
      expect(modes, more).to.deep.equal([0o700, 0o600]);
    }
  });

  it('speaks plain HTTP where that is asked for, and is not started otherwise than its cluster speaks', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 1, insecure: true });
    const [only] = await daemons.cluster();
    const { address } = daemons.seat('node01');
    expect((await fetch(`http://${address}/internal/database`, { method: 'PATCH' })).status).to.equal(200);
    expect(await daemons.said('node01', 'noticed')).to.include({ from: 'an older build' });
    await only!.stop('SIGTERM', LIMIT_MS);
    await daemons.start('node01', 'start', 'v3', [], [], (arg) => arg !== '--insecure');
    const { message } = await daemons.said('node01', 'exiting', ({ reason }) => reason === 'failed');
    expect(message).to.contain('speaks plain HTTP: start it with --insecure');
  });
});
