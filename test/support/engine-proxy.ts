/** A way to the Docker engine that a test can close, or stop: the engine itself is everybody's. */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

const ENGINE = '/var/run/docker.sock';

export class EngineProxy {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isFrozen = false;

  constructor(path: string) {
    this.path = path;
    // Whoever has something run in a container ends its own half, and reads on.
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: ENGINE, allowHalfOpen: true });
      this.#join(client, engine);
      this.#join(engine, client);
    });
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.path, resolve));
  }

  /** Whatever is sent from now on arrives nowhere. */
  freeze(): void {
    this.#isFrozen = true;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.path, { force: true });
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => void (this.#isFrozen || to.write(chunk)));
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
