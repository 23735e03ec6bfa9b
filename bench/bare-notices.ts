/**
 * Notices as bare as they come: processes that have nothing but node:http, and send each other a PATCH. What our own
 * notices are measured against.
 */
import { once } from 'node:events';
import { type ClientRequest, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { timeMs } from './figures.ts';

interface BareProcess {
  say(line: string): void;
  heard(): Promise<string>;
  gone(): Promise<unknown>;
}

/** Processes that wait for a word to send. */
export class BareProcesses {
  readonly #processes: readonly BareProcess[];

  private constructor(processes: readonly BareProcess[]) {
    this.#processes = processes;
  }

  static async of(count: number): Promise<BareProcesses> {
    const processes = Array.from({ length: count }, () => {
      const child = execa(process.execPath, [import.meta.filename], {
        stdin: 'pipe',
        buffer: false,
        stderr: 'inherit',
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return {
        say: (line: string) => void child.stdin.write(`${line}\n`),
        heard: async () => (await lines.next()).value as string,
        gone: () => {
          child.stdin.end();
          return child;
        },
      };
    });
    const ports = await Promise.all(processes.map(({ heard }) => heard()));
    for (const { say } of processes) say(ports.join(' '));
    return new BareProcesses(processes);
  }

  /** Milliseconds until each has sent so many, to the others in turn, at once, and all have been answered. */
  sendAll(each: number): Promise<number> {
    return this.#send(this.#processes, `together ${each}`);
  }

  /** Milliseconds that the first takes to send so many, one after another. */
  sendInTurn(count: number): Promise<number> {
    return this.#send(this.#processes.slice(0, 1), `in-turn ${count}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map(({ gone }) => gone()));
  }

  #send(senders: readonly BareProcess[], order: string): Promise<number> {
    return timeMs(async () => {
      for (const { say } of senders) say(order);
      await Promise.all(senders.map(({ heard }) => heard()));
    });
  }
}

async function obey(): Promise<void> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.end('{"disposition":"delivered"}');
  });
  // As our own do; and a connection that the server closes would break the measuring off.
  server.keepAliveTimeout = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = String((server.address() as AddressInfo).port);
  process.stdout.write(`${own}\n`);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const others = ((await lines.next()).value as string).split(' ').filter((port) => port !== own);
  for (;;) {
    const { value, done } = await lines.next();
    if (done) process.exit();
    const [how, count] = (value as string).split(' ');
    const sending: Array<Promise<void>> = [];
    for (let sent = 0; sent < Number(count); sent += 1) {
      const answered = notice(others[sent % others.length]!);
      if (how === 'in-turn') await answered;
      else sending.push(answered);
    }
    await Promise.all(sending);
    process.stdout.write('sent\n');
  }
}

async function notice(port: string): Promise<void> {
  const outgoing: ClientRequest = request({
    host: '127.0.0.1',
    port,
    method: 'PATCH',
    path: '/internal/database?upgrade=schema',
  });
  const [response] = await once(outgoing.end(), 'response');
  await once(response.resume(), 'end');
}

if (import.meta.main) await obey();
