import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { expect } from 'chai';
import { KEYS_FILE, keysPage } from '../docs/keys.ts';
import { SCHEMA_NAMES, type SchemaName } from '../harness/cli/key-words.ts';
import { plansFrom } from '../harness/cli/options.ts';
import { jsonSchemaOf } from '../harness/cli/schema.ts';
import { chooseDaemon, ourVersions } from '../harness/daemon/choose.ts';
import { paths } from '../harness/host/paths.ts';
import { readDescription } from '../harness/input/description-file.ts';
import { PatchFile } from '../harness/input/patches.ts';
import { RecordsFile } from '../harness/input/scenario.ts';
import { readYaml } from '../harness/input/yaml.ts';
import { matrixFile } from '../harness/matrix/spec.ts';

const ROOT = resolve(paths.fixtures, '..');
const fileOf = (name: SchemaName): string => join(ROOT, 'schemas', `${name}.schema.json`);
const OURS = globSync(['fixtures/**/*.yaml', 'versions/**/*.yaml', 'test/support/*.yaml'], { cwd: ROOT });

/** Throws where a file is not of the kind that its first line names. */
const READERS: Readonly<Record<SchemaName, (file: string) => unknown>> = {
  scenario: (file) => plansFrom(file, {}),
  matrix: (file) => readYaml(file, 'matrix', matrixFile(chooseDaemon(undefined))),
  version: () => ourVersions(),
  patch: (file) => readYaml(file, 'patch', PatchFile),
  description: (file) => readDescription(file),
  records: (file) => readYaml(file, 'file of records', RecordsFile),
};

describe('the JSON Schemas for editors', () => {
  for (const name of SCHEMA_NAMES) {
    it(`are those of the readers: ${name} (if not, run make schemas)`, () => {
      expect(JSON.parse(readFileSync(fileOf(name), 'utf8'))).to.deep.equal(jsonSchemaOf(name));
    });
  }

  it('know the keys, and say of each what it is for', () => {
    for (const [name, key] of [
      ['scenario', 'strategy'],
      ['matrix', 'pairs'],
      ['version', 'extensions'],
      ['patch', 'interrupted'],
      ['description', 'probes'],
    ] as const) {
      const { properties } = jsonSchemaOf(name) as { properties: Record<string, { description?: string }> };
      expect(properties).to.include.keys(key);
      const untold = Object.entries(properties).filter(([, { description = '' }]) => description === '');
      expect(Object.fromEntries(untold), name).to.deep.equal({});
    }
  });

  it('are what the reference of the keys is made of, in which none lacks its words (if not, run make schemas)', () => {
    const page = keysPage();
    expect(readFileSync(KEYS_FILE, 'utf8')).to.equal(page);
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.filter((row) => row.endsWith('|  |'))).to.deep.equal([]);
    for (const key of ['refreshes.crash.at', 'expect.budgets.stall', 'pairs', 'extensions'])
      expect(
        rows.some((row) => row.startsWith(`| \`${key}\` |`)),
        key,
      ).to.equal(true);
  });

  it('are named by every YAML file of ours, which is what it says to be', () => {
    expect(OURS).to.include.members(['fixtures/matrix.yaml', 'versions/v1.yaml', 'test/support/double.yaml']);
    for (const name of OURS) {
      const file = join(ROOT, name);
      const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
      const kind = SCHEMA_NAMES.find((known) => schema === relative(dirname(file), fileOf(known)));
      expect(kind, `the first line of ${name}`).to.be.a('string');
      READERS[kind!](file);
    }
  });

  it('are kept to by the whole files that the tutorial shows', () => {
    const page = readFileSync(join(ROOT, 'docs', 'describe-a-daemon.md'), 'utf8');
    const shown = [...page.matchAll(/^```yaml\n(# yaml-language-server: \S+\/(\w+)\.schema\.json\n[\s\S]*?)^```$/gm)];
    expect(shown.map(([, , kind]) => kind)).to.deep.equal(['description', 'scenario']);
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    try {
      // The scenario names the description as the tutorial does.
      for (const [, content = '', kind] of shown) {
        const file = join(folder, kind === 'description' ? 'thing.yaml' : 'roll.yaml');
        writeFileSync(file, content);
        READERS[kind as SchemaName](file);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
