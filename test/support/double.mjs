#!/usr/bin/env node
/**
 * The double: a clustered daemon with an upgrade barrier that shares nothing with the project's own, so that the rig can
 * be tried against a stranger, and against one with a known defect. It imitates how Incus and LXD are driven and what
 * they log. One file on Node's built-ins alone (20 or later), so that it also runs in a container, or anywhere.
 *
 *   node double.mjs serve --name node01 --address 127.0.0.1:7001 --state state/node01 --shared shared --schema 1 --api 1
 *   node double.mjs bootstrap --state state/node01
 *   node double.mjs token --state state/node01 --for node02 | tail -n 1
 *   printf 'token: %s\nserver_address: 127.0.0.1:7001\n' "$token" | node double.mjs join --state state/node02
 *   node double.mjs shutdown --state state/node01
 *
 * Every flag is also read from the environment, as DOUBLE_NAME and so on; the flag wins.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/** @typedef {{ name: string, address: string, schema: number, api: number }} Row */
/** @typedef {{ version: number, member: string }} Update */
/**
 * @typedef {object} Shared what all members share
 * @property {Record<string, Row>} members
 * @property {number} applied the schema that the data have
 * @property {Update[]} updates every schema update that was run, and by whom
 * @property {Record<string, string>} tokens by the name of the member that may join with it
 * @property {Record<string, string>} records
 */
/** @typedef {{ formed: string, opened: string }} State the versions in which a member came to be, and last opened */
/**
 * @typedef {{ gate: 'pass', updates: number[], peers: Row[] } | { gate: 'blocked' } | { gate: 'ahead' } |
 *   { gate: 'removed' }} Outcome
 */

const DEFECTS = {
  'no-notice': 'sends no notice after opening',
  'opens-early': 'does not wait for the others',
  'exits-after-opening': 'exits after the first opening that follows an upgrade',
  'exits-always': 'exits after every opening in another version than it was formed in',
  'ready-lies': 'says that it is ready while it waits',
  deaf: 'drops every notice',
  silent: 'logs nothing, and tells no events',
  'forgets-a-record': 'drops a record while it updates the schema',
  'hangs-on-start': 'started with existing state, it never looks at its gate',
  'crashes-on-stop': 'dies of SIGSEGV when it is stopped while open',
  'wrong-schema': 'after an upgrade, records one schema less than it has',
  'applies-twice': 'runs every schema update twice',
  chatty: 'prints what no reader of lines likes, before every line',
};

const LOCK_RETRY_MS = 5;
const LOCK_LIMIT_MS = 10_000;
/** A transaction takes a millisecond or two: a lock as old as this was left behind. */
const LOCK_STALE_MS = 3_000;
const NOTICE_LIMIT_MS = 5_000;
const FORMATION_POLL_MS = 50;
const EXIT_AFTER_OPENING_MS = 100;
/** What a stop leaves for answers that are on their way. */
const STOP_MS = 50;

/** What a client is told instead of an answer. */
class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** What the member says: log lines on stderr, or the events that the rig reads on stdout. */
class Journal {
  static #BURST = Buffer.concat([
    Buffer.from(`${'x'.repeat(100_000)}\n`),
    Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80, 0x0a]),
    Buffer.from('\u001b[31m\u001b]0;a title\u0007red\u001b[2J\u001b[0m\u0000\r\n'),
    Buffer.from('{"atNs":1e999,"member":null,"event":["open"]}\n{"atNs":12,"member":"node0\n[]\nnull\n'),
  ]);
  #member;
  #ndjson;
  #silent;
  #chatty;

  /** @param {string} member @param {boolean} ndjson @param {(name: keyof typeof DEFECTS) => boolean} has */
  constructor(member, ndjson, has) {
    this.#member = member;
    this.#ndjson = ndjson;
    this.#silent = has('silent');
    this.#chatty = has('chatty');
  }

  /** @param {string} message @param {Record<string, string | number>} [fields] @param {string} [level] */
  log(message, fields = {}, level = 'info') {
    if (this.#ndjson) return;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    const rest = Object.entries(fields).map(
      ([key, value]) => ` ${key}=${/^[\w.:/-]+$/.test(`${value}`) ? value : JSON.stringify(value)}`,
    );
    this.#write(process.stderr, `time="${time}" level=${level} msg=${JSON.stringify(message)}${rest.join('')}`);
  }

  /** @param {string} event @param {object} [fields] */
  tell(event, fields = {}, atNs = Number(process.hrtime.bigint())) {
    if (this.#ndjson) this.#write(process.stdout, JSON.stringify({ atNs, member: this.#member, event, ...fields }));
  }

  /** @param {string} message @returns {never} */
  fail(message) {
    this.#write(process.stderr, `Error: ${message}`);
    process.exit(1);
  }

  /** @param {NodeJS.WriteStream} stream @param {string} line */
  #write(stream, line) {
    if (this.#silent) return;
    if (this.#chatty) stream.write(Journal.#BURST);
    stream.write(`${line}\n`);
  }
}

/** The database of all members: one JSON file, and a lock that makes every change of it a serialised transaction. */
class Store {
  #file;
  #lock;
  #space = readlinkSync('/proc/self/ns/pid');
  #ticket = `${process.pid} ${this.#space} ${randomUUID()}`;

  /** @param {string} folder */
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, 'store.json');
    this.#lock = join(folder, 'store.lock');
  }

  /** @returns {Shared} */
  read() {
    return readJson(this.#file) ?? { members: {}, applied: 0, updates: [], tokens: {}, records: {} };
  }

  /**
   * Change the store. What `change` throws leaves it as it was; it may run more than once.
   * @template Result
   * @param {(shared: Shared) => Result} change
   */
  async transact(change) {
    for (const sinceMs = Date.now(); Date.now() - sinceMs < LOCK_LIMIT_MS; ) {
      if (this.#acquire()) {
        try {
          const shared = this.read();
          const result = change(shared);
          // Whoever was frozen with the lock in hand may have lost it since, and must not undo what came after.
          if (this.#holds()) {
            writeJson(this.#file, shared);
            return result;
          }
        } finally {
          if (this.#holds()) rmSync(this.#lock);
        }
      }
      await sleep(LOCK_RETRY_MS * (0.5 + Math.random()));
    }
    throw new Error('database is locked');
  }

  #acquire() {
    try {
      writeFileSync(this.#lock, this.#ticket, { flag: 'wx' });
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (this.#isStale()) rmSync(this.#lock, { force: true });
    return false;
  }

  #holds() {
    return readIfThere(this.#lock) === this.#ticket;
  }

  #isStale() {
    const [pid, space] = (readIfThere(this.#lock) ?? '').split(' ');
    const sinceMs = statSync(this.#lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    // The process ids of another container mean nothing here: there, only the age tells.
    return Date.now() - sinceMs > LOCK_STALE_MS || (space === this.#space && !existsSync(`/proc/${pid}`));
  }
}

/** One member of the cluster, from its start to its end. */
class Member {
  /** @type {'forming' | 'waiting' | 'open'} */
  #phase = 'forming';
  #settings;
  #row;
  #has;
  #journal;
  #store;
  #stateFile;
  /** Ends the parking. Null while the member is not parked: a notice that comes then is lost, as in the field. @type {(() => void) | null} */
  #wake = null;
  /** @type {() => void} */
  #form = () => {};
  /** @type {Promise<void>} */
  #formed = new Promise((resolve) => {
    this.#form = resolve;
  });
  /** @type {() => void} */
  #open = () => {};
  /** @type {Promise<void>} */
  #opened = new Promise((resolve) => {
    this.#open = resolve;
  });

  /** @param {ReturnType<typeof serveSettings>} settings */
  constructor(settings) {
    this.#settings = settings;
    this.#row = settings.row;
    this.#has = settings.has;
    this.#journal = new Journal(settings.row.name, settings.ndjson, settings.has);
    this.#store = new Store(settings.shared);
    mkdirSync(settings.state, { recursive: true });
    this.#stateFile = join(settings.state, 'state.json');
  }

  async run() {
    const startNs = Number(process.hrtime.bigint()) - Math.round(performance.now() * 1e6);
    this.#journal.tell('started', { pid: process.pid }, startNs);
    this.#journal.log('Starting up', { version: '1.0', schema: this.#row.schema, api: this.#row.api });
    this.#journal.log('Kernel features:');
    this.#journal.log(' - idmapped mounts: no', {}, 'warning');
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => this.#phase !== 'waiting' && this.#stop());
    try {
      await this.#rise();
    } catch (error) {
      this.#journal.fail(messageOf(error));
    }
  }

  async #rise() {
    const socket = join(this.#settings.state, 'unix.socket');
    rmSync(socket, { force: true });
    await this.#listen({ path: socket }, socket);
    const isRestart = existsSync(this.#stateFile);
    if (!isRestart) await (this.#settings.members === null ? this.#formed : this.#formTogether(this.#settings.members));
    this.#phase = 'waiting';
    await this.#listen(hostAndPort(this.#row.address), this.#row.address);
    if (isRestart && this.#has('hangs-on-start')) return;
    await this.#passBarrier();
  }

  /** @param {import('node:net').ListenOptions} where @param {string} address */
  async #listen(where, address) {
    const server = createServer((incoming, outgoing) => this.#answer(incoming, outgoing)).listen(where);
    await once(server, 'listening');
    this.#journal.log('Binding socket', { address });
  }

  /** @returns {State} */
  get #state() {
    return readJson(this.#stateFile);
  }

  get #version() {
    return `${this.#row.schema}/${this.#row.api}`;
  }

  #becomeMember() {
    writeJson(this.#stateFile, { formed: this.#version, opened: this.#version });
    this.#form();
  }

  /** All members start at once: the first by name initialises the store, and the others add themselves. @param {string[]} names */
  async #formTogether(names) {
    const isFirst = names.toSorted()[0] === this.#row.name;
    const isReady = () => isFirst || Object.keys(this.#store.read().members).length > 0;
    for (; !isReady(); ) await sleep(FORMATION_POLL_MS);
    await this.#store.transact((shared) => this.#enter(shared, this.#row));
    this.#becomeMember();
    for (; !this.#isFormed(); ) await sleep(FORMATION_POLL_MS);
  }

  #isFormed() {
    const { members } = this.#store.read();
    return (this.#settings.members ?? [this.#row.name]).every((name) => members[name] !== undefined);
  }

  /** @param {Shared} shared @param {Row} row */
  #enter(shared, row) {
    const isFirst = Object.keys(shared.members).length === 0;
    shared.members[row.name] = row;
    if (isFirst) shared.applied = row.schema;
  }

  async #passBarrier() {
    for (;;) {
      this.#journal.log('Initializing global database');
      const outcome = await this.#store.transact((shared) => this.#examine(shared));
      if (outcome.gate === 'pass') return this.#becomeOpen(outcome.updates, outcome.peers);
      const failure = 'Failed to initialize global database: this member';
      if (outcome.gate === 'ahead') this.#journal.fail(`${failure}'s version is behind, please upgrade`);
      if (outcome.gate === 'removed') this.#journal.fail(`${failure} has been removed from the cluster`);
      const waitMs = this.#settings.timerMs;
      const parked = this.#park(waitMs);
      this.#journal.log('Wait for other cluster nodes to upgrade their versions, cluster not started yet');
      this.#journal.tell('parked', { gate: 'pair', waitMs });
      this.#journal.tell('woken', { gate: 'pair', by: await parked });
    }
  }

  /**
   * What a member does at the gate, as one transaction: record what it runs, look at all, and update the schema.
   * @param {Shared} shared
   * @returns {Outcome}
   */
  #examine(shared) {
    const { name, schema, api } = this.#row;
    const own = shared.members[name];
    if (own === undefined) return { gate: 'removed' };
    own.schema = this.#has('wrong-schema') && this.#state.formed !== this.#version ? schema - 1 : schema;
    own.api = api;
    const peers = Object.values(shared.members).filter((row) => row !== own);
    if (shared.applied > schema || peers.some((row) => row.schema > schema || row.api > api)) return { gate: 'ahead' };
    const isBlocked = peers.some((row) => row.schema < schema || row.api < api);
    if (isBlocked && !this.#has('opens-early')) return { gate: 'blocked' };
    const updates = [];
    for (; shared.applied < schema; shared.applied++) {
      updates.push(shared.applied + 1);
      if (this.#has('applies-twice')) updates.push(shared.applied + 1);
    }
    shared.updates.push(...updates.map((version) => ({ version, member: name })));
    const forgotten = Object.keys(shared.records)[0];
    if (updates.length > 0 && forgotten !== undefined && this.#has('forgets-a-record'))
      delete shared.records[forgotten];
    return { gate: 'pass', updates, peers };
  }

  /** @param {number} waitMs @returns {Promise<'notice' | 'timer'>} */
  #park(waitMs) {
    return new Promise((resolve) => {
      /** @param {'notice' | 'timer'} by */
      const end = (by) => {
        clearTimeout(timer);
        this.#wake = null;
        resolve(by);
      };
      const timer = setTimeout(end, waitMs, 'timer');
      this.#wake = () => end('notice');
    });
  }

  /** @param {number[]} updates @param {Row[]} peers */
  #becomeOpen(updates, peers) {
    for (const version of updates) this.#journal.log(`Updating global DB schema from ${version - 1} to ${version}`);
    this.#journal.log('Initialized global database');
    const { formed, opened } = this.#state;
    writeJson(this.#stateFile, { formed, opened: this.#version });
    this.#phase = 'open';
    this.#open();
    this.#journal.tell('open');
    if (!this.#has('no-notice')) for (const peer of peers) this.#notify(peer);
    this.#journal.log('Daemon started');
    setInterval(() => this.#journal.log('Heartbeat round completed', { peers: peers.length }, 'debug'), 1000).unref();
    const exitsOnce = this.#has('exits-after-opening') && opened !== this.#version;
    if (exitsOnce || (this.#has('exits-always') && formed !== this.#version)) {
      setTimeout(() => this.#journal.fail('Failed applying patch: database is locked'), EXIT_AFTER_OPENING_MS);
    }
  }

  /** @param {Row} peer */
  async #notify({ address }) {
    this.#journal.log(`Notify node ${address} of state changes`);
    try {
      await ask(hostAndPort(address), 'PUT', '/internal/notify', { from: this.#row.name }, NOTICE_LIMIT_MS);
    } catch (error) {
      this.#journal.log('Could not notify node', { address, err: messageOf(error) }, 'warning');
    }
  }

  #stop() {
    if (this.#has('crashes-on-stop')) {
      // The first process of a container is spared by signals that it sends itself, but not by an abort.
      setTimeout(() => process.abort(), STOP_MS);
      process.kill(process.pid, 'SIGSEGV');
      return;
    }
    this.#journal.log('Stopping');
    setTimeout(() => process.exit(0), STOP_MS);
  }

  /** @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} outgoing */
  async #answer(incoming, outgoing) {
    /** @param {number} status @param {unknown} body */
    const reply = (status, body) => {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      const body = await text(incoming);
      const path = decodeURIComponent(incoming.url?.split('?')[0] ?? '/');
      for (const [method, pattern, when, handle] of this.#routes) {
        const match = method === incoming.method && pattern.exec(path);
        if (!match) continue;
        if (when === 'open') await this.#opened;
        // Whoever has given up waiting does not want it done any more.
        if (!outgoing.destroyed) reply(200, (await handle(match[1] ?? '', body)) ?? {});
        return;
      }
      reply(404, { error: 'not found' });
    } catch (error) {
      reply(error instanceof Refusal ? error.status : 500, { error: messageOf(error) });
    }
  }

  /**
   * Method, path, when it is answered, and the answer to what the path names and the body says.
   * @type {Array<[string, RegExp, 'always' | 'open', (name: string, body: string) => unknown]>}
   */
  #routes = [
    ['GET', /^\/internal\/ready$/, 'always', () => this.#ready()],
    ['GET', /^\/internal\/cluster$/, 'always', () => this.#cluster()],
    ['POST', /^\/internal\/sql$/, 'always', (_, body) => this.#query(JSON.parse(body).query)],
    ['PUT', /^\/internal\/notify$/, 'always', (_, body) => this.#receive(JSON.parse(body).from)],
    ['POST', /^\/internal\/bootstrap$/, 'always', () => this.#bootstrap()],
    ['POST', /^\/internal\/join$/, 'always', (_, body) => this.#join(JSON.parse(body))],
    ['POST', /^\/internal\/members$/, 'open', (_, body) => this.#admit(JSON.parse(body))],
    ['DELETE', /^\/internal\/members\/(.+)$/, 'always', (name) => this.#remove(name)],
    ['POST', /^\/internal\/tokens\/(.+)$/, 'open', (name) => this.#issueToken(name)],
    ['PUT', /^\/internal\/shutdown$/, 'open', () => this.#stop()],
    ['GET', /^\/1\.0$/, 'open', () => ({ metadata: this.#row })],
    ['GET', /^\/1\.0\/records$/, 'open', () => this.#store.read().records],
    ['PUT', /^\/1\.0\/records\/(.+)$/, 'open', (key, body) => this.#write(key, body)],
  ];

  #ready() {
    const isReady = this.#phase === 'open' || (this.#phase === 'waiting' && this.#has('ready-lies'));
    if (!isReady) throw new Refusal(503, 'Daemon not ready yet');
  }

  #cluster() {
    const voters = Object.keys(this.#store.read().members).length;
    return { formed: this.#phase !== 'forming' && this.#isFormed(), voters };
  }

  /** Understands no more than SELECT COLUMN, ... FROM TABLE. @param {string} query */
  #query(query) {
    const { members, updates } = this.#store.read();
    /** @type {Record<string, Array<Record<string, unknown>>>} */
    const tables = { nodes: Object.values(members).map((row) => ({ ...row, api_extensions: row.api })), updates };
    const [, list = '', table = ''] = /^\s*select\s+(.+?)\s+from\s+(\w+)/i.exec(query) ?? [];
    const columns = list.split(/\s*,\s*/);
    const rows = tables[table]?.map((row) => columns.map((column) => row[column]));
    if (rows === undefined || rows.flat().includes(undefined)) throw new Refusal(400, `cannot answer: ${query}`);
    return { metadata: { results: [{ columns, rows }] } };
  }

  /** @param {string} from */
  #receive(from) {
    this.#journal.log('Received notification', { from }, 'debug');
    if (!this.#has('deaf')) this.#wake?.();
  }

  #refuseIfMember() {
    if (this.#phase !== 'forming') throw new Refusal(400, 'This member belongs to a cluster already');
  }

  async #bootstrap() {
    this.#refuseIfMember();
    await this.#store.transact((shared) => {
      if (Object.keys(shared.members).length > 0) throw new Refusal(400, 'This cluster has been bootstrapped already');
      this.#enter(shared, this.#row);
    });
    this.#becomeMember();
    await this.#opened;
  }

  /** @param {{ token: string, server_address: string }} preseed */
  async #join({ token, server_address }) {
    this.#refuseIfMember();
    await ask(hostAndPort(server_address), 'POST', '/internal/members', { token, row: this.#row });
    this.#becomeMember();
    await this.#opened;
  }

  /** @param {{ token: string, row: Row }} applicant */
  #admit({ token, row }) {
    const { schema, api } = this.#row;
    if (row.schema !== schema || row.api !== api) throw new Refusal(400, 'The joining member has another version');
    return this.#store.transact((shared) => {
      if (shared.tokens[row.name] !== token) throw new Refusal(403, `No such token for member ${row.name}`);
      delete shared.tokens[row.name];
      this.#enter(shared, row);
    });
  }

  /** @param {string} name */
  async #issueToken(name) {
    const claims = { server_name: name, secret: randomUUID(), addresses: [this.#row.address] };
    const token = Buffer.from(JSON.stringify(claims)).toString('base64');
    await this.#store.transact((shared) => {
      shared.tokens[name] = token;
    });
    return { token };
  }

  /** @param {string} name */
  #remove(name) {
    return this.#store.transact((shared) => {
      if (shared.members[name] === undefined) throw new Refusal(404, `No member ${name}`);
      delete shared.members[name];
    });
  }

  /** @param {string} key @param {string} value */
  #write(key, value) {
    return this.#store.transact((shared) => {
      shared.records[key] = value;
    });
  }
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readIfThere(file) ?? 'null');
}

/** By rename, so that whoever reads meanwhile sees the one or the other. @param {string} file @param {unknown} value */
function writeJson(file, value) {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, file);
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} address HOST:PORT */
function hostAndPort(address) {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) throw new Error(`not HOST:PORT: ${address}`);
  return { host, port: Number(port) };
}

/**
 * Ask a member, on a connection of its own: one that is kept may lead to a member that has been replaced.
 * @param {{ host: string, port: number } | { socketPath: string }} where
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {number} [limitMs] none: as long as it takes
 * @returns {Promise<any>} what it answers
 */
async function ask(where, method, path, body, limitMs) {
  const signal = limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) };
  /** @type {import('node:http').IncomingMessage} */
  const answer = await new Promise((resolve, reject) => {
    request({ ...where, method, path, agent: false, ...signal }, resolve)
      .once('error', reject)
      .end(body === undefined ? '' : JSON.stringify(body));
  });
  const said = JSON.parse(await text(answer));
  if (answer.statusCode !== 200) throw new Error(said.error);
  return said;
}

const FLAGS = [
  'name',
  'address',
  'state',
  'shared',
  'schema',
  'api',
  'timer',
  'events',
  'formation',
  'members',
  'for',
  'defect',
];

function readCommandLine() {
  const flags = FLAGS.map((flag) => [flag, { type: 'string', multiple: flag === 'defect' }]);
  const { values, positionals } = parseArgs({ options: Object.fromEntries(flags), allowPositionals: true });
  /** @param {string} flag @param {string} [otherwise] */
  const setting = (flag, otherwise) => {
    const value = /** @type {any} */ (values)[flag] ?? process.env[`DOUBLE_${flag.toUpperCase()}`] ?? otherwise;
    if (value === undefined) throw new Error(`--${flag} is missing`);
    return String(value);
  };
  return { verb: positionals[0], setting };
}

/** @param {ReturnType<typeof readCommandLine>} commandLine */
function serveSettings({ setting }) {
  /** @param {string} flag @param {string} [otherwise] */
  const count = (flag, otherwise) => {
    const value = setting(flag, otherwise);
    if (!/^\d+$/.test(value)) throw new Error(`--${flag} is a whole number, not ${value}`);
    return Number(value);
  };
  const name = setting('name');
  const own = new Set();
  for (const defect of setting('defect', '')
    .split(',')
    .filter((defect) => defect !== '')) {
    const [what = '', who = name] = defect.split('@');
    if (!(what in DEFECTS)) throw new Error(`no defect ${what}; there are ${Object.keys(DEFECTS).join(', ')}`);
    if (who === name) own.add(what);
  }
  const isTogether = setting('formation', 'apart') === 'together';
  return {
    row: { name, address: setting('address'), schema: count('schema'), api: count('api') },
    state: setting('state'),
    shared: setting('shared'),
    timerMs: count('timer', '2000'),
    ndjson: setting('events', 'logfmt') === 'ndjson',
    /** The names of all who are started at once, or null where they are bootstrapped and joined. */
    members: isTogether
      ? setting('members')
          .split(',')
          .map((pair) => pair.split('=')[0] ?? '')
      : null,
    /** @param {keyof typeof DEFECTS} defect */
    has: (defect) => own.has(defect),
  };
}

async function main() {
  const commandLine = readCommandLine();
  const { verb, setting } = commandLine;
  if (verb === 'serve') return new Member(serveSettings(commandLine)).run();
  const daemon = { socketPath: join(setting('state'), 'unix.socket') };
  if (verb === 'bootstrap') {
    await ask(daemon, 'POST', '/internal/bootstrap');
    console.log('Cluster bootstrapped');
  } else if (verb === 'token') {
    const { token } = await ask(daemon, 'POST', `/internal/tokens/${encodeURIComponent(setting('for'))}`);
    console.log(`Member ${setting('for')} join token:\n${token}`);
  } else if (verb === 'join') {
    const lines = (await text(process.stdin)).matchAll(/^\s*(\w+):\s*"?([^"\s]+)"?\s*$/gm);
    const preseed = Object.fromEntries([...lines].map(([, key, value]) => [key, value]));
    if (!preseed.token || !preseed.server_address) throw new Error('join reads token: and server_address: on stdin');
    await ask(daemon, 'POST', '/internal/join', preseed);
    console.log('Cluster joined');
  } else if (verb === 'shutdown') {
    await ask(daemon, 'PUT', '/internal/shutdown');
  } else {
    throw new Error('usage: double.mjs serve|bootstrap|token|join|shutdown --state DIR ...');
  }
}

main().catch((error) => {
  console.error(`Error: ${messageOf(error)}`);
  process.exit(1);
});
