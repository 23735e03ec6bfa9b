#!/usr/bin/env node
/**
 * The double: a clustered daemon with an upgrade barrier that shares nothing with the project's own, so that the rig can
 * be tried on a stranger, and on one with a known defect. It is driven, and logs, as Incus and LXD do. One file on the
 * built-ins of Node (20 or later) alone, so that it runs in a container or anywhere else too.
 *
 *   node double.mjs serve --name node01 --address 127.0.0.1:7001 --state DIR --shared DIR --schema 1 --api 1
 *   node double.mjs bootstrap --state DIR
 *   node double.mjs token --state DIR --for node02 | tail -n 1
 *   printf 'token: %s\nserver_address: 127.0.0.1:7001\n' "$token" | node double.mjs join --state DIR
 *   node double.mjs ask --state DIR GET /internal/ready
 *   node double.mjs shutdown --state DIR
 *
 * Further flags of serve: --timer MS, --events logfmt|ndjson, --log FILE (in place of stderr), --formation apart|together
 * (with --members NAME=HOST:PORT,...) and --defect NAME[@MEMBER],... Every flag is also read from the environment, as DOUBLE_NAME and so on; the flag wins.
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
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

/** @typedef {{ name: string, address: string, schema: number, api: number }} Row a member, and what it runs */
/**
 * @typedef {object} Shared what the members share
 * @property {Record<string, Row>} members by name
 * @property {number} applied the schema that the data have
 * @property {Array<{ version: number, member: string }>} updates every schema update that was run, and by whom
 * @property {Record<string, string>} tokens by the name of the member that may join with it
 * @property {Record<string, string>} records
 */
/** @typedef {{ gate: 'pass', updates: number[], peers: Row[] } | { gate: 'blocked' | 'ahead' | 'removed' }} Outcome */

const DEFECTS = {
  'no-notice': 'sends no notice after opening',
  patches: 'runs patches once it is open: no defect, but nothing that all rolls do',
  'patches-again': 'runs the first of them twice',
  'opens-early': 'does not wait for the others',
  'exits-after-opening': 'exits after the first opening that follows an upgrade',
  'exits-always': 'exits after every opening in another version than it was formed in',
  'opens-late': 'in another version than it was formed in, takes long to open once it has passed its gate',
  'ready-lies': 'says that it is ready while it waits',
  deaf: 'drops every notice',
  silent: 'prints nothing at all',
  'forgets-a-record': 'drops a record while it updates the schema',
  'hangs-on-start': 'started with existing state, it never looks at its gate',
  'crashes-on-stop': 'dies of SIGSEGV when it is stopped while open',
  'wrong-schema': 'in another version than it was formed in, records one schema less than it has',
  'applies-twice': 'runs every schema update twice',
  chatty: 'prints, before every line, what no reader of lines likes',
};

const FLAGS = 'name address state shared schema api timer events log formation members defect for'.split(' ');
const LOCK = { retryMs: 5, limitMs: 10_000, staleMs: 1000 };
const NOTICE_LIMIT_MS = 5000;
const FORMATION_POLL_MS = 50;
const EXIT_AFTER_OPENING_MS = 100;
/** Longer than a member may seem to wait before a line is missed that says so. */
const OPENS_LATE_MS = 2500;
/** Longer than a roll looks on after all have opened: a container takes long to be gone. */
const EXITING_MS = 1000;
/** What a stop leaves for answers that are on their way. */
const STOP_MS = 50;
const CHATTER = Buffer.concat([
  Buffer.from(`${'x'.repeat(100_000)}\n`),
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80, 0x0a]),
  Buffer.from('\u001b[31m\u001b]0;a title\u0007red\u001b[2J\u001b[0m\u0000\r\n'),
  Buffer.from('{"atNs":1e999,"member":null,"event":["open"]}\n{"atNs":12,"member":"node0\n[]\nnull\n'),
]);

/** What a client is told instead of an answer. @param {number} status @param {string} message */
function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}

/** The database of all members: one JSON file, and a lock that makes every change a serialised transaction. */
class Store {
  #ticket = `${process.pid} ${randomUUID()}`;

  /** @param {string} folder */
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'store.json');
    this.lock = join(folder, 'store.lock');
  }

  /** @returns {Shared} */
  read() {
    return readJson(this.file) ?? { members: {}, applied: 0, updates: [], tokens: {}, records: {} };
  }

  /**
   * Change the store. What `change` throws leaves it as it was; it may be called more than once.
   * @template Result
   * @param {(shared: Shared) => Result} change
   */
  async transact(change) {
    for (const sinceMs = Date.now(); Date.now() - sinceMs < LOCK.limitMs; await sleep(LOCK.retryMs)) {
      if (!this.#acquire()) continue;
      try {
        const shared = this.read();
        const result = change(shared);
        // Whoever was frozen with the lock in hand may have lost it, and must not undo what came after.
        if (!this.#holds()) continue;
        writeJson(this.file, shared);
        return result;
      } finally {
        if (this.#holds()) rmSync(this.lock);
      }
    }
    throw new Error('database is locked');
  }

  #acquire() {
    try {
      writeFileSync(this.lock, this.#ticket, { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    // A transaction takes a millisecond or two, so that an old lock was left behind. Only its age tells: the process
    // that its ticket names may live in another container.
    const heldSinceMs = statSync(this.lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - heldSinceMs > LOCK.staleMs) rmSync(this.lock, { force: true });
    return false;
  }

  #holds() {
    return readIfThere(this.lock) === this.#ticket;
  }
}

/** One member of the cluster, from its start to its end. */
class Member {
  /** @type {'forming' | 'waiting' | 'open'} */
  phase = 'forming';
  /** Emits formed, open and notice. A notice that comes while nobody is parked meets no listener: it is lost, as in the field. */
  turns = new EventEmitter().setMaxListeners(0);

  /** @param {ReturnType<typeof serveSettings>} settings */
  constructor(settings) {
    this.settings = settings;
    this.row = settings.row;
    this.version = `${settings.row.schema}/${settings.row.api}`;
    this.has = settings.has;
    this.store = new Store(settings.shared);
    mkdirSync(settings.state, { recursive: true });
    this.stateFile = join(settings.state, 'state.json');
    this.hasSaidItsLast = false;
    /** The versions in which the member was formed and in which it last opened. @type {{ formed: string, opened: string } | null} */
    this.state = readJson(this.stateFile);
  }

  async run() {
    const { state, members } = this.settings;
    const nowNs = Number(process.hrtime.bigint());
    this.tell('started', { pid: process.pid }, nowNs - Math.round(performance.now() * 1e6));
    this.log('Starting up', { version: '1.0', schema: this.row.schema, api: this.row.api });
    this.log(' - idmapped mounts: no', {}, 'warning');
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => this.phase !== 'waiting' && this.stop());
    const socket = join(state, 'unix.socket');
    rmSync(socket, { force: true });
    await this.listen({ path: socket }, socket);
    // The rig is not always root, as a daemon in a container is.
    chmodSync(socket, 0o666);
    const isRestart = this.state !== null;
    if (!isRestart && members !== null) await this.formTogether(members);
    else if (!isRestart) await once(this.turns, 'formed');
    this.phase = 'waiting';
    await this.listen(hostAndPort(this.row.address), this.row.address);
    if (!isRestart || !this.has('hangs-on-start')) await this.passBarrier();
  }

  /** @param {import('node:net').ListenOptions} where @param {string} address */
  async listen(where, address) {
    await once(createServer((incoming, outgoing) => this.answer(incoming, outgoing)).listen(where), 'listening');
    this.log('Binding socket', { address });
  }

  async passBarrier() {
    for (;;) {
      this.log('Initializing global database');
      const outcome = await this.store.transact((shared) => this.examine(shared));
      if (outcome.gate === 'pass') {
        if (this.has('opens-late') && this.state?.formed !== this.version) await sleep(OPENS_LATE_MS);
        return this.open(outcome);
      }
      const failure = 'Failed to initialize global database: this member';
      if (outcome.gate === 'ahead') return this.fail(`${failure}'s version is behind, please upgrade`);
      if (outcome.gate === 'removed') return this.fail(`${failure} has been removed from the cluster`);
      const waitMs = this.settings.timerMs;
      const parked = Promise.race([once(this.turns, 'notice').then(() => 'notice'), sleep(waitMs, 'timer')]);
      this.log('Wait for other cluster nodes to upgrade their versions, cluster not started yet');
      this.tell('parked', { gate: 'pair', waitMs });
      this.tell('woken', { gate: 'pair', by: await parked });
    }
  }

  /** At the gate, in one transaction: record what it runs, look at all, update the schema. @param {Shared} shared @returns {Outcome} */
  examine(shared) {
    const { name, schema, api } = this.row;
    const own = shared.members[name];
    if (own === undefined) return { gate: 'removed' };
    own.schema = this.has('wrong-schema') && this.state?.formed !== this.version ? schema - 1 : schema;
    own.api = api;
    const peers = Object.values(shared.members).filter((row) => row !== own);
    if (shared.applied > schema || peers.some((row) => row.schema > schema || row.api > api)) return { gate: 'ahead' };
    const isBlocked = peers.some((row) => row.schema < schema || row.api < api);
    if (isBlocked && !this.has('opens-early')) return { gate: 'blocked' };
    const updates = [];
    for (; shared.applied < schema; shared.applied++) {
      for (let times = this.has('applies-twice') ? 2 : 1; times > 0; times--) updates.push(shared.applied + 1);
    }
    shared.updates.push(...updates.map((version) => ({ version, member: name })));
    const [forgotten] = Object.keys(shared.records);
    if (updates.length > 0 && forgotten && this.has('forgets-a-record')) delete shared.records[forgotten];
    return { gate: 'pass', updates, peers };
  }

  /** @param {{ updates: number[], peers: Row[] }} passed */
  open({ updates, peers }) {
    for (const version of updates) this.log(`Updating global DB schema from ${version - 1} to ${version}`);
    this.log('Initialized global database');
    const { formed, opened } = this.state ?? { formed: this.version, opened: this.version };
    this.keepState(formed);
    this.phase = 'open';
    this.turns.emit('open');
    this.tell('open');
    if (!this.has('no-notice')) for (const peer of peers) this.notify(peer.address);
    if (this.has('patches') && opened !== this.version) this.patch();
    this.log('Daemon started');
    setInterval(() => this.log('Heartbeat round completed', { peers: peers.length }, 'debug'), 1000);
    const exitsOnce = this.has('exits-after-opening') && opened !== this.version;
    if (exitsOnce || (this.has('exits-always') && formed !== this.version)) {
      const lingerMs = exitsOnce ? EXITING_MS : 0;
      const failed = 'Failed applying patch: database is locked';
      setTimeout(() => this.fail(failed, lingerMs), EXIT_AFTER_OPENING_MS);
    }
  }

  /** One-off patches, by what the log says of them. */
  patch() {
    const names = ['rename-volumes', ...(this.has('patches-again') ? ['rename-volumes'] : []), 'index-records'];
    for (const name of names) {
      this.log('Applying patch', { name });
      this.log('Applied patch', { name });
    }
  }

  /** @param {string} address */
  async notify(address) {
    this.log(`Notify node ${address} of state changes`);
    const notice = ask(hostAndPort(address), 'PUT', '/internal/notify', { from: this.row.name }, NOTICE_LIMIT_MS);
    await notice.catch(({ message: err }) => this.log('Could not notify node', { address, err }, 'warning'));
  }

  stop() {
    this.log('Stopping');
    if (!this.has('crashes-on-stop')) return setTimeout(() => process.exit(0), STOP_MS);
    // The first process of a container is spared by signals that it sends itself, but not by an abort.
    setTimeout(() => process.abort(), STOP_MS);
    return process.kill(process.pid, 'SIGSEGV');
  }

  /**
   * Method, path, when it is answered, and the answer to what the path names and the body says.
   * @type {Array<[string, RegExp, 'always' | 'open', (name: string, body: string) => unknown]>}
   */
  routes = [
    ['GET', /^\/internal\/ready$/, 'always', () => this.assertReady()],
    ['GET', /^\/internal\/cluster$/, 'always', () => this.cluster()],
    ['POST', /^\/internal\/sql$/, 'always', (_, body) => this.query(JSON.parse(body).query)],
    ['PUT', /^\/internal\/notify$/, 'always', (_, body) => this.receive(JSON.parse(body).from)],
    ['POST', /^\/internal\/bootstrap$/, 'always', () => this.bootstrap()],
    ['POST', /^\/internal\/join$/, 'always', (_, body) => this.join(JSON.parse(body))],
    ['POST', /^\/internal\/members$/, 'open', (_, body) => this.admit(JSON.parse(body))],
    ['DELETE', /^\/internal\/members\/(.+)$/, 'always', (name) => this.remove(name)],
    ['POST', /^\/internal\/tokens\/(.+)$/, 'open', (name) => this.issueToken(name)],
    ['PUT', /^\/internal\/shutdown$/, 'open', () => void this.stop()],
    ['GET', /^\/1\.0$/, 'open', () => ({ metadata: this.row })],
    ['GET', /^\/1\.0\/records$/, 'open', () => this.store.read().records],
    ['PUT', /^\/1\.0\/records\/(.+)$/, 'open', (key, body) => this.keep('records', key, body)],
  ];

  /** @param {import('node:http').IncomingMessage} incoming @param {import('node:http').ServerResponse} outgoing */
  async answer(incoming, outgoing) {
    /** @param {number} status @param {unknown} body */
    const reply = (status, body) => {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      const body = await text(incoming);
      const path = decodeURIComponent(incoming.url?.split('?')[0] ?? '');
      const route = this.routes.find(([method, pattern]) => method === incoming.method && pattern.test(path));
      if (route === undefined) throw refusal(404, 'not found');
      const [, pattern, when, handle] = route;
      if (when === 'open') await this.opened();
      // Whoever has given up waiting does not want it done any more.
      if (!outgoing.destroyed) reply(200, (await handle(pattern.exec(path)?.[1] ?? '', body)) ?? {});
    } catch (error) {
      reply(error.status ?? 500, { error: error.message });
    }
  }

  assertReady() {
    const isReady = this.phase === 'open' || (this.phase === 'waiting' && this.has('ready-lies'));
    if (!isReady) throw refusal(503, 'Daemon not ready yet');
  }

  cluster() {
    return { formed: this.phase !== 'forming', voters: Object.keys(this.store.read().members).length };
  }

  /** What all have recorded: the one question that is understood. @param {string} query */
  query(query) {
    if (!/\bfrom\s+nodes\b/i.test(query)) throw refusal(400, `cannot answer: ${query}`);
    const members = Object.values(this.store.read().members);
    const rows = members.map(({ name, schema, api }) => [name, schema, api]);
    return { metadata: { results: [{ columns: ['name', 'schema', 'api_extensions'], rows }] } };
  }

  /** @param {string} from */
  receive(from) {
    this.log('Received notification', { from }, 'debug');
    if (!this.has('deaf')) this.turns.emit('notice');
  }

  async bootstrap() {
    this.assertForming();
    await this.store.transact((shared) => {
      if (Object.keys(shared.members).length > 0) throw refusal(400, 'This cluster has been bootstrapped already');
      enter(shared, this.row);
    });
    await this.becomeMember();
  }

  /** @param {{ token: string, server_address: string }} preseed */
  async join({ token, server_address }) {
    this.assertForming();
    await ask(hostAndPort(server_address), 'POST', '/internal/members', { token, row: this.row });
    await this.becomeMember();
  }

  /** All members start at once: the first by name initialises the store, the others add themselves. @param {string[]} names */
  async formTogether(names) {
    const isIn = (/** @type {string} */ name) => this.store.read().members[name] !== undefined;
    const [first] = names.toSorted();
    while (first !== this.row.name && !isIn(first ?? '')) await sleep(FORMATION_POLL_MS);
    await this.store.transact((shared) => enter(shared, this.row));
    while (!names.every(isIn)) await sleep(FORMATION_POLL_MS);
    this.keepState(this.version);
  }

  assertForming() {
    if (this.phase !== 'forming') throw refusal(400, 'This member belongs to a cluster already');
  }

  becomeMember() {
    this.keepState(this.version);
    this.turns.emit('formed');
    return this.opened();
  }

  async opened() {
    if (this.phase !== 'open') await once(this.turns, 'open');
  }

  /** @param {string} formed */
  keepState(formed) {
    this.state = { formed, opened: this.version };
    writeJson(this.stateFile, this.state);
  }

  /** @param {{ token: string, row: Row }} applicant */
  admit({ token, row }) {
    if (`${row.schema}/${row.api}` !== this.version) throw refusal(400, 'The joining member has another version');
    return this.store.transact((shared) => {
      if (shared.tokens[row.name] !== token) throw refusal(403, `No such token for member ${row.name}`);
      delete shared.tokens[row.name];
      enter(shared, row);
    });
  }

  /** @param {string} name */
  async issueToken(name) {
    const claims = { server_name: name, addresses: [this.row.address], secret: randomUUID() };
    const token = Buffer.from(JSON.stringify(claims)).toString('base64');
    await this.keep('tokens', name, token);
    return { token };
  }

  /** @param {string} name */
  remove(name) {
    return this.store.transact(({ members }) => {
      if (members[name] === undefined) throw refusal(404, `No member ${name}`);
      delete members[name];
    });
  }

  /** @param {'records' | 'tokens'} table @param {string} key @param {string} value */
  keep(table, key, value) {
    return this.store.transact((shared) => void Object.assign(shared[table], { [key]: value }));
  }

  /** @param {string} message @param {Record<string, string | number>} [fields] */
  log(message, fields = {}, level = 'info') {
    if (this.settings.ndjson) return;
    const time = JSON.stringify(`${new Date().toISOString().slice(0, 19)}Z`);
    const words = Object.entries({ level, msg: message, ...fields }).map(
      ([key, value]) => `${key}=${/[\s"=]/.test(`${value}`) ? JSON.stringify(value) : value}`,
    );
    this.print(process.stderr, `time=${time} ${words.join(' ')}`);
  }

  /** @param {string} event @param {object} [fields] */
  tell(event, fields = {}, atNs = Number(process.hrtime.bigint())) {
    if (!this.settings.ndjson) return;
    this.print(process.stdout, JSON.stringify({ atNs, member: this.row.name, event, ...fields }));
  }

  /** @param {string} message */
  fail(message, lingerMs = 0) {
    this.print(process.stderr, `Error: ${message}`);
    this.hasSaidItsLast = true;
    if (lingerMs === 0) process.exit(1);
    setTimeout(() => process.exit(1), lingerMs);
  }

  /** @param {NodeJS.WriteStream} stream @param {string} line */
  print(stream, line) {
    if (this.hasSaidItsLast) return;
    const { log } = this.settings;
    /** @param {string | Uint8Array} text */
    const write = (text) =>
      void (log !== '' && stream === process.stderr ? appendFileSync(log, text) : stream.write(text));
    if (this.has('chatty')) write(CHATTER);
    if (!this.has('silent')) write(`${line}\n`);
  }
}

/** @param {Shared} shared @param {Row} row */
function enter(shared, row) {
  if (Object.keys(shared.members).length === 0) shared.applied = row.schema;
  shared.members[row.name] = row;
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
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

/** @param {string} address HOST:PORT */
function hostAndPort(address) {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) throw new Error(`not HOST:PORT: ${address}`);
  return { host, port: Number(port) };
}

/**
 * What a member answers, asked on a connection of its own: one that is kept may lead to a member that has been replaced.
 * @param {{ host: string, port: number } | { socketPath: string }} where
 * @param {string} method @param {string} path @param {unknown} [body]
 * @param {number} [limitMs] without it, as long as it takes
 */
async function ask(where, method, path, body = {}, limitMs) {
  const limit = limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) };
  const asking = request({ ...where, method, path, agent: false, ...limit }).end(
    typeof body === 'string' ? body : JSON.stringify(body),
  );
  const [answer] = await once(asking, 'response');
  const said = JSON.parse(await text(answer));
  if (answer.statusCode !== 200) throw new Error(said.error);
  return said;
}

/** @type {any} */
let commandLine = {};

/** What the command line, else the environment, else the last word says. @param {string} flag @param {string} [otherwise] */
function setting(flag, otherwise) {
  const value = commandLine[flag] ?? process.env[`DOUBLE_${flag.toUpperCase()}`] ?? otherwise;
  if (value === undefined) throw new Error(`--${flag} is missing`);
  return String(value);
}

/** @param {string} flag @param {string} [otherwise] */
function count(flag, otherwise) {
  const value = setting(flag, otherwise);
  if (!/^\d+$/.test(value)) throw new Error(`--${flag} is a whole number, not ${value}`);
  return Number(value);
}

/** Whether a flag has the second of its two values, and not the first. @param {string} flag @param {string[]} values */
function isSecond(flag, [first = '', second = '']) {
  const value = setting(flag, first);
  if (value !== first && value !== second) throw new Error(`--${flag} is ${first} or ${second}, not ${value}`);
  return value === second;
}

function serveSettings() {
  const name = setting('name');
  const own = new Set();
  for (const defect of setting('defect', '').split(',')) {
    const [what = '', who = name] = defect.split('@');
    if (what !== '' && !Object.hasOwn(DEFECTS, what))
      throw new Error(`no defect ${what}; there are ${Object.keys(DEFECTS)}`);
    if (who === name) own.add(what);
  }
  const together = isSecond('formation', ['apart', 'together']) ? setting('members').split(',') : null;
  return {
    row: { name, address: setting('address'), schema: count('schema'), api: count('api') },
    state: setting('state'),
    shared: setting('shared'),
    timerMs: count('timer', '2000'),
    ndjson: isSecond('events', ['logfmt', 'ndjson']),
    log: setting('log', ''),
    /** The names of all that are started at once; null where they are bootstrapped and joined. */
    members: together?.map((member) => member.split('=')[0] ?? '') ?? null,
    /** @type {(defect: keyof typeof DEFECTS) => boolean} */
    has: (defect) => own.has(defect),
  };
}

/** @param {string | undefined} verb @param {string[]} operands */
async function main(verb, operands) {
  if (verb === 'serve') return new Member(serveSettings()).run();
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
    if (!preseed.token || !preseed.server_address) throw new Error('join reads token: and server_address: from stdin');
    await ask(daemon, 'POST', '/internal/join', preseed);
    console.log('Cluster joined');
  } else if (verb === 'shutdown') {
    await ask(daemon, 'PUT', '/internal/shutdown');
  } else if (verb === 'ask') {
    const [method = '', path = '', body = ''] = operands;
    console.log(JSON.stringify(await ask(daemon, method, path, body)));
  } else {
    throw new Error('usage: double.mjs serve|bootstrap|token|join|ask|shutdown --state DIR ...');
  }
}

try {
  const options = Object.fromEntries(FLAGS.map((flag) => [flag, { type: 'string', multiple: flag === 'defect' }]));
  const parsed = parseArgs({ options: /** @type {any} */ (options), allowPositionals: true });
  commandLine = parsed.values;
  const [verb, ...operands] = parsed.positionals;
  await main(verb, operands);
} catch (error) {
  console.error(`Error: ${error.message}`);
  process.exit(1);
}
