import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Rolled, roll } from '../harness/cli/roll-plan.ts';
import { ourDaemon } from '../harness/daemon/ours/daemon.ts';
import { ourSource } from '../harness/daemon/ours/plan.ts';
import { isOwnerAlive, owner } from '../harness/host/owner.ts';
import type { Scenario } from '../harness/input/scenario.ts';
import type { VersionSource, Versions } from '../harness/input/versions.ts';
import { compile } from '../harness/plan/compile.ts';
import { processRuntime } from '../harness/runtime/process.ts';
import { isRigEvent, type Observer, rigEvents } from '../harness/trace/trace.ts';
import { versions } from './support/versions.ts';

/** v4 with another external update 2 than it ships. */
function sabotaged(sql: string): Versions {
  const v4 = versions.get('v4')!;
  const updates = v4.build.updates.map((update) =>
    update.kind === 'external' && update.version === 2 ? { ...update, sql } : update,
  );
  const bad: VersionSource = { ...v4, build: { ...v4.build, updates } };
  return new Map([...versions, ['v4', bad]]);
}

async function rollOf(scenario: Scenario, observer?: Observer, from: Versions = versions): Promise<Rolled> {
  const pinned = new Map([...from].map(([name, source]) => [name, source.build.version]));
  const records = [{ key: 'precious', value: 'kept' }];
  const [plan] = compile({ scenario, daemon: ourSource, versions: pinned, records, freshSeed: 1 });
  const runs = mkdtempSync(join(tmpdir(), 'rig-test-runs-'));
  const signal = new AbortController().signal;
  try {
    const options = { daemon: ourDaemon(from), runtime: processRuntime(), runs, signal };
    return await roll(plan!, observer === undefined ? options : { ...options, observer });
  } finally {
    rmSync(runs, { recursive: true });
  }
}

function broken({ verdict }: Rolled): Record<string, string> {
  return Object.fromEntries(
    verdict.checks.filter((check) => check.outcome === 'broken').map((check) => [check.name, check.because]),
  );
}

describe('a roll with trouble in it', () => {
  it('does not hold where a member that was still to be refreshed is killed', async () => {
    let pid = 0;
    const rolled = await rollOf({ from: 'v3', to: 'v4' }, (event) => {
      if (isRigEvent(event)) return;
      if (event.event === 'started' && event.member === 'node03' && event.action === 'join') pid = event.pid;
      if (event.event === 'parked' && event.member === 'node01') process.kill(pid, 'SIGKILL');
    });
    expect(broken(rolled).exits).to.contain('node03 exited: it went without a word');
  });

  it('does not hold where an update changes a record', async () => {
    const rolled = await rollOf(
      { from: 'v3', to: 'v4' },
      undefined,
      sabotaged("UPDATE records SET value = 'gone' WHERE key = 'precious'"),
    );
    expect(broken(rolled)).to.include.keys('no-record-lost');
    expect(broken(rolled)['no-record-lost']).to.match(/node01 has other values for 1 of \d+: precious/);
    expect(rigEvents(rolled.trace, 'tally').every((event) => event.served > 0)).to.equal(true);
  });

  it('ends without a verdict that holds, and says who waits for whom, where an update fails', async () => {
    const rolled = await rollOf({ from: 'v3', to: 'v4', wait: 500 }, undefined, sabotaged('CREATE TABLE broken ('));
    const faults = broken(rolled);
    expect(faults.exits).to.contain('external schema update 2 failed');
    expect(faults.complete).to.contain('the roll did not settle: node01 waits at the schema gate for node03');
    expect(rolled.verdict.sentence).to.contain('external schema update 2 failed');
    const ledger = rigEvents(rolled.trace, 'ledger')[0]!;
    expect(ledger.acknowledged).to.include({ precious: 'kept' });
  });

  it('is not cleaned up by another rig while it goes on', async () => {
    let cleaned: Promise<string[]> | null = null;
    const rolled = await rollOf({ members: 1, from: 'v3', to: 'v4' }, (event) => {
      if (!isRigEvent(event) && event.event === 'open') cleaned ??= processRuntime().clean();
    });
    expect(await cleaned).to.deep.equal([]);
    expect(broken(rolled)).to.deep.equal({});
  });
});

describe('an owner', () => {
  it('is alive as long as the very process is that it names', () => {
    const [host, pid, start] = owner().split('/');
    expect(isOwnerAlive(owner())).to.equal(true);
    expect(isOwnerAlive(`${host}/${pid}/${Number(start) + 1}`)).to.equal(false);
    expect(isOwnerAlive(`${hostname()}/${2 ** 22 + 1}/1`)).to.equal(false);
    expect(isOwnerAlive('elsewhere/1/1')).to.equal(true);
  });
});
