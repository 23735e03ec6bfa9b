/** Real daemons, unpatched, as an archive has them: each description that the rig ships is rolled once. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureRoot, PROGRAM, requireMaking } from '../harness/build/root-filesystem.ts';
import { plansFrom } from '../harness/cli/options.ts';
import { roll } from '../harness/cli/roll-plan.ts';
import { runtimeFor } from '../harness/cli/runtime.ts';
import type { Place } from '../harness/daemon/contract.ts';
import { findProgram } from '../harness/host/programs.ts';
import { readDescription } from '../harness/input/description-file.ts';
import { EnvironmentError, InputError } from '../harness/input/errors.ts';
import { eventsOf, isRigEvent } from '../harness/trace/trace.ts';
import { runRig } from './support/command.ts';
import { describeDouble } from './support/described.ts';
import { buildRoot, inRoot, removeRoot } from './support/double-root.ts';
import { setVariable } from './support/environment.ts';
import { account, requireRuntime, rollAll } from './support/rig.ts';

/** Making a root file system takes minutes where there is none yet. */
const LIMIT_MS = 15 * 60_000;
const making = { say: () => undefined, signal: new AbortController().signal };

/** Why what an archive has cannot be rolled here; null where it can. */
function lacksMaking(): string | null {
  if (findProgram(PROGRAM) === null) return `there is no ${PROGRAM}`;
  return process.getuid?.() === 0 ? null : `${PROGRAM} needs root`;
}

/** It takes minutes and the archive, so that whoever wants it says so; in CI it must be possible. */
const isWanted = process.env.CI === 'true' || process.env.RIG_REAL_DAEMONS === 'true';

const ROLLS: ReadonlyArray<readonly [daemon: string, from: string, to: string, raisesSchema: boolean, place: Place]> = [
  ['incus', '6.0', '7.0', true, 'namespaces'],
  ['lxd', '5.0', '5.0-2023', false, 'container'],
];

describe('real daemons', function () {
  this.timeout(LIMIT_MS);
  if (!isWanted) {
    it.skip('are not rolled: it takes minutes and the archive: set RIG_REAL_DAEMONS=true');
    return;
  }
  const lacks = lacksMaking();
  if (lacks !== null && process.env.CI !== 'true') {
    it.skip(`are not rolled: ${lacks}`);
    return;
  }

  for (const [daemon, from, to, raisesSchema, place] of ROLLS) {
    it(`${daemon} ${from} → ${to} (${place}): the first two wait, and the last one's notices open them`, async function () {
      if (lacks !== null) throw new Error(`CI must be able to roll real daemons: ${lacks}`);
      await requireRuntime(this, place);
      const runtime = place === 'container' ? 'container' : 'process';
      // It conforms to the machine, or this throws.
      const [rolled] = await rollAll(undefined, { daemon, from, to, runtime });
      expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
      const { plan, trace, verdict } = rolled!;
      for (const member of ['node01', 'node02'])
        expect(verdict.members.find(({ name }) => name === member)?.wokenBy.at(-1), account(rolled!)).to.equal(
          'notice',
        );
      // It is rolled by what the daemon itself has recorded.
      expect(Object.values(plan.given ?? {}).map(({ isRead }) => isRead)).to.deep.equal([true, true]);
      const { internal, extensions } = plan.versions[to]!;
      const recorded = trace.findLast((event) => !isRigEvent(event) && event.event === 'recorded');
      expect(recorded).to.have.nested.property('row.internal', internal);
      expect(recorded).to.have.nested.property('row.extensions').of.length(extensions.length);
      expect(eventsOf(trace, 'node03').some(({ event }) => event === 'applied')).to.equal(raisesSchema);
    });
  }

  it('whose suite or package an archive does not have are refused by name', async () => {
    for (const [suite, named, refusal] of [
      ['no-such-suite', 'mount', 'versions.1.0.debian.suite: the archive has no suite no-such-suite'],
      ['trixie', 'no-such-package', 'versions.1.0.debian.packages: trixie has no package no-such-package'],
    ] as const) {
      const error = await refusalOf(
        ensureRoot({ version: '1.0', debian: { suite, packages: [named] }, file: null }, making),
      );
      expect(error).to.be.instanceOf(InputError).and.have.property('message', refusal);
    }
  });
});

async function refusalOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('it was not refused');
    },
    (refused: Error) => refused,
  );
}

describe('a version that cannot be had', function () {
  this.timeout(60_000);
  let folder: string;
  const putBack: Array<() => void> = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => {
    for (const put of putBack.splice(0)) put();
    removeRoot();
    rmSync(folder, { recursive: true });
  });

  /** Roll by a description, as the command does. */
  async function rollBy(file: string, runtime: string): Promise<unknown> {
    const [plan] = plansFrom(undefined, { daemon: file, runtime, members: '2' });
    const chosen = await runtimeFor(plan!);
    return roll(plan!, { runtime: chosen.runtime, runs: join(folder, 'runs'), signal: making.signal, fresh: true });
  }

  it('is refused before anything is built where it cannot be made', () => {
    const wanted = [{ version: '1', debian: { suite: 'no-such-suite', packages: ['mount'] }, file: null }];
    putBack.push(setVariable('PATH', ''));
    expect(() => requireMaking(wanted)).to.throw(EnvironmentError, /mmdebstrap/);
  });

  it('is refused before anything is built where it cannot be kept', function () {
    if (lacksMaking() !== null) this.skip();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    putBack.push(setVariable('RIG_ROOTS', file));
    const wanted = [{ version: '1', debian: { suite: 'no-such-suite', packages: ['mount'] }, file: null }];
    expect(() => requireMaking(wanted)).to.throw(EnvironmentError, /cannot be kept: .*: name a folder .* in RIG_ROOTS/);
  });

  it('is refused before anything is built where there is no disk for it', function () {
    if (lacksMaking() !== null) this.skip();
    const small = join(folder, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
    putBack.push(setVariable('RIG_ROOTS', small));
    try {
      const wanted = ['1', '2'].map((name) => ({
        version: name,
        debian: { suite: 'trixie', packages: [`p${name}`] },
        file: null,
      }));
      expect(() => requireMaking(wanted)).to.throw(
        EnvironmentError,
        /^to make 2 root file systems needs 3\.0 GiB free in .*\/small, which has 0\.0 GiB: make room/,
      );
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('is refused by file and line where its packages do not have its program', async function () {
    await requireRuntime(this, 'namespaces');
    await buildRoot();
    const file = describeDouble(folder, [
      inRoot,
      ({ versions }) => {
        versions['2.0']!.command = ['/usr/bin/thingd'];
      },
    ]);
    const error = await refusalOf(rollBy(file, 'process'));
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.match(
      /double\.yaml:\d+: versions\.2\.0\.command: its packages have no \/usr\/bin\/thingd$/,
    );
  });

  it('is refused by file and line where the engine does not have its image', async function () {
    await requireRuntime(this, 'container');
    const file = describeDouble(folder, [
      ({ versions }) => {
        for (const version of Object.values(versions)) version.image = 'refresh-rig-test/no-such-image';
      },
    ]);
    const error = await refusalOf(rollBy(file, 'container'));
    expect(error).to.be.instanceOf(EnvironmentError);
    expect(error.message).to.match(
      /double\.yaml:\d+: versions\.1\.0\.image: the engine does not have the image \S+: build or pull/,
    );
  });

  it('prints something else than its description says: exit 2, and one sentence with file and line', async () => {
    const file = describeDouble(folder, [
      ({ patterns }) => {
        for (const pattern of patterns) if (pattern.event === 'parked') pattern.match = 'is taking a nap';
      },
    ]);
    const { code, stderr } = await runRig(folder, [
      'roll',
      '--daemon',
      file,
      '--runtime',
      'process',
      '--members',
      '2',
      '--fresh',
      '--json',
    ]);
    const errors = stderr.split('\n').filter((line) => line.startsWith('error:'));
    expect([code, errors.length], stderr).to.deep.equal([2, 1]);
    expect(errors[0]).to.match(
      /double\.yaml:\d+: patterns\.2: no line in the whole roll matched the pattern of parked \(\/is taking a nap\/\)/,
    );
  });

  it('must say what of it a container runs', () => {
    const file = join(folder, 'thing.yaml');
    const read = (version: string) => () => {
      writeFileSync(
        file,
        `name: thing\nversions:\n  '1': { debian: { suite: trixie, packages: [thing] }${version} }\npatterns:\n  - { event: open, on: stderr, match: ready }\n`,
      );
      return readDescription(file);
    };
    expect(read('')).to.throw(InputError, `${file}:3: versions.1.debian: packages do not say what a container runs`);
    expect(read(', command: [thing], image: thing')).to.throw(InputError, `${file}:3: versions.1: its image is either`);
    expect(read(', command: [thing]')).not.to.throw();
  });
});
