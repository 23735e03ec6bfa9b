/** Free ports of loopback. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EnvironmentError } from '../input/errors.ts';

/**
 * Below the range from which Linux draws the ports of outgoing connections: a member's port is free while it is being
 * refreshed, and a connection must not take it.
 */
const PORTS = { first: 12_000, last: 31_999 };
const PORT_TRIES = 200;

/**
 * A port of 127.0.0.1 that nobody listens at, and that is not in `taken`; it is added there.
 * @throws EnvironmentError where none is found
 */
export async function freePort(taken: Set<number>): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const port = randomInt(PORTS.first, PORTS.last + 1);
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port);
      return port;
    }
  }
  throw new EnvironmentError(
    `found no free port of 127.0.0.1 between ${PORTS.first} and ${PORTS.last} in ${PORT_TRIES} tries`,
  );
}

/** Whether nobody listens at a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
