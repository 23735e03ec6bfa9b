import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readLogs } from '../harness/store/logs.ts';
import { RunFolder } from '../harness/store/run-folder.ts';
import type { Trace } from '../harness/trace/trace.ts';
import { SCENARIO } from './support/told.ts';
import { planOf } from './support/versions.ts';

describe('the log of a member', () => {
  let runs: string;
  before(() => {
    runs = mkdtempSync(join(tmpdir(), 'rig-logs-'));
  });
  after(() => rmSync(runs, { recursive: true }));

  it('has the time of every line for people, be it the daemon’s own or that at which it came', () => {
    const startedAt = new Date();
    const folder = RunFolder.make(runs, planOf(SCENARIO), 'a', false);
    folder.log('node01', 'time="2026-01-31T12:00:00Z" level=info msg="of another daemon"');
    folder.log('node01', `${new Date(startedAt.getTime() - 5000).toISOString()} of our own`);
    folder.log('node01', '{"event":"open"}');
    folder.close();
    const trace = [{ atNs: 1e9, rig: 'began', startedAt: startedAt.toISOString() }] as unknown as Trace;
    const lines = readLogs(folder.path, ['node01'], trace);
    expect(lines.map(({ text }) => text)).to.deep.equal([
      'of our own',
      'time="2026-01-31T12:00:00Z" level=info msg="of another daemon"',
    ]);
    expect(lines[0]!.atNs).to.equal(1e9 - 5e9);
    expect(lines[1]!.atNs).to.be.within(1e9, 1e9 + 60e9);
  });
});
