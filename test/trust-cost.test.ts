import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import type { Status } from '../node/status.ts';
import { Daemons } from './support/daemons.ts';

const LONG_MS = 600_000;
/** So many requests go out on a connection before the first is answered. */
const AT_ONCE = 100;

describe('what others can cost a member', function () {
  this.timeout(120_000);
  let daemons: Daemons;
  afterEach(() => daemons?.close());

  async function memoryMiB(): Promise<number> {
    return (await daemons.running('node01').memoryBytes())! / 2 ** 20;
  }

  async function parked(): Promise<number> {
    daemons = await Daemons.of({ from: 'v3', to: 'v4', members: 2, wait: LONG_MS });
    await daemons.clusterWaiting();
    return Number(daemons.seat('node01').address.split(':')[1]);
  }

  const bytesTold = (): number => Buffer.byteLength(daemons.transcript('node01'));

  it('4,000 connections that say nothing are let go, before and after their handshake, and members come through', async () => {
    const port = await parked();
    const before = await memoryMiB();
    const idle: Socket[] = [];
    try {
      for (let opened = 0; opened < 4000; opened += 1) {
        const isSecure = opened % 20 === 0;
        const socket = isSecure
          ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
          : connectPlain(port, '127.0.0.1');
        socket.on('error', () => socket.destroy());
        idle.push(socket);
        await new Promise((resolve) =>
          socket.once(isSecure ? 'secureConnect' : 'connect', resolve).once('close', resolve),
        );
      }
      const notice = await daemons.http('node01', 'node02').patch('internal/database?upgrade=schema');
      expect([notice.statusCode, notice.body]).to.deep.equal([200, { disposition: 'delivered' }]);
      const left = idle.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
      expect(left, 'connections that are kept').to.be.at.most(2 * 256);
      expect(await daemons.said('node01', 'refused')).to.include({ by: null, why: 'too-many', path: '(connections)' });
      expect(daemons.transcript('node01').match(/"refused"/g)!.length).to.be.at.most(40);
      expect((await memoryMiB()) - before, 'MiB').to.be.below(150);
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });

  it('a member keeps its last 128 connections, and can say something on each', async () => {
    const port = await parked();
    const { certificate: cert, key } = daemons.pairOf('node02');
    const open: Socket[] = [];
    try {
      for (let opened = 0; opened < 140; opened += 1) {
        const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, cert, key });
        open.push(socket.on('error', () => undefined).resume());
        await once(socket, 'secureConnect');
      }
      const first = open.slice(0, 140 - 128);
      await Promise.all(first.map(async (socket) => socket.closed || once(socket, 'close')));
      const refused = await daemons.said('node01', 'refused');
      expect(refused).to.include({ by: 'node02', why: 'too-many', path: '(connections)' });
      // It has some of its own, and opens others for those that go.
      for (const socket of open.slice(-100)) {
        const answer = once(socket, 'data');
        socket.write('GET /internal/database HTTP/1.1\r\nhost: x\r\n\r\n');
        expect(String((await answer)[0])).to.match(/^HTTP\/1.1 204 /);
      }
    } finally {
      for (const socket of open) socket.destroy();
    }
  });

  it('in plain HTTP it keeps its first 1,024 connections, whosever they are, and tells of the others', async () => {
    daemons = await Daemons.of({ from: 'v3', members: 1, insecure: true });
    await daemons.cluster();
    const port = Number(daemons.seat('node01').address.split(':')[1]);
    const open = Array.from({ length: 1040 }, () => connectPlain(port, '127.0.0.1').on('error', () => undefined));
    try {
      const refused = await daemons.said('node01', 'refused');
      expect(refused).to.include({ by: null, why: 'too-many', path: '(connections)' });
    } finally {
      for (const socket of open) socket.destroy();
    }
  });

  it('a thousand requests at once end their connection, and one event tells of it', async () => {
    const port = await parked();
    const { certificate: cert, key } = daemons.pairOf('node02');
    for (const [by, shown] of [
      [null, {}],
      ['node02', { cert, key }],
    ] as const) {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...shown });
      const ended = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
      socket.resume().write('GET /1.0 HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1000));
      await ended;
      const refused = await daemons.said('node01', 'refused', (event) => event.by === by);
      expect(refused).to.include({ why: 'too-many', path: '(requests)' });
    }
    expect(daemons.transcript('node01').match(/"refused"/g)).to.have.length(2);
    expect((await daemons.ask<Status>('node01', '/1.0')).status).to.equal('waiting');
  });

  it('a hundred questions how the cluster fares ask each peer a few times, also one that does not answer', async () => {
    const port = await parked();
    const { pid } = await daemons.said('node01', 'started', ({ action }) => action === 'start');
    const { pid: peer } = await daemons.said('node02', 'started');
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    let said = '';
    socket.setEncoding('latin1').on('data', (part) => {
      said += part;
    });
    const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length;
    process.kill(peer, 'SIGSTOP');
    try {
      await once(socket, 'secureConnect');
      const before = descriptors();
      socket.write('GET /1.0/cluster HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(AT_ONCE));
      let most = before;
      while (said.split('HTTP/1.1 200 ').length - 1 < AT_ONCE) {
        most = Math.max(most, descriptors());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(most - before, 'connections that it has opened').to.be.below(8);
    } finally {
      process.kill(peer, 'SIGCONT');
      socket.destroy();
    }
  });

  it('a connection without a handshake does not keep it from stopping, whenever that comes', async () => {
    const port = await parked();
    const idle = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    await once(idle, 'connect');
    // It shakes hands only once the member is stopping.
    const late = connectPlain(port, '127.0.0.1').on('error', () => undefined);
    await once(late, 'connect');
    const stopped = daemons.running('node01').stop('SIGTERM', 4000);
    connectTls({ socket: late, rejectUnauthorized: false }).on('error', () => undefined);
    expect(await stopped).to.deep.equal({ code: 0, signal: null, killed: false });
    idle.destroy();
  });

  it('20,000 notices of one member are a few events, and wake it a few times', async () => {
    const port = await parked();
    const before = bytesTold();
    const { certificate: cert, key } = daemons.pairOf('node02');
    const request = 'PATCH /internal/database?upgrade=schema HTTP/1.1\r\nhost: a\r\n\r\n';
    const startedMs = performance.now();
    const sendMany = async (times: number): Promise<string> => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, cert, key });
      socket.setEncoding('latin1');
      const said: string[] = [];
      for (let sent = 0; sent < times; sent += AT_ONCE) {
        socket.write(request.repeat(AT_ONCE));
        let batch = '';
        while (batch.split('HTTP/1.1 ').length - 1 < AT_ONCE) {
          const [part] = (await once(socket, 'data')) as [string];
          batch += part;
        }
        said.push(batch);
      }
      socket.destroy();
      return said.join('');
    };
    const answers = (await Promise.all(Array.from({ length: 10 }, () => sendMany(2000)))).join('');
    const count = (status: number): number => answers.split(`HTTP/1.1 ${status} `).length - 1;
    // One more for every second that it took.
    const most = 64 + Math.ceil((performance.now() - startedMs) / 1000);
    expect(count(200) + count(429)).to.equal(20_000);
    expect(answers.split('this one was not taken in, and is to be sent again later').length - 1).to.equal(count(429));
    expect(count(200)).to.be.at.most(most);
    await daemons.said('node01', 'noticed', () => true, count(200));
    expect(daemons.transcript('node01').match(/"noticed"/g)).to.have.length(count(200));
    expect(bytesTold() - before, 'bytes of trace').to.be.below(most * 2048);
  });

  it('a hundred odd requests are refused with a few events, none of them wakes it, and it serves on', async () => {
    const port = await parked();
    const before = bytesTold();
    const odd = [
      ...Array.from(
        { length: 60 },
        (_, index) => `PATCH /internal/database?upgrade=schema HTTP/1.1\r\nhost: ${index}\r\n\r\n`,
      ),
      ...Array.from({ length: 10 }, () => `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`),
      ...Array.from(
        { length: 10 },
        () =>
          `POST /internal/members HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{`,
      ),
      ...Array.from(
        { length: 10 },
        () => 'POST /internal/database HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: dqlite\r\n\r\n',
      ),
      ...Array.from({ length: 10 }, () => '\0\u0001 no HTTP at all\r\n\r\n'),
    ];
    const answers = await Promise.all(
      odd.map(async (request) => {
        const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
        let said = '';
        socket
          .on('error', () => socket.destroy())
          .setEncoding('latin1')
          .on('data', (text) => {
            said += text;
            socket.end();
          });
        socket.write(request);
        await new Promise((resolve) => socket.once('close', resolve));
        return said.slice(9, 12);
      }),
    );
    expect(new Set(answers)).to.deep.equal(new Set(['403', '431', '413', '400']));
    const told = daemons.transcript('node01');
    expect(told).not.to.contain('"noticed"');
    expect(told.match(/"refused"/g)!.length).to.be.at.most(40);
    expect(bytesTold() - before, 'bytes of trace').to.be.below(16_384);
    expect((await daemons.ask<Status>('node01', '/1.0')).status).to.equal('waiting');
  });
});
