import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { paths } from '../harness/host/paths.ts';
import { bundledOnce, pageScript } from '../harness/report/page-script.ts';

describe('the script of a page', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rig-script-'));
    write('page/entry.ts', "import { word } from '../words/word.ts';\nconsole.log(word);\n");
    write('words/word.ts', "export const word = 'before';\n");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (name: string, text: string): void => {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const bundled = () => bundledOnce(root, join(root, 'page', 'entry.ts'), join(root, 'cache'));
  const bundles = () => readdirSync(join(root, 'cache')).filter((name) => name.endsWith('.js'));

  it('is bundled once, and taken from the cache then', async () => {
    const code = await bundled();
    expect(code).to.contain('before');
    const [file] = bundles();
    utimesSync(join(root, 'cache', file!), 1, 1);
    writeFileSync(join(root, 'cache', file!), 'cached');
    expect(await bundled()).to.equal('cached');
  });

  it('is bundled again when a file changes that it imports, in whatever folder', async () => {
    await bundled();
    write('words/word.ts', "export const word = 'after';\n");
    expect(await bundled()).to.contain('after');
    write('words/word.ts', "export { word } from './other/word.ts';\n");
    write('words/other/word.ts', "export const word = 'elsewhere';\n");
    expect(await bundled()).to.contain('elsewhere');
    write('words/other/word.ts', "export const word = 'changed';\n");
    expect(await bundled()).to.contain('changed');
    expect(bundles()).to.have.length(4);
  });

  it('survives that an imported file goes away', async () => {
    await bundled();
    rmSync(join(root, 'words'), { recursive: true });
    write('page/entry.ts', "console.log('alone');\n");
    expect(await bundled()).to.contain('alone');
  });

  it('of the report is named by the sources outside its folder, too', async () => {
    await pageScript();
    const inputs = JSON.parse(readFileSync(join(paths.build, 'page', 'inputs.json'), 'utf8')) as string[];
    expect(inputs).to.include.members([
      'harness/report/browser/page.ts',
      'harness/report/lanes.ts',
      'harness/trace/leadership.ts',
      'harness/trace/trace.ts',
      'node/duration.ts',
    ]);
    expect(inputs.filter((input) => input.includes('node_modules'))).to.deep.equal([]);
  });
});
