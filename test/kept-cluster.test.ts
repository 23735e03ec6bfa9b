/** Clusters that are kept: shared by rigs side by side, and whole or not used at all. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { plansFrom } from '../harness/cli/options.ts';
import { type Rolled, roll } from '../harness/cli/roll-plan.ts';
import { digestOf, filesBelow } from '../harness/host/digest.ts';
import { owner } from '../harness/host/owner.ts';
import { paths } from '../harness/host/paths.ts';
import { markedProcesses } from '../harness/runtime/leftovers.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { KeptCluster, removeUnfinishedClusters } from '../harness/store/kept-cluster.ts';
import { isRigEvent, rigEvents, rigEventsOf } from '../harness/trace/trace.ts';
import { describeDouble } from './support/described.ts';
import { account } from './support/rig.ts';

/** A process that is gone. */
const DEAD = encodeURIComponent(`${hostname()}/${2 ** 22 + 1}/1`);
const CLUSTERS = join(paths.build, 'clusters');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a cluster that is kept', () => {
  const members = ['node01'];
  let key: string[];
  let all: string;
  beforeEach(() => {
    key = [`test ${folder}`];
    all = join(CLUSTERS, digestOf(...key));
  });
  afterEach(() => rmSync(all, { recursive: true, force: true }));

  /** What the folders of a roll look like to it. */
  function siteIn(name: string) {
    const [stateFolder, sharedFolder] = [join(folder, name, 'state'), join(folder, name, 'shared')];
    for (const made of [stateFolder, sharedFolder]) mkdirSync(made, { recursive: true });
    return { seat: () => ({ address: '127.0.0.1:12345', ours: { stateFolder, sharedFolder } }) };
  }

  function take(): KeptCluster {
    return KeptCluster.take(key).next().value!;
  }

  /** One that is kept, and that nobody uses. */
  async function form(): Promise<void> {
    const site = siteIn('first');
    writeFileSync(join(folder, 'first', 'state', 'a'), 'kept');
    const cluster = take();
    await cluster.keep(site, members);
    cluster.release();
  }

  it('is had by one at a time, also of those who find it left by a rig that was killed', async () => {
    await form();
    const [name] = readdirSync(all);
    renameSync(join(all, name!), join(all, `${name!.replace('free', 'used')}@${DEAD}`));
    const takers = [take(), take(), take()];
    expect(takers.map(({ addresses }) => addresses !== null)).to.deep.equal([true, false, false]);
    for (const taker of takers) taker.release();
    expect(readdirSync(all)).to.deep.equal([name]);
  });

  it('that a rig was forming when it was killed is removed by the next start, which says so', () => {
    const forming = join(all, `forming-1234@${DEAD}`);
    mkdirSync(forming, { recursive: true });
    const own = take();
    expect(removeUnfinishedClusters().filter((what) => what.includes('forming-1234'))).to.have.length(1);
    expect(existsSync(forming)).to.equal(false);
    expect(readdirSync(all), 'that of this process stays').to.have.length(1);
    own.release();
  });

  it('is not used where it has changed since', async () => {
    await form();
    const site = siteIn('second');
    let cluster = take();
    expect(await cluster.restore(site, members)).to.equal(true);
    expect(readFileSync(join(folder, 'second', 'state', 'a'), 'utf8')).to.equal('kept');
    cluster.release();
    writeFileSync(filesBelow(all).find((file) => file.endsWith('/a'))!, 'lost');
    cluster = take();
    expect(await cluster.restore(site, members)).to.equal(false);
    cluster.discard();
  });
});

describe('a roll of a daemon whose clusters are kept', function () {
  this.timeout(120_000);

  async function rollDouble(): Promise<Rolled> {
    const [plan] = plansFrom(undefined, { daemon: join(folder, 'double.yaml'), runtime: 'process' });
    const signal = new AbortController().signal;
    // No other roll uses these clusters.
    return roll(plan!, { runtime: processRuntime(), runs: join(folder, 'runs'), signal, clusters: kept() });
  }

  /** How its cluster came to be the last time. */
  function formedHow(rolled: Rolled): string {
    expect(rigEvents(rolled.trace, 'ended')[0]!.how, account(rolled)).to.equal('complete');
    return rigEvents(rolled.trace, 'formed')[0]!.how;
  }

  it('forms another where the addresses of the one are taken, or it is damaged', async () => {
    const support = join(import.meta.dirname, 'support');
    const text = readFileSync(join(support, 'double.yaml'), 'utf8').replaceAll(
      './double.mjs',
      join(support, 'double.mjs'),
    );
    writeFileSync(join(folder, 'double.yaml'), text);
    expect(formedHow(await rollDouble())).to.equal('now');
    expect(formedHow(await rollDouble())).to.equal('earlier');
    const { addresses } = JSON.parse(readFileSync(join(kept(), clusters()[0]!, 'about.json'), 'utf8'));
    const thief = createServer().listen(Number(addresses.node02.split(':').at(-1)), '127.0.0.1');
    expect(formedHow(await rollDouble())).to.equal('now');
    thief.close();
    for (const name of clusters()) writeFileSync(filesBelow(join(kept(), name, 'formed'))[0]!, 'damaged');
    expect(formedHow(await rollDouble())).to.equal('now');
    expect(formedHow(await rollDouble())).to.equal('earlier');
  });

  it('is formed of members of which one has gone, and is just being started again: once, and not beside itself', async () => {
    const file = describeDouble(folder, [
      ({ supervisor }) => {
        supervisor!.delay = '1s';
      },
    ]);
    const [plan] = plansFrom(undefined, { daemon: file, runtime: 'process' });
    let isKilled = false;
    const rolled = await roll(plan!, {
      runtime: processRuntime(),
      runs: join(folder, 'runs'),
      signal: new AbortController().signal,
      clusters: kept(),
      observer: (event) => {
        if (isKilled || !isRigEvent(event) || event.rig !== 'launching' || event.member !== 'node03') return;
        isKilled = true;
        const own = markedProcesses().find(({ member, owner: by }) => member === 'node02' && by === owner());
        process.kill(own!.pid, 'SIGKILL');
      },
    });
    expect(rolled.verdict.outcome, account(rolled)).to.equal('holds');
    // It joined, came back, was started with the others, and was refreshed.
    expect(rigEventsOf(rolled.trace, 'launching', 'node02')).to.have.length(4);
    expect(rigEventsOf(rolled.trace, 'restarting', 'node02')).to.have.length(1);
  });

  function kept(): string {
    return join(folder, 'clusters');
  }

  /** KEY/NAME of all. */
  function clusters(): string[] {
    return readdirSync(kept()).flatMap((key) => readdirSync(join(kept(), key)).map((name) => join(key, name)));
  }
});
