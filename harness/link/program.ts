/**
 * The relay of one member, as a program of its own: it runs in the member's network namespace, from its text, and so uses nothing
 * from outside. Whatever the member dials at a peer's address is redirected to it, one port a peer; it dials the peer in its
 * place, from the member's own address, and passes on bytes, of which it understands nothing. It ends with its stdin.
 */
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Direction, Order, RelayedPeer, RelaySettings, Shape, Word } from './words.ts';

export function relayProgram(): void {
  const { connect, createServer } = process.getBuiltinModule('node:net');
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const { createInterface } = process.getBuiltinModule('node:readline');
  const { once } = process.getBuiltinModule('node:events');

  /** So much is kept of one direction of a connection; then its sender is let wait, as by any network that is full. */
  const MOST_KEPT = 64 * 1024 * 1024;
  /** A slow line passes on what it may in so many turns a second. */
  const TURNS = 50;
  const IDLE: Shape = { isHeld: false, isWatched: false, delayMs: 0, bytesPerSecond: null };

  const say = (word: Word): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
  const nowNs = (): number => Number(process.hrtime.bigint());

  /** Some bytes, or the end of them, as it came; `dueNs` is when they may pass. */
  interface Kept {
    readonly what: Buffer | 'end' | 'reset';
    readonly dueNs: number;
  }

  /** One direction to one peer, of all connections. */
  class Flow {
    readonly peer: string;
    readonly direction: Direction;
    readonly pumps = new Set<Pump>();
    shape = IDLE;
    heldBytes = 0;
    /** When a slow line will have passed on what it has been given. */
    freeNs = 0;

    constructor(peer: string, direction: Direction) {
      this.peer = peer;
      this.direction = direction;
    }

    take(shape: Shape): void {
      this.shape = shape;
      this.freeNs = 0;
      for (const pump of this.pumps) pump.pass();
    }

    /** Let go the oldest chunk. @returns how many bytes that were */
    next(): number {
      let oldest: Pump | null = null;
      for (const pump of this.pumps) if (pump.firstNs < (oldest?.firstNs ?? Number.POSITIVE_INFINITY)) oldest = pump;
      return oldest?.letGo() ?? 0;
    }
  }

  /** One direction of one connection. */
  class Pump {
    readonly #flow: Flow;
    readonly #connection: number;
    readonly #from: Socket;
    readonly #to: Socket;
    readonly #kept: Kept[] = [];
    #keptBytes = 0;
    #isFull = false;
    #timer: NodeJS.Timeout | null = null;

    constructor(flow: Flow, connection: number, from: Socket, to: Socket) {
      this.#flow = flow;
      this.#connection = connection;
      this.#from = from;
      this.#to = to;
      flow.pumps.add(this);
      from.on('data', (chunk: Buffer) => this.#take(chunk));
      from.once('end', () => this.#keep('end'));
      from.once('error', () => this.#keep('reset'));
      to.on('drain', () => {
        this.#isFull = false;
        this.pass();
        this.#readOn();
      });
      to.once('close', () => this.#end());
    }

    /** When the first of what it keeps came; infinity where it keeps nothing. */
    get firstNs(): number {
      return this.#kept[0]?.dueNs ?? Number.POSITIVE_INFINITY;
    }

    /** Pass on what may pass by now. */
    pass(): void {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      while (this.#kept.length > 0 && !this.#flow.shape.isHeld && !this.#isFull) {
        const waitNs = Math.max(this.#kept[0]!.dueNs + this.#flow.shape.delayMs * 1e6, this.#flow.freeNs) - nowNs();
        if (waitNs > 0) {
          this.#timer = setTimeout(() => this.pass(), Math.ceil(waitNs / 1e6));
          return;
        }
        this.#put(this.#portion());
      }
    }

    letGo(): number {
      const first = this.#shift();
      if (first === undefined) return 0;
      this.#put(first.what);
      // That nothing more will come is no news of its own.
      const [follower] = this.#kept;
      if (typeof first.what !== 'string' && follower?.what === 'end') this.#put(this.#shift()!.what);
      return typeof first.what === 'string' ? 0 : first.what.length;
    }

    #take(chunk: Buffer): void {
      const { shape, peer, direction } = this.#flow;
      if (shape === IDLE && this.#kept.length === 0) {
        this.#put(chunk);
        return;
      }
      this.#keep(chunk);
      if (shape.isHeld || shape.isWatched)
        say({
          is: 'arrived',
          peer,
          connection: this.#connection,
          direction,
          bytes: chunk.length,
          heldBytes: shape.isHeld ? this.#flow.heldBytes : 0,
          atNs: nowNs(),
        });
      this.pass();
    }

    #keep(what: Kept['what']): void {
      this.#kept.push({ what, dueNs: nowNs() });
      if (typeof what !== 'string') this.#count(what.length);
      if (this.#keptBytes > MOST_KEPT) this.#from.pause();
      if (typeof what === 'string') this.pass();
    }

    #shift(): Kept | undefined {
      const first = this.#kept.shift();
      if (first !== undefined && typeof first.what !== 'string') this.#count(-first.what.length);
      this.#readOn();
      return first;
    }

    /** What may pass in this turn. */
    #portion(): Kept['what'] {
      const { bytesPerSecond } = this.#flow.shape;
      const first = this.#kept[0]!;
      if (bytesPerSecond === null || typeof first.what === 'string') return this.#shift()!.what;
      const most = Math.max(1, Math.floor(bytesPerSecond / TURNS));
      const part = first.what.subarray(0, most);
      this.#flow.freeNs = Math.max(nowNs(), this.#flow.freeNs) + (part.length / bytesPerSecond) * 1e9;
      if (part.length === first.what.length) return this.#shift()!.what;
      this.#kept[0] = { ...first, what: first.what.subarray(most) };
      this.#count(-part.length);
      return part;
    }

    #count(bytes: number): void {
      this.#keptBytes += bytes;
      this.#flow.heldBytes += bytes;
    }

    #put(what: Kept['what']): void {
      if (this.#to.destroyed) return;
      if (what === 'end') this.#to.end();
      else if (what === 'reset') this.#to.resetAndDestroy();
      else if (!this.#to.write(what)) {
        this.#isFull = true;
        this.#from.pause();
      }
    }

    #readOn(): void {
      if (!this.#isFull && this.#keptBytes <= MOST_KEPT) this.#from.resume();
    }

    /** Nobody is there any more who could be told. That its sender learns of it is for the other direction. */
    #end(): void {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#count(-this.#keptBytes);
      this.#kept.length = 0;
      this.#isFull = false;
      this.#flow.pumps.delete(this);
      this.#readOn();
    }
  }

  /** The way to one peer. */
  class Link {
    readonly #to: RelayedPeer;
    readonly #server: Server;
    readonly #flows: Readonly<Record<Direction, Flow>>;
    #connections = 0;
    #port = 0;

    constructor(to: RelayedPeer) {
      this.#to = to;
      this.#flows = { asked: new Flow(to.peer, 'asked'), answered: new Flow(to.peer, 'answered') };
      this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => this.#join(inner));
    }

    /** @returns the rules that lead to it what the member dials, and past it what itself does */
    async listen(): Promise<string[]> {
      this.#server.listen({ host: '127.0.0.1', port: 0 });
      await once(this.#server, 'listening');
      this.#port = (this.#server.address() as AddressInfo).port;
      const { host, port, straight } = this.#to;
      return [
        `-A OUTPUT -p tcp -d ${host} --dport ${port} -j REDIRECT --to-ports ${this.#port}`,
        `-A OUTPUT -p tcp -d ${straight} --dport ${port} -j DNAT --to-destination ${host}`,
      ];
    }

    carryOut(order: Order): number {
      switch (order.do) {
        case 'shape': {
          const { isHeld, isWatched, delayMs, bytesPerSecond } = order.shape;
          const isIdle = !isHeld && !isWatched && delayMs === 0 && bytesPerSecond === null;
          this.#flows[order.direction].take(isIdle ? IDLE : order.shape);
          return 0;
        }
        case 'next':
          return this.#flows[order.direction].next();
        case 'count':
          return this.#flows[order.direction].heldBytes;
        case 'cut':
          filter(
            'filter',
            this.#drops(order.direction).map((rule) => `-${order.isCut ? 'A' : 'D'} OUTPUT -p tcp ${rule} -j DROP`),
          );
          return 0;
      }
    }

    /** What a packet is like that the member sends to the peer. Nor does its relay answer it where it dials. */
    #drops(direction: Direction): string[] {
      const { host, port } = this.#to;
      if (direction === 'answered') return [`-d ${host} --sport ${port}`];
      return [`-d ${host} --dport ${port}`, `-d 127.0.0.1 --dport ${this.#port} --syn`];
    }

    #join(inner: Socket): void {
      const { straight, port } = this.#to;
      this.#connections += 1;
      const connection = this.#connections;
      const outer = connect({ host: straight, port, allowHalfOpen: true, noDelay: true });
      new Pump(this.#flows.asked, connection, inner, outer);
      new Pump(this.#flows.answered, connection, outer, inner);
    }
  }

  const links = new Map<string, Link>();
  let restore = '';
  /** Have the packet filter of the member's network take rules in. */
  const filter = (table: string, rules: readonly string[]): void => {
    const input = `${[`*${table}`, ...rules, 'COMMIT'].join('\n')}\n`;
    execFileSync(restore, ['--noflush'], { input, stdio: 'pipe' });
  };
  const begin = async (settings: RelaySettings): Promise<void> => {
    restore = settings.restore;
    for (const to of settings.peers) links.set(to.peer, new Link(to));
    filter('nat', (await Promise.all([...links.values()].map((link) => link.listen()))).flat());
    say({ is: 'ready' });
  };
  const carryOut = (line: string): void => {
    const { id, ...order } = JSON.parse(line) as Order & { id: number };
    say({ is: 'done', order: id, bytes: links.get(order.peer)!.carryOut(order) });
  };
  const fail = (error: Error): never => {
    say({ is: 'failed', because: error.message.trim().split('\n').at(-1)! });
    process.exit(1);
  };
  let hasBegun = false;
  createInterface(process.stdin).on('line', (line) => {
    if (!hasBegun) {
      hasBegun = true;
      begin(JSON.parse(line) as RelaySettings).catch(fail);
      return;
    }
    try {
      carryOut(line);
    } catch (error) {
      fail(error as Error);
    }
  });
  // With the rig, its end of the pipe goes.
  process.stdin.once('close', () => process.exit());
}
