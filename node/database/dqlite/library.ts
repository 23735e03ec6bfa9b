/**
 * libdqlite through its C interface, and the few functions of the C library that it takes to hand it sockets. Loaded
 * only by a member whose database is dqlite. Source: dqlite.h of libdqlite 1.11.
 */
import { closeSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseError } from '../database.ts';

/** As the loader knows it. */
export const LIBRARY = 'libdqlite.so.0';
const PACKAGE = 'libdqlite0';
/** What 1.11.1, the oldest that was tried, calls itself. */
const OLDEST = { number: 1_10_00, name: '1.11' };

/** The native part of koffi beside the bundle; when run from the sources, koffi finds its own. */
const NATIVE_KOFFI = join(import.meta.dirname, 'koffi.node');

/** A dqlite node, as the library knows it. */
declare const handle: unique symbol;
export type NodeHandle = { readonly [handle]: true };

/** Asked for a connection to an address: the descriptor of a connected socket, which becomes the library's. */
export type Connect = (address: string) => number;

/** The library's functions. Those that return a promise block, and run on a thread of their own. */
export interface Library {
  /** @throws DatabaseError */
  create(id: bigint, address: string, folder: string): NodeHandle;
  setBindAddress(node: NodeHandle, address: string): void;
  /** The abstract socket that the node listens at, with its leading `@`. */
  bindAddress(node: NodeHandle): string;
  /** The function is called for as long as the node lives. Returns what lets go of it. */
  setConnect(node: NodeHandle, connect: Connect): () => void;
  setNetworkLatency(node: NodeHandle, milliseconds: number): void;
  start(node: NodeHandle): Promise<void>;
  stop(node: NodeHandle): Promise<void>;
  destroy(node: NodeHandle): void;
  /** Two connected sockets: one for the library, one for us. */
  socketPair(): [theirs: number, ours: number];
  /** A socket connected to an abstract address, given with its leading `@`. */
  connectAbstract(address: string): number;
  /** Lock an open file for as long as this process lives; false where another process has. */
  lock(descriptor: number): boolean;
}

type Koffi = typeof import('koffi').default;

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const LOCK_EXCLUSIVE_NOW = 2 | 4;
/** What a connect function returns to say that it failed. */
const CONNECT_FAILED = 1;

/**
 * Load the library.
 * @param name as the loader knows it
 * @throws DatabaseError naming the package, where it is missing or too old
 */
export async function loadLibrary(name = LIBRARY): Promise<Library> {
  if (process.platform !== 'linux') {
    throw new DatabaseError(`dqlite runs on Linux only, not on ${process.platform}: use --database sqlite:FILE`);
  }
  const koffi = await loadKoffi();
  const dqlite = open(koffi, name);
  checkVersion(dqlite.func('int dqlite_version_number()')() as number);
  // koffi knows a type by its name, once a process.
  bound ??= bind(koffi, dqlite);
  return bound;
}

let bound: Library | null = null;

/** @throws DatabaseError where a library of this version number is too old */
export function checkVersion(number: number): void {
  if (number >= OLDEST.number) return;
  const words = [number / 1_00_00, (number / 1_00) % 1_00, number % 1_00].map(Math.floor).join('.');
  throw new DatabaseError(
    `${LIBRARY} calls itself ${words}, and dqlite ${OLDEST.name} or later is needed: upgrade the package ${PACKAGE}`,
  );
}

async function loadKoffi(): Promise<Koffi> {
  if (existsSync(NATIVE_KOFFI)) return createRequire(NATIVE_KOFFI)(NATIVE_KOFFI) as Koffi;
  return (await import('koffi')).default;
}

function open(koffi: Koffi, name: string): ReturnType<Koffi['load']> {
  try {
    return koffi.load(name);
  } catch (error) {
    throw new DatabaseError(
      `cannot load ${name}: install the package ${PACKAGE}, or use --database sqlite:FILE (${(error as Error).message})`,
      { cause: error },
    );
  }
}

function bind(koffi: Koffi, dqlite: ReturnType<Koffi['load']>): Library {
  koffi.opaque('dqlite_node');
  koffi.proto('int dqlite_connect(void *arg, const char *address, _Out_ int *fd)');
  const create = dqlite.func(
    'int dqlite_node_create(uint64_t id, const char *address, const char *data_dir, _Out_ dqlite_node **n)',
  );
  const message = dqlite.func('const char *dqlite_node_errmsg(dqlite_node *n)');
  const setBindAddress = dqlite.func('int dqlite_node_set_bind_address(dqlite_node *n, const char *address)');
  const bindAddress = dqlite.func('const char *dqlite_node_get_bind_address(dqlite_node *n)');
  const setConnect = dqlite.func('int dqlite_node_set_connect_func(dqlite_node *n, dqlite_connect *f, void *arg)');
  const setLatency = dqlite.func('int dqlite_node_set_network_latency_ms(dqlite_node *n, unsigned int milliseconds)');
  const start = dqlite.func('int dqlite_node_start(dqlite_node *n)');
  const stop = dqlite.func('int dqlite_node_stop(dqlite_node *n)');
  const destroy = dqlite.func('void dqlite_node_destroy(dqlite_node *n)');

  const libc = koffi.load('libc.so.6');
  const socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *sv)');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const connect = libc.func('int connect(int fd, const uint8_t *address, unsigned int length)');
  const flock = libc.func('int flock(int fd, int operation)');

  const check = (node: NodeHandle, code: number, what: string): void => {
    if (code !== 0) throw new DatabaseError(`dqlite cannot ${what}: ${message(node) || `error ${code}`}`);
  };
  const checkSystem = (result: number, what: string): number => {
    if (result < 0) throw new DatabaseError(`cannot ${what}: system error ${koffi.errno()}`);
    return result;
  };
  /** Call a function on another thread. */
  const apart = (call: typeof start, node: NodeHandle): Promise<number> =>
    new Promise((resolve, reject) => {
      call.async(node, (error: Error | null, code: number) => (error === null ? resolve(code) : reject(error)));
    });

  return {
    create: (id, address, folder) => {
      const out: [NodeHandle | null] = [null];
      const code = create(id, address, folder, out) as number;
      const node = out[0];
      if (node === null) throw new DatabaseError(`dqlite cannot make a node in ${folder}: error ${code}`);
      if (code === 0) return node;
      const because = message(node);
      destroy(node);
      throw new DatabaseError(`dqlite cannot make a node in ${folder}: ${because || `error ${code}`}`);
    },
    setBindAddress: (node, address) => check(node, setBindAddress(node, address), `listen at ${address}`),
    bindAddress: (node) => bindAddress(node) as string,
    setConnect: (node, dial) => {
      const callback = koffi.register((_: unknown, address: string, descriptor: unknown) => {
        try {
          koffi.encode(descriptor, 'int', dial(address));
          return 0;
        } catch {
          // The library says so in its own log and tries again by itself; an exception must not cross into it.
          return CONNECT_FAILED;
        }
      }, 'dqlite_connect *');
      check(node, setConnect(node, callback, null), 'take our way of connecting');
      return () => koffi.unregister(callback);
    },
    setNetworkLatency: (node, milliseconds) =>
      check(node, setLatency(node, milliseconds), `take a latency of ${milliseconds} ms`),
    start: async (node) => check(node, await apart(start, node), 'start'),
    stop: async (node) => check(node, await apart(stop, node), 'stop'),
    destroy: (node) => destroy(node),
    socketPair: () => {
      const pair: [number, number] = [-1, -1];
      checkSystem(socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair), 'make a pair of sockets');
      return pair;
    },
    connectAbstract: (address) => {
      const descriptor = checkSystem(socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), 'make a socket');
      const name = Buffer.from(`\0\0\0${address.slice(1)}`, 'latin1');
      name.writeUInt16LE(AF_UNIX);
      try {
        checkSystem(connect(descriptor, name, name.length), `connect to ${address}`);
        return descriptor;
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
    },
    lock: (descriptor) => (flock(descriptor, LOCK_EXCLUSIVE_NOW) as number) === 0,
  };
}
