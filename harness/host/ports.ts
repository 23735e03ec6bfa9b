/** Ports of loopback, and having one for oneself. */
import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { EnvironmentError } from '../input/errors.ts';
import { lackOf } from './lack.ts';

/**
 * Below the range from which Linux draws the ports of outgoing connections: a member's port is free while it is being
 * refreshed, and a connection must not take it.
 */
const PORTS = { first: 12_000, last: 31_999 };
const PORT_TRIES = 200;

/**
 * A port of 127.0.0.1 that no other rig takes until it is let go, also while nobody listens at it. Until then the rig listens
 * at it itself; and it holds a name that only one process of the host can have, which goes with the process however that ends.
 */
export class HeldPort {
  readonly number: number;
  readonly #name: Server | null;
  #listener: Server | null;

  private constructor(number: number, name: Server | null, listener: Server) {
    this.number = number;
    this.#name = name;
    this.#listener = listener;
  }

  /** Any that is free. @throws EnvironmentError where none is found */
  static async draw(): Promise<HeldPort> {
    for (let tries = 0; tries < PORT_TRIES; tries += 1) {
      const held = await HeldPort.hold(randomInt(PORTS.first, PORTS.last + 1));
      if (held !== null) return held;
    }
    throw new EnvironmentError(
      `found no free port of 127.0.0.1 between ${PORTS.first} and ${PORTS.last} in ${PORT_TRIES} tries`,
    );
  }

  /** One port; null where somebody has it. */
  static async hold(number: number): Promise<HeldPort | null> {
    // Only Linux has names that need no file.
    const isNamed = process.platform === 'linux';
    const name = isNamed ? await listen({ path: `\0refresh-rig/port/${number}` }) : null;
    if (isNamed && name === null) return null;
    const listener = await listen({ port: number, host: '127.0.0.1' });
    if (listener !== null) return new HeldPort(number, name, listener);
    name?.close();
    return null;
  }

  /** Let a member listen at it. It goes on being held. */
  async vacate(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    if (listener !== null) await closed(listener);
  }

  async release(): Promise<void> {
    await this.vacate();
    if (this.#name?.listening) await closed(this.#name);
  }
}

/**
 * A port of 127.0.0.1 that nobody has, and that is not in `taken`; it is added there.
 * @throws EnvironmentError where none is found
 */
export async function freePort(taken: Set<number>): Promise<number> {
  for (;;) {
    const held = await HeldPort.draw();
    await held.release();
    if (taken.has(held.number)) continue;
    taken.add(held.number);
    return held.number;
  }
}

/** Whether somebody listens at a port of 127.0.0.1. */
export async function isListenedAt(port: number): Promise<boolean> {
  const listener = await listen({ port, host: '127.0.0.1' });
  if (listener !== null) await closed(listener);
  return listener === null;
}

/** Null where somebody else listens there. @throws EnvironmentError where the rig lacks what it needs to listen anywhere */
function listen(where: ListenOptions): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.destroy()).unref();
    server.once('error', (error) => {
      const lack = lackOf(error);
      // Of an address of this host, that it is not to be had says nothing of the machine.
      if (lack !== null && (error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') reject(lack);
      else resolve(null);
    });
    server.listen(where, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
