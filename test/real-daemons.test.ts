/** Real daemons, unpatched, as an archive has them: each description that the rig ships is rolled once, in containers. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { ensureRoot } from '../harness/build/root-filesystem.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import { account, requireRuntime, rollAll } from './support/rig.ts';

/** Making a root file system takes minutes where there is none yet. */
const LIMIT_MS = 15 * 60_000;
const making = { say: () => undefined, signal: new AbortController().signal };

/** Why what an archive has cannot be made here; null where it can. */
function lacksMaking(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, 'mmdebstrap')))) return 'there is no mmdebstrap';
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
      const rows = trace.filter((event) => 'event' in event && event.event === 'recorded').map(({ row }) => row);
      expect(rows.at(-1)).to.include({ internal }).and.have.property('extensions').of.length(extensions.length);
      expect(eventsOf(trace, 'node03').some(({ event }) => event === 'applied')).to.equal(raisesSchema);
    });
  }

  it('that an archive does not have are refused by name', async () => {
    const refusal = async (suite: string): Promise<Error> =>
      ensureRoot('1.0', { suite, packages: ['mount'] }, making).then(
        () => new Error('it was made'),
        (error: Error) => error,
      );
    expect(await refusal('no-such-suite'))
      .to.have.property('message')
      .that.matches(/^versions\.1\.0\.debian\.suite: the archive has no suite no-such-suite$/);
  });
});
