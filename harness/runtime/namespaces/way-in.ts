/**
 * The rig's way to the ports of members whose network is not that of this host: for each, a port of loopback, and one process
 * amid their network that dials for it. It is started when somebody first wants to be let in.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Marked } from '../program.ts';

/** Runs by itself, from its text: it uses nothing from outside. It serves a socket: a line HOST:PORT, then what is for there. */
function relay(): void {
  const { connect, createServer } = process.getBuiltinModule('node:net');
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    inner.on('error', () => undefined);
    inner.once('data', (first: Buffer) => {
      inner.pause();
      const end = first.indexOf('\n');
      const [host, port] = first.subarray(0, end).toString().split(':');
      const outer = connect({ host: host!, port: Number(port), allowHalfOpen: true });
      outer.on('error', () => void inner.destroy());
      inner.on('close', () => void outer.destroy());
      outer.once('connect', () => {
        outer.write(first.subarray(end + 1));
        outer.pipe(inner);
        inner.pipe(outer);
      });
    });
  });
  server.listen(process.argv[1], () => console.log('ready'));
  // With the rig, this end of the pipe goes.
  process.stdin.on('close', () => process.exit()).resume();
}

export class WayIn {
  readonly #socket: string;
  readonly #amid: readonly string[];
  readonly #env: Marked;
  readonly #servers: Server[] = [];
  #relay: Promise<() => Promise<unknown>> | null = null;

  /** @param amid what a command begins with that is to run amid the network of all members */
  constructor(folder: string, amid: readonly string[], env: Marked) {
    this.#socket = join(folder, 'way-in');
    this.#amid = amid;
    this.#env = env;
  }

  /** @param address HOST:PORT within. @returns HOST:PORT on this host */
  async to(address: string): Promise<string> {
    const server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true },
      (outer) => void this.#let(outer, address),
    );
    this.#servers.push(server);
    server.listen({ port: 0, host: '127.0.0.1' }).unref();
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    await (await this.#relay?.catch(() => undefined))?.();
  }

  async #let(outer: Socket, address: string): Promise<void> {
    outer.on('error', () => undefined);
    try {
      this.#relay ??= this.#start();
      await this.#relay;
    } catch {
      // As if nobody listened there.
      outer.destroy();
      return;
    }
    const inner = dial({ path: this.#socket, allowHalfOpen: true });
    inner.on('error', () => void outer.destroy());
    inner.on('close', () => void outer.destroy());
    outer.on('close', () => void inner.destroy());
    inner.write(`${address}\n`);
    inner.pipe(outer);
    outer.pipe(inner);
  }

  async #start(): Promise<() => Promise<unknown>> {
    const [nsenter = '', ...within] = this.#amid;
    const command = [...within, process.execPath, '--eval', `(${relay.toString()})()`, this.#socket];
    const child = execa(nsenter, command, {
      env: this.#env,
      extendEnv: false,
      reject: false,
      buffer: false,
      stderr: 'ignore',
    });
    const ended = child.then(() => {
      throw new Error('it has ended');
    });
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), ended]);
    return async () => {
      child.stdin.end();
      await ended.catch(() => undefined);
    };
  }
}
