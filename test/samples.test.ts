import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { findDqlite } from '../harness/host/libraries.ts';
import { paths } from '../harness/host/paths.ts';
import { samplesIn, withoutParticulars } from './support/samples.ts';

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');
/** No engine answers there: members are processes, as in the documents. */
const NO_ENGINE = 'tcp://127.0.0.1:1';

/** What makes a command faster, and changes only figures. */
const FASTER: ReadonlyArray<readonly [part: string, flags: readonly string[]]> = [
  ['--toggle split-notification', ['--wait', '2s']],
  ['--toggle handover', ['--network-latency', '20ms']],
];

for (const [file, least] of [
  ['README.md', 3],
  ['docs/tutorial.md', 8],
] as const) {
  describe(`the samples of ${file}`, function () {
    this.timeout(120_000);
    const samples = samplesIn(readFileSync(join(paths.root, file), 'utf8'));
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
      symlinkSync(paths.fixtures, join(folder, 'fixtures'));
    });
    after(() => rmSync(folder, { recursive: true }));

    it('are some', () => expect(samples).to.have.length.at.least(least));

    for (const { command, pieces } of samples) {
      it(`are what the command prints: ${command}`, async function () {
        if (command.includes('dqlite') && (await findDqlite()) === null) this.skip();
        const words = (await typed(command)).split(' ').filter((word) => word !== '');
        const more = FASTER.flatMap(([part, flags]) => (words.join(' ').includes(part) ? flags : []));
        const { stdout } = await execa(process.execPath, [MAIN, ...words, ...more], {
          cwd: folder,
          reject: false,
          env: { NO_COLOR: '1', DOCKER_HOST: NO_ENGINE },
        });
        let rest = withoutParticulars(stdout);
        for (const piece of pieces) {
          const at = rest.indexOf(piece);
          expect(at, `${piece}\n\nis not in\n\n${rest}`).to.be.at.least(0);
          rest = rest.slice(at + piece.length);
        }
      });
    }
  });
}

/** What the rig is given of a line that a person types: `npm run -s rig -- roll`, or a target of the Makefile. */
async function typed(command: string): Promise<string> {
  const rig = /^(npm run (-s|--silent) rig --|npx refresh-rig) (.*)$/.exec(command);
  if (rig !== null) return rig[3]!.replace(/ +# .*$/, '');
  const target = /^make (.*?)( +#.*)?$/.exec(command);
  if (target === null) throw new Error(`not a command that this test can run: ${command}`);
  const { stdout } = await execa('make', ['--dry-run', '--no-print-directory', ...target[1]!.split(' ')], {
    cwd: paths.root,
  });
  return typed(stdout.split('\n').at(-1)!.trim());
}
