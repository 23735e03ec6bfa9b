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

/** What makes a command faster, and changes only figures: a flag for another, or for none. */
const FASTER: ReadonlyArray<readonly [part: string, faster: string]> = [
  ['--toggle split-notification', '--toggle split-notification --wait 2s'],
  ['--toggle handover', '--toggle handover --network-latency 20ms'],
  ['--wait 5s', '--wait 2s'],
];

/** By command: both documents show some, which are run once. */
const PRINTED = new Map<string, Promise<string>>();

function printedBy(command: string, cwd: string): Promise<string> {
  const faster = FASTER.reduce((line, [part, by]) => line.replace(part, by), command);
  const known = PRINTED.get(faster);
  if (known !== undefined) return known;
  const printed = execa(process.execPath, [MAIN, ...faster.split(' ').filter((word) => word !== '')], {
    cwd,
    reject: false,
    env: { NO_COLOR: '1', DOCKER_HOST: NO_ENGINE },
  }).then(({ stdout }) => stdout);
  PRINTED.set(faster, printed);
  return printed;
}

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
        let rest = withoutParticulars(await printedBy(await typed(command), folder), command);
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
