/** What the rig itself lacks is held against nobody: it ends with a sentence, and does not hang. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { paths } from '../harness/host/paths.ts';
import { EnvironmentError } from '../harness/input/errors.ts';
import { startChild } from '../harness/runtime/child.ts';
import { markOf } from '../harness/runtime/leftovers.ts';
import { removeClusters, rollOne } from './support/described.ts';

/** Run a program of ours that may have so many files open. */
function within(
  files: number,
  cwd: string,
  script: string,
  ...args: string[]
): Promise<{ code: unknown; out: string }> {
  return new Promise((resolve) => {
    const command = ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, join(paths.root, script), ...args];
    execFile('bash', command, { cwd, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, out: stdout + stderr }),
    );
  });
}

after(removeClusters);

describe('a program that is not there', function () {
  this.timeout(60_000);

  it('is no member that went without a word', async () => {
    const { fault, verdict } = await rollOne(({ versions }) => {
      for (const version of Object.values(versions)) version.program = ['/nowhere/double'];
    });
    expect(fault).to.be.instanceOf(EnvironmentError);
    expect(fault!.message).to.match(/cannot start \w+: spawn \/nowhere\/double ENOENT/);
    expect(verdict.outcome).to.equal('unknown');
  });
});

describe('a rig that may open no more files', function () {
  this.timeout(60_000);

  it('ends with a sentence where it cannot start a member', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    try {
      const flags = ['roll', '--from', 'v2', '--to', 'v3', '--runtime', 'process', '--json'];
      const { code, out } = await within(36, folder, 'harness/cli/main.ts', ...flags);
      expect(code, out).to.equal(3);
      expect(out, 'what there is of a verdict is told').to.contain('"outcome": "unknown"');
      expect(out).to.match(/error: the rig may open no more files.*EMFILE/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not take it for the answer of a member', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const { out } = await within(80, paths.root, 'test/support/lacking.ts', `127.0.0.1:${port}`);
      expect(out).to.match(/^EnvironmentError: the rig may open no more files/);
    } finally {
      server.close();
    }
  });
});

describe('a place for members', function () {
  this.timeout(60_000);

  it('that has hardly any room is what a member came to nothing for', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    const before = process.env.TMPDIR;
    try {
      process.env.TMPDIR = folder;
      const exits = "require('node:fs').writeFileSync(process.env.TMPDIR + '/big', Buffer.alloc(4e6))";
      const { fault, verdict } = await rollOne(({ versions }) => {
        for (const version of Object.values(versions)) version.program = ['node', '-e', exits];
      });
      expect(fault).to.be.instanceOf(EnvironmentError);
      expect(fault!.message).to.match(/hardly any room is left in .*: set TMPDIR/);
      expect(verdict.outcome).to.equal('unknown');
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true });
    }
  });

  it('in which a user may start no more threads is, too', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const script = `import(${JSON.stringify(join(paths.root, 'harness/host/lack.ts'))})
      .then(({ lackAround }) => console.log(lackAround('/')?.message ?? 'nothing'))`;
    const as = (tasks: number) =>
      execFileSync('setpriv', [
        ...['--reuid=65534', '--regid=65534', '--clear-groups', '--', 'bash', '-c'],
        ...[`ulimit -u ${tasks}; exec "$0" -e "$1"`, process.execPath, script],
      ]).toString();
    expect(as(15)).to.match(/this user may start \d more processes or threads/);
    expect(as(500)).to.equal('nothing\n');
  });
});

const STOPS_WHEN_TOLD =
  "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 100); console.log('ready')";

describe('a rig that did not get to run while a member stopped', () => {
  it('does not say that it had to kill it', async () => {
    const ready = Promise.withResolvers<void>();
    const child = await startChild({
      seat: { member: 'node01', address: '', stateFolder: '', sharedFolder: '', ours: null },
      authority: '',
      program: [],
      command: [process.execPath, '-e', STOPS_WHEN_TOLD],
      env: { PATH: process.env.PATH ?? '', ...markOf('none', 'node01') },
      onLine: () => ready.resolve(),
      onOwnExit: async () => undefined,
      run: () => async () => expect.fail('nothing is to be run'),
    });
    await ready.promise;
    const stopping = child.stop('SIGTERM', 100);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    expect(await stopping).to.deep.equal({ code: 0, signal: null, killed: false });
  });
});
