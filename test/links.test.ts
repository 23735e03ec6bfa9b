/** Links: relays in a network of our own, with a small server and a small client as members. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { execa } from 'execa';
import type { Links } from '../harness/link/links.ts';
import { markedProcesses } from '../harness/runtime/leftovers.ts';
import { PrivateNetwork } from '../harness/runtime/namespaces/private-network.ts';
import { lackOfLinks } from '../harness/runtime/namespaces/tools.ts';

const LIMIT_MS = 20_000;
const RUN = `test-${process.pid}`;

/** Sends back what it is sent, after the address of whoever sent it. */
const ECHO = `require('node:net').createServer((s) => { s.write(s.remoteAddress + '\\n'); s.pipe(s); s.on('error', () => 0); })
  .listen(7000, process.argv[1], () => console.log('listens'));`;
/** Dials, says that it could, sends each line that it is told, and prints what comes back. */
const CLIENT = `const s = require('node:net').connect(7000, process.argv[1], () => console.log('dialled'));
  s.on('error', (e) => console.log(e.code)); s.pipe(process.stdout); process.stdin.pipe(s);`;

describe('links between members', function () {
  this.timeout(LIMIT_MS);
  let network: PrivateNetwork;
  let links: Links;
  let folder: string;
  const endings: Array<() => void> = [];

  before(async function () {
    const lack = lackOfLinks();
    if (lack !== null && process.env.CI === 'true') throw new Error(`CI must be able to relay links: ${lack}`);
    if (lack !== null) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    const env = { PATH: process.env.PATH ?? '' };
    const members = ['node01', 'node02', 'node03'];
    const linked = (...ends: string[]): boolean => !ends.includes('node03');
    const lost = (error: Error): void => {
      throw error;
    };
    network = await PrivateNetwork.make({ run: RUN, members, port: 7000, folder, linked, env, lost });
    links = network.links!;
    await told(await run('node02', ECHO, '10.213.0.2'), 'listens');
  });

  after(async () => {
    for (const end of endings) end();
    await network?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  async function run(member: string, program: string, argument: string): Promise<Running> {
    const [file = '', ...within] = network.within(member);
    const child = execa(file, [...within, process.execPath, '--eval', program, argument], {
      buffer: false,
      reject: false,
    });
    endings.push(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return {
      next: async () => (await lines.next()).value as string,
      say: (line) => void child.stdin.write(`${line}\n`),
    };
  }

  /** node01 has dialled node02, which has said from where. */
  async function dialled(): Promise<Running> {
    const client = await run('node01', CLIENT, '10.213.0.2');
    await told(client, 'dialled');
    await told(client, '10.213.0.1');
    return client;
  }

  const answers = { from: 'node02', to: 'node01', dialledBy: 'node01' };
  const questions = { from: 'node01', to: 'node02', dialledBy: 'node01' };

  it('are not noticed where nothing is done to them: a peer sees who dials, and not the relay', async () => {
    const client = await dialled();
    client.say('one');
    await told(client, 'one');
  });

  it('hold what is answered, byte for byte, and let it go one chunk after the other', async () => {
    const client = await dialled();
    const undo = await links.shape(answers, { isHeld: true });
    const arrived = arrivals(links, 2);
    client.say('one');
    await arrived.first;
    client.say('second');
    const all = await arrived.all;
    expect(all.map(({ flow, bytes, heldBytes }) => ({ flow, bytes, heldBytes }))).to.deep.equal([
      { flow: answers, bytes: 4, heldBytes: 4 },
      { flow: answers, bytes: 7, heldBytes: 11 },
    ]);
    expect(await links.next(answers)).to.equal(4);
    await told(client, 'one');
    expect(await links.kept(answers)).to.equal(7);
    await undo();
    await told(client, 'second');
  });

  it('have a relay where something is to be done to them, and nowhere else', () => {
    const relays = markedProcesses().flatMap(({ run, member }) => (run === RUN ? [member] : []));
    expect(new Set(relays)).to.deep.equal(new Set(['link-node01', 'link-node02']));
    expect(() => links.next({ from: 'node01', to: 'node03', dialledBy: 'node03' })).to.throw(
      'no relay in the links of node03',
    );
  });

  it('tell by who has dialled: what node02 would dial is not held with its answers', async () => {
    const other = await links.shape({ ...answers, dialledBy: 'node02' }, { isHeld: true });
    const client = await dialled();
    client.say('one');
    await told(client, 'one');
    await other();
  });

  it('are slow, and late, as they are told to be', async () => {
    const client = await dialled();
    const late = await links.shape(questions, { delayMs: 200 });
    const slow = await links.shape(answers, { bytesPerSecond: 100 });
    const began = performance.now();
    client.say('x'.repeat(49));
    await told(client, 'x'.repeat(49));
    // 200 ms on the way there, and 50 bytes at 100 a second back, the first of them at once.
    expect(performance.now() - began).to.be.greaterThan(600);
    await late();
    await slow();
  });

  it('drop every packet where they are cut, and what was sent meanwhile arrives once they are mended', async () => {
    const client = await dialled();
    const mend = await links.cut(questions);
    const watch = await links.shape(answers, { isWatched: true });
    client.say('one');
    const second = await run('node01', CLIENT, '10.213.0.2');
    const first = second.next();
    const anything = await Promise.race([
      first,
      arrivals(links, 1).first,
      new Promise((resolve) => setTimeout(resolve, 500, 'nothing')),
    ]);
    expect(anything).to.equal('nothing');
    await mend();
    await told(client, 'one');
    expect(await first).to.equal('dialled');
    await watch();
  });

  it('leave nothing behind where the rig is killed', async () => {
    const dying = execa(process.execPath, [join(import.meta.dirname, 'support', 'linked.ts'), folder], {
      buffer: false,
      reject: false,
    });
    endings.push(() => void dying.kill('SIGKILL'));
    expect((await createInterface(dying.stdout)[Symbol.asyncIterator]().next()).value).to.equal('made');
    const left = (): string[] =>
      markedProcesses().flatMap(({ run, member }) => (run === 'test-killed' ? [member] : []));
    expect(left()).to.include.members(['link-node01', 'link-node02']);
    dying.kill('SIGKILL');
    const limit = AbortSignal.timeout(LIMIT_MS / 2);
    while (left().length > 0 && !limit.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(left()).to.deep.equal([]);
  });
});

interface Running {
  next(): Promise<string>;
  say(line: string): void;
}

async function told(client: Running, line: string): Promise<void> {
  expect(await client.next()).to.equal(line);
}

/** The next so many chunks that arrive in flows that are held or watched. */
function arrivals(links: Links, count: number) {
  type Arrival = Parameters<Parameters<Links['onArrival']>[0]>[0];
  const first = Promise.withResolvers<void>();
  const all = Promise.withResolvers<Arrival[]>();
  const found: Arrival[] = [];
  const end = links.onArrival((arrival) => {
    found.push(arrival);
    first.resolve();
    if (found.length < count) return;
    end();
    all.resolve(found);
  });
  return { first: first.promise, all: all.promise };
}
