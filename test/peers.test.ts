import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { lateWriter } from '../node/late-writer.ts';
import { type Answer, PeerClient } from '../node/peers/client.ts';
import { Ways } from '../node/peers/ways.ts';

const LIMIT_MS = 5000;

const client = new PeerClient();

/** A peer that counts what comes in, and can be refreshed: it comes back at the same address. */
class CountingPeer {
  connections = 0;
  requests = 0;
  answered = 0;
  /** Whether it goes away when a request has come in, without a word. */
  isDying = false;
  #server: Server | null = null;
  #port = 0;
  #last: Socket | null = null;

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.requests += 1;
      response.on('finish', () => {
        this.answered += 1;
      });
      if (this.isDying) request.socket.destroy();
      else response.end('{}');
    });
    server.on('connection', (connection: Socket) => {
      this.connections += 1;
      this.#last = connection;
    });
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  reset(): void {
    this.#last?.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

function notice(peer: CountingPeer): Promise<Answer> {
  return client.ask(peer.address, { method: 'PATCH', path: '/internal/database', timeoutMs: LIMIT_MS });
}

async function until(holds: () => boolean): Promise<void> {
  const untilMs = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`it did not come to pass: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the way to a peer', () => {
  let peer: CountingPeer;
  beforeEach(async () => {
    peer = new CountingPeer();
    await peer.start();
  });
  afterEach(async () => {
    await peer.stop();
    client.hangUp();
  });

  it('stays open from one request to the next', async () => {
    for (let times = 0; times < 3; times += 1) expect((await notice(peer)).is).to.equal('answered');
    expect([peer.requests, peer.connections]).to.deep.equal([3, 1]);
  });

  it('is a new one where the peer has been refreshed since', async () => {
    await notice(peer);
    await peer.stop();
    await peer.start();
    for (let turns = 0; turns < 2; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    expect((await notice(peer)).is).to.equal('answered');
    expect([peer.requests, peer.connections]).to.deep.equal([2, 2]);
  });

  it('is not tried again where the request may have arrived', async () => {
    await notice(peer);
    peer.isDying = true;
    expect((await notice(peer)).is).to.equal('unreachable');
    expect(peer.requests, 'how often a request was sent').to.equal(2);
  });

  it('ends a request that is not answered in time, and is not used again', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const answer = await client.ask(address, { method: 'GET', path: '/1.0', timeoutMs: 50 });
    expect(answer).to.deep.equal({ is: 'timeout', message: 'no answer in 50 ms' });
    await new Promise((resolve) => silent.close(resolve));
    expect((await client.ask(address, { method: 'GET', path: '/1.0', timeoutMs: 50 })).is).to.equal('unreachable');
    expect((await client.ask('nowhere', { method: 'GET', path: '/1.0', timeoutMs: 50 })).is).to.equal('unreachable');
  });

  it('is not dialled any more once nobody waits for it', async () => {
    let given: AbortSignal | null = null;
    const secure = new PeerClient((_to, givenUp) => {
      given = givenUp;
      return Promise.withResolvers<Socket>().promise;
    });
    const answer = await secure.ask(peer.address, { method: 'GET', path: '/1.0', timeoutMs: 50 });
    expect([answer.is, given!.aborted]).to.deep.equal(['timeout', true]);
  });

  it('is one of sixteen at the most, which are there for others once they are answered', async () => {
    let dialled = 0;
    const secure = new PeerClient(async ({ host, port }) => {
      dialled += 1;
      const connection = connect(port, host);
      await once(connection, 'connect');
      return connection;
    });
    const ask = () => secure.ask(peer.address, { method: 'GET', path: '/1.0', timeoutMs: LIMIT_MS });
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      expect(answers.filter(({ is }) => is === 'answered')).to.have.length(16);
      expect(answers.at(-1)).to.deep.equal({
        is: 'unreachable',
        message: 'there are 16 requests to it under way already',
      });
      expect((await ask()).is).to.equal('answered');
      expect(dialled).to.equal(16);
    } finally {
      secure.hangUp();
    }
  });

  const manyPeers = (isOlder: boolean) =>
    Array.from({ length: 9 }, (_, index) => ({ name: `peer-${index}`, address: peer.address, isOlder }));

  it('is there before the first notice, and is there again soon after the peer was refreshed', async () => {
    const ways = new Ways(client, false);
    try {
      await ways.keep([{ name: 'peer', address: peer.address, isOlder: false }]);
      expect(peer.connections).to.equal(2);
      await Promise.all([notice(peer), notice(peer)]);
      expect(peer.connections, 'two notices at once take the ways that are open').to.equal(2);
      // Without a word, as a peer that is killed: the connection ends with an error.
      peer.reset();
      await peer.stop();
      await peer.start();
      const { answered } = peer;
      await until(() => peer.connections === 4 && peer.answered > answered + 1);
      // The answers are on their way; a connection is free once its own has come in.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await Promise.all([notice(peer), notice(peer)]);
      expect(peer.connections, 'the next ones too').to.equal(4);
    } finally {
      ways.close();
    }
  });

  it('is open again before a peer that has come back, and opened its own, is answered', async () => {
    const ways = new Ways(client, true);
    try {
      await ways.keep([{ name: 'peer', address: peer.address, isOlder: false }]);
      peer.reset();
      await peer.stop();
      await peer.start();
      // That its connection has ended is read first.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await ways.openBack('peer');
      expect(peer.connections).to.equal(4);
      await ways.openBack('peer');
      expect(peer.connections, 'once').to.equal(4);
    } finally {
      ways.close();
    }
  });

  it('is opened to one alone of many that are to be refreshed, and to each once it has been, and opens its own', async () => {
    const ways = new Ways(client, true);
    try {
      await ways.keep(manyPeers(true));
      expect(peer.requests).to.equal(1);
      await ways.openBack('peer-0');
      expect(peer.requests).to.equal(2);
      await ways.openBack('peer-0');
      expect(peer.requests, 'once').to.equal(2);
    } finally {
      ways.close();
    }
  });

  it('is opened to those that were to be refreshed as soon as it is seen that they have been', async () => {
    const ways = new Ways(client, true);
    try {
      await ways.keep(manyPeers(true));
      await ways.keep(manyPeers(false));
      expect(peer.requests).to.equal(9);
    } finally {
      ways.close();
    }
  });

  it('lets an answer under way come in when the idle ones are closed', async () => {
    await notice(peer);
    const [answer] = await Promise.all([
      notice(peer),
      new Promise((resolve) => setImmediate(resolve)).then(() => client.hangUp()),
    ]);
    expect(answer.is).to.equal('answered');
  });

  it('holds nobody up where a peer is not there, and is found when it comes', async () => {
    await peer.stop();
    const ways = new Ways(client, false);
    try {
      await ways.keep([{ name: 'peer', address: peer.address, isOlder: false }]);
      expect(peer.connections).to.equal(0);
      await peer.start();
      await until(() => peer.connections === 2);
    } finally {
      ways.close();
    }
  });

  it('is one connection where there are many peers', async () => {
    const ways = new Ways(client, false);
    try {
      await ways.keep(manyPeers(false));
      await until(() => peer.answered === 9);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(peer.requests).to.equal(9);
    } finally {
      ways.close();
    }
  });
});

describe('the lines of events', () => {
  it('are written in order, those of a moment together, and before anything else where somebody waits for one', async () => {
    const written: string[] = [];
    const write = lateWriter({ write: (text) => written.push(text) });
    write('a', 'recorded');
    write('b', 'checked');
    expect(written).to.deep.equal([]);
    await until(() => written.length > 0);
    expect(written).to.deep.equal(['a\nb\n']);
    write('c', 'parked');
    write('d', 'exiting');
    expect(written).to.deep.equal(['a\nb\n', 'c\nd\n']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written, 'nothing is written twice').to.have.length(2);
  });
});
