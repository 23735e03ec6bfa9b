/**
 * The connections that a member lets others have, each bounded: those of whom it does not know yet, or will never know, and those
 * of each member. Where there are too many strangers, whoever has been there longest goes: a member is known in a few milliseconds.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Guard } from './guard.ts';

/** What a refusal names in place of a path. */
export const CONNECTIONS = '(connections)';

const MOST_STRANGERS = 256;
const MOST_OF_ONE = 128;
/** Long enough for whoever joins, or asks how the member fares. */
const STRANGER_MS = 30_000;

export class Connections {
  readonly #guard: Guard;
  /** By the address of the other end, in the order in which they came. */
  readonly #handshaking = new Map<string, Socket>();
  readonly #strangers = new Set<Socket>();
  readonly #known = new Map<string, Set<Socket>>();
  #isClosing = false;

  constructor(server: Server, guard: Guard) {
    this.#guard = guard;
    server.on('connection', (socket: Socket) => this.#came(socket));
    server.on('secureConnection', (socket: TLSSocket) => this.#shook(socket));
  }

  /** Let go of whoever is not a member any more. */
  sweep(): void {
    for (const sockets of this.#known.values())
      for (const socket of sockets)
        if (this.#guard.standingOf(socket)?.is !== 'member' && !this.#guard.isOperator(socket)) socket.destroy();
  }

  /** Let go of whoever is not through with its handshake, and of whoever comes after this: the server does not know of them. */
  close(): void {
    this.#isClosing = true;
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  #came(socket: Socket): void {
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    const from = `${socket.remoteAddress} ${socket.remotePort}`;
    this.#handshaking.set(from, socket);
    socket.once('close', () => {
      if (this.#handshaking.get(from) === socket) this.#handshaking.delete(from);
    });
    const [oldest] = this.#handshaking.values();
    if (oldest !== undefined && this.#handshaking.size > MOST_STRANGERS) this.#guard.letGo(oldest, CONNECTIONS);
  }

  #shook(socket: TLSSocket): void {
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    this.#handshaking.delete(`${socket.remoteAddress} ${socket.remotePort}`);
    const isKnown = this.#guard.standingOf(socket)?.is === 'member' || this.#guard.isOperator(socket);
    if (isKnown) this.#keepOfOne(this.#guard.shownBy(socket)!.fingerprint, socket);
    else {
      this.#keep(this.#strangers, socket, MOST_STRANGERS);
      const limit = setTimeout(() => socket.destroy(), STRANGER_MS).unref();
      socket.once('close', () => clearTimeout(limit));
    }
  }

  #keep(those: Set<Socket>, socket: Socket, most: number): void {
    those.add(socket);
    socket.once('close', () => those.delete(socket));
    const [oldest] = those;
    if (oldest !== undefined && those.size > most) this.#guard.letGo(oldest, CONNECTIONS);
  }

  #keepOfOne(fingerprint: string, socket: Socket): void {
    const sockets = this.#known.get(fingerprint) ?? new Set();
    this.#known.set(fingerprint, sockets);
    this.#keep(sockets, socket, MOST_OF_ONE);
    socket.once('close', () => {
      if (sockets.size === 0 && this.#known.get(fingerprint) === sockets) this.#known.delete(fingerprint);
    });
  }
}
