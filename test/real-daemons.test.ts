/** Real daemons, unpatched, as an archive has them: each description that the rig ships is rolled once, in containers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureRoot, PROGRAM, requireMaking } from '../harness/build/root-filesystem.ts';
import { findProgram } from '../harness/host/programs.ts';
import { readDescription } from '../harness/input/description-file.ts';
import { EnvironmentError, InputError } from '../harness/input/errors.ts';
import { eventsOf, isRigEvent } from '../harness/trace/trace.ts';
import { account, requireRuntime, rollAll } from './support/rig.ts';

/** Making a root file system takes minutes where there is none yet. */
const LIMIT_MS = 15 * 60_000;
const making = { say: () => undefined, signal: new AbortController().signal };

/**
 * Why what an archive has is not rolled here; null where it is. It moves, takes minutes to fetch and may not be reached, so that
 * whoever wants it says so.
 */
function lacksMaking(): string | null {
  if (process.env.RIG_REAL_DAEMONS !== 'true') return 'it takes minutes and the archive: set RIG_REAL_DAEMONS=true';
  if (findProgram(PROGRAM) === null) return 'there is no mmdebstrap';
  return process.getuid?.() === 0 ? null : 'mmdebstrap needs root';
}

describe('real daemons', function () {
  this.timeout(LIMIT_MS);
  const lacks = lacksMaking();
  if (lacks !== null) {
    it.skip(`are not rolled: ${lacks}`);
    return;
  }

  for (const [daemon, from, to, raisesSchema] of [
    ['incus', '6.0', '7.0', true],
    ['lxd', '5.0', '5.0-2023', false],
  ] as const) {
    it(`${daemon} ${from} → ${to}: the first two wait, and the last one's notices open them`, async function () {
      await requireRuntime(this, 'container');
      const [rolled] = await rollAll(undefined, { daemon, from, to, runtime: 'container' });
      expect(rolled!.verdict.outcome, account(rolled!)).to.equal('holds');
      const { plan, trace, verdict } = rolled!;
      for (const member of ['node01', 'node02'])
        expect(verdict.members.find(({ name }) => name === member)?.wokenBy, account(rolled!)).to.deep.equal([
          'notice',
        ]);
      // What the description counts on is what the daemon itself has recorded.
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
      const error = await ensureRoot({ version: '1.0', debian: { suite, packages: [named] }, file: null }, making).then(
        () => null,
        (refused: Error) => refused,
      );
      expect(error).to.be.instanceOf(InputError).and.have.property('message', refusal);
    }
  });
});

describe('a version of a Debian suite', () => {
  it('is refused before anything is built where it cannot be made', () => {
    const { PATH } = process.env;
    process.env.PATH = '';
    try {
      const wanted = [{ version: '1', debian: { suite: 'no-such-suite', packages: ['mount'] }, file: null }];
      expect(() => requireMaking(wanted)).to.throw(EnvironmentError, /mmdebstrap/);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('must say what of it a container runs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    const file = join(folder, 'thing.yaml');
    const read = (version: string) => () => {
      writeFileSync(
        file,
        `name: thing\nversions:\n  '1': { debian: { suite: trixie, packages: [thing] }${version} }\npatterns:\n  - { event: open, on: stderr, match: ready }\n`,
      );
      return readDescription(file);
    };
    try {
      expect(read('')).to.throw(InputError, `${file}:3: versions.1.debian: packages do not say what a container runs`);
      expect(read(', command: [thing], image: thing')).to.throw(
        InputError,
        `${file}:3: versions.1: its image is either`,
      );
      expect(read(', command: [thing]')).not.to.throw();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
