/** The double keeps its barrier as a description may count on, and each defect breaks what it says. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import got from 'got';
import { freePort } from '../harness/host/ports.ts';

const DOUBLE = fileURLToPath(new URL('support/double.mjs', import.meta.url));
const MEMBERS = ['node01', 'node02', 'node03'] as const;
/** A timer that no test sits out: who opens all the same was woken by a notice. */
const LONG_MS = 600_000;
const TIMER_MS = 2000;
const LIMIT_MS = 20_000;
const PARKED = 'Wait for other cluster nodes to upgrade';
const OPEN = 'Initialized global database';

type Member = (typeof MEMBERS)[number];
type Process = ChildProcessWithoutNullStreams;

/** How a process ends: its exit code, or the signal that ended it. */
async function end(process: Process): Promise<number | string | null> {
  if (process.exitCode === null && process.signalCode === null) await once(process, 'close');
  return process.exitCode ?? process.signalCode;
}

/** Three doubles as processes in a folder of their own, with every line that they say. */
class Doubles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rig-double-'));
  readonly #addresses = new Map<string, string>();
  readonly #running: Process[] = [];
  readonly #lines = new Map<Member, string[]>();

  async open(): Promise<void> {
    const taken = new Set<number>();
    for (const member of MEMBERS) this.#addresses.set(member, `127.0.0.1:${await freePort(taken)}`);
  }

  state(member: Member): string {
    return join(this.#folder, member);
  }

  /** Start a member in a version, which is its schema and its count of extensions, and forget what it said before. */
  start(member: Member, version: number, ...more: readonly string[]): Process {
    const lines: string[] = [];
    this.#lines.set(member, lines);
    const daemon = this.#run('serve', [
      ...['--name', member, '--address', this.#addresses.get(member)!, '--state', this.state(member)],
      ...['--shared', join(this.#folder, 'shared'), '--schema', `${version}`, '--api', `${version}`],
      ...['--members', [...this.#addresses].map((pair) => pair.join('=')).join(','), ...more],
    ]);
    for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (chunk) => lines.push(`${chunk}`));
    return daemon;
  }

  said(member: Member): string {
    return this.#lines.get(member)!.join('');
  }

  async hears(member: Member, text: string): Promise<void> {
    for (const untilMs = Date.now() + LIMIT_MS; !this.said(member).includes(text); await sleep(10)) {
      if (Date.now() > untilMs) throw new Error(`${member} did not say '${text}'; it said:\n${this.said(member)}`);
    }
  }

  /** Run a client verb. */
  tell(verb: string, state: string, input = '', ...more: readonly string[]): Process {
    const client = this.#run(verb, ['--state', join(this.#folder, state), ...more]);
    client.stdin.end(input);
    return client;
  }

  /** The last line that the first member prints when it is asked for a token. */
  async token(name: string): Promise<string> {
    const said = await text(this.tell('token', MEMBERS[0], '', '--for', name).stdout);
    return said.trim().split('\n').at(-1)!;
  }

  join(member: Member, token: string): Process {
    return this.tell('join', member, `token: ${token}\nserver_address: ${this.#addresses.get(MEMBERS[0])}\n`);
  }

  /** All three in version 1. */
  async cluster(): Promise<Record<Member, Process>> {
    const daemons = {} as Record<Member, Process>;
    for (const member of MEMBERS) {
      daemons[member] = this.start(member, 1);
      await this.hears(member, 'Binding socket');
      const isFirst = member === MEMBERS[0];
      const forming = isFirst ? this.tell('bootstrap', member) : this.join(member, await this.token(member));
      expect(await end(forming), member).to.equal(0);
      await this.hears(member, 'Daemon started');
    }
    return daemons;
  }

  /** Stop a member, and start it in version 2. */
  async refresh(daemon: Process, member: Member, ...more: readonly string[]): Promise<Process> {
    daemon.kill('SIGTERM');
    expect(await end(daemon), `${member} stops`).to.equal(0);
    return this.start(member, 2, ...more);
  }

  /** Refresh all, the last of them when the others are parked. */
  async roll(flags: (member: Member) => readonly string[], parked = PARKED): Promise<void> {
    const daemons = await this.cluster();
    for (const member of MEMBERS) {
      await this.refresh(daemons[member], member, ...flags(member));
      if (member !== MEMBERS[2]) await this.hears(member, parked);
    }
  }

  /** Through the unix socket. */
  async ask(member: Member, path: string, options: { method?: 'GET' | 'PUT' | 'POST'; body?: string } = {}) {
    const limits = { retry: { limit: 0 }, timeout: { request: 1000 } };
    const url = `unix:${this.state(member)}/unix.socket:/${path}`;
    return got(url, { enableUnixSockets: true, throwHttpErrors: false, ...limits, ...options });
  }

  async rows(member: Member): Promise<unknown> {
    const query = { database: 'global', query: 'SELECT name,schema,api_extensions FROM nodes' };
    const answer = await this.ask(member, 'internal/sql', { method: 'POST', body: JSON.stringify(query) });
    return JSON.parse(answer.body).metadata.results[0].rows;
  }

  async close(): Promise<void> {
    for (const process of this.#running) process.kill('SIGKILL');
    await Promise.all(this.#running.map(end));
    rmSync(this.#folder, { recursive: true });
  }

  #run(verb: string, flags: readonly string[]): Process {
    const started = spawn(process.execPath, [DOUBLE, verb, ...flags]);
    this.#running.push(started);
    return started;
  }
}

describe('the double', () => {
  let doubles: Doubles;
  beforeEach(async () => {
    doubles = new Doubles();
    await doubles.open();
  });
  afterEach(() => doubles.close());

  it('is bootstrapped, and joined with a token that is good for one member, once', async () => {
    for (const member of MEMBERS) {
      doubles.start(member, 1);
      await doubles.hears(member, 'Binding socket');
    }
    expect(await end(doubles.tell('bootstrap', 'node01'))).to.equal(0);
    const token = await doubles.token('node02');
    for (const [member, code] of [
      ['node03', 1],
      ['node02', 0],
      ['node03', 1],
    ] as const) {
      expect(await end(doubles.join(member, token)), member).to.equal(code);
    }
    expect(await doubles.rows('node02')).to.deep.equal([
      ['node01', 1, 1],
      ['node02', 1, 1],
    ]);
  });

  it('opens all three by notice in a rolling upgrade, and keeps what was written', async () => {
    const daemons = await doubles.cluster();
    await doubles.ask('node02', '1.0/records/key', { method: 'PUT', body: 'value' });
    await doubles.refresh(daemons.node01, 'node01', '--timer', `${LONG_MS}`);
    await doubles.hears('node01', PARKED);
    const rows = [2, 1, 1].map((version, index) => [MEMBERS[index], version, version]);
    expect(await doubles.rows('node01'), 'told by the parked member').to.deep.equal(rows);
    for (const member of ['node02', 'node03'] as const) {
      await doubles.refresh(daemons[member], member, '--timer', `${LONG_MS}`);
      await doubles.hears(member, member === 'node02' ? PARKED : 'Updating global DB schema from 1 to 2');
    }
    for (const member of MEMBERS) {
      await doubles.hears(member, 'Daemon started');
      expect((await doubles.ask(member, 'internal/ready')).statusCode).to.equal(200);
      expect(JSON.parse((await doubles.ask(member, '1.0/records')).body)).to.deep.equal({ key: 'value' });
    }
  });

  it('opens by its timer alone where no member sends notices, and says so in its events', async () => {
    const flags = ['--events', 'ndjson', '--defect', 'no-notice', '--timer', `${TIMER_MS}`];
    await doubles.roll(() => flags, '"parked"');
    for (const member of MEMBERS) await doubles.hears(member, '"open"');
    for (const member of ['node01', 'node02'] as const) {
      const events = doubles
        .said(member)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const names = events.map(({ event }) => event);
      expect(names.slice(0, 2)).to.deep.equal(['started', 'parked']);
      expect(events.filter(({ event }) => event === 'woken').map(({ by }) => by)).not.to.include('notice');
      const parked = events.findLast(({ event }) => event === 'parked');
      expect(parked.waitMs).to.equal(TIMER_MS);
      expect((events.at(-1).atNs - parked.atNs) / 1e6).to.be.at.least(TIMER_MS - 5);
    }
  });

  it('ignores SIGTERM while parked, is not ready, and lets requests and a shutdown hang', async () => {
    const daemons = await doubles.cluster();
    const parked = await doubles.refresh(daemons.node01, 'node01', '--timer', `${LONG_MS}`);
    await doubles.hears('node01', PARKED);
    const ready = await doubles.ask('node01', 'internal/ready');
    expect([ready.statusCode, JSON.parse(ready.body)]).to.deep.equal([503, { error: 'Daemon not ready yet' }]);
    const shutdown = doubles.tell('shutdown', 'node01');
    parked.kill('SIGTERM');
    expect((await doubles.ask('node01', '1.0').catch((error) => error)).code).to.equal('ETIMEDOUT');
    expect([parked.exitCode, shutdown.exitCode]).to.deep.equal([null, null]);
    parked.kill('SIGKILL');
    expect(await end(parked)).to.equal('SIGKILL');
    expect(await end(doubles.tell('shutdown', 'node02'))).to.equal(0);
    expect(await end(daemons.node02)).to.equal(0);
  });

  it('exits with 1 where a peer is ahead', async () => {
    const daemons = await doubles.cluster();
    await doubles.refresh(daemons.node01, 'node01');
    await doubles.hears('node01', PARKED);
    daemons.node02.kill('SIGTERM');
    await end(daemons.node02);
    expect(await end(doubles.start('node02', 1))).to.equal(1);
    expect(doubles.said('node02')).to.match(/^Error: .*version is behind, please upgrade$/m);
  });

  it('with opens-early opens before the others are refreshed, but only the member that is named', async () => {
    const daemons = await doubles.cluster();
    for (const member of ['node01', 'node02'] as const) {
      await doubles.refresh(daemons[member], member, '--defect', 'opens-early@node02');
      await doubles.hears(member, member === 'node01' ? PARKED : OPEN);
    }
    expect(doubles.said('node01')).not.to.include(OPEN);
    expect((await doubles.rows('node02')) as unknown[]).to.deep.include(['node03', 1, 1]);
  });

  it('with exits-after-opening exits once after the upgrade, and heals when it is started again', async () => {
    const flags = ['--defect', 'exits-after-opening@node03'];
    const daemons = await doubles.cluster();
    for (const member of ['node01', 'node02'] as const) await doubles.refresh(daemons[member], member, ...flags);
    const exited = await doubles.refresh(daemons.node03, 'node03', ...flags);
    expect(await end(exited)).to.equal(1);
    expect(doubles.said('node03')).to.match(
      /Daemon started[\s\S]*\nError: Failed applying patch: database is locked\n$/,
    );
    const healed = doubles.start('node03', 2, ...flags);
    await doubles.hears('node03', 'Daemon started');
    await sleep(500);
    expect(healed.exitCode).to.equal(null);
  });

  it('forms by itself where all members are started together', async () => {
    for (const member of MEMBERS) doubles.start(member, 1, '--formation', 'together');
    for (const member of MEMBERS) await doubles.hears(member, 'Daemon started');
    const answer = await doubles.ask('node03', 'internal/cluster');
    expect(JSON.parse(answer.body)).to.deep.equal({ formed: true, voters: 3 });
  });
});
