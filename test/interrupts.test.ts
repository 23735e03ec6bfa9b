/** Rolls that are ended by somebody, or by whatever ends a rig: how they end, and that nothing of them stays. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { askEngine } from '../harness/host/engine.ts';
import type { RuntimeName } from '../harness/plan/plan.ts';
import { markedProcesses } from '../harness/runtime/leftovers.ts';
import { readRun } from '../harness/store/run-folder.ts';
import { rigEventsOf } from '../harness/trace/trace.ts';
import { killRolls } from '../soak/kills.ts';
import { leftoversOf, RigCommand, runRig } from './support/command.ts';
import { describeDouble } from './support/described.ts';
import { buildRoot, inRoot, removeRoot } from './support/double-root.ts';
import { requireRuntime } from './support/rig.ts';

/** A roll that never ends by itself. */
const STANDING = ['roll', '--no-split-notification', '--wait', '600s', '--runtime'];
const PARKED = 'node03 waits at the API gate';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a command that is interrupted twice', function () {
  this.timeout(90_000);

  it('kills members that do not stop, and cleans up', async () => {
    const rig = new RigCommand(folder, [...STANDING, 'process']);
    await rig.prints(PARKED);
    const frozen = markedProcesses().find(
      ({ owner, member }) => owner.split('/')[1] === String(rig.pid) && member === 'node03',
    )!;
    process.kill(frozen.pid, 'SIGSTOP');
    // The refreshes have stopped members before; and of two signals that are pending at once only one is ever heard.
    const before = stops();
    rig.signal('SIGINT');
    while (stops() === before) await sleep(10);
    rig.signal('SIGINT');
    expect((await rig.ended()).code).to.equal(130);
    const { trace } = readRun(join(folder, 'runs', 'latest'));
    // By the second signal, and not after the grace that it has otherwise.
    expect(rigEventsOf(trace, 'gone', 'node03').at(-1)).to.include({ signal: 'SIGKILL', killed: false });
  });

  function stops(): number {
    return readFileSync(join(folder, 'runs', 'latest', 'trace.ndjson'), 'utf8').split('"rig":"stopping"').length;
  }
});

describe('members that nothing tethers to their rig', function () {
  this.timeout(90_000);

  after(removeRoot);

  for (const [place, changes] of [
    ['process', []],
    ['namespaces', [inRoot]],
  ] as const) {
    it(`(${place}) are ended by the next start where the rig was killed, and it says so`, async function () {
      await requireRuntime(this, place);
      if (place === 'namespaces') await buildRoot();
      const double = describeDouble(folder, changes);
      // A folder of its own: the start of any other rig ends such processes too, and would have said so.
      const env = { TMPDIR: folder };
      const rig = new RigCommand(folder, ['roll', '--daemon', double, '--runtime', 'process', '--fresh'], env);
      await rig.prints('refresh node02');
      rig.signal('SIGKILL');
      await rig.ended();
      const { stdout } = await runRig(folder, ['doctor', '--clean'], env);
      expect(stdout).to.contain(`removed folder ${folder}/refresh-rig-`);
      expect(readdirSync(folder).sort()).to.deep.equal(['double.yaml', 'runs']);
      expect(await leftoversOf([rig.pid])).to.deep.equal([]);
    });
  }
});

describe('a dozen rolls that are ended at random instants, two at a time', function () {
  this.timeout(600_000);

  it('leave nothing that the next start does not remove', async () => {
    const runtimes: RuntimeName[] = (await askEngine()).answers ? ['process', 'container'] : ['process'];
    const heard: string[] = [];
    const say = (line: string): void => void heard.push(line);
    const { troubles } = await killRolls({ count: 12, seed: 20, jobs: 2, runtimes, say });
    expect(troubles, heard.join('\n')).to.deep.equal([]);
  });
});
