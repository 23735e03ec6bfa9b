import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { repository, version } from '../harness/host/package.ts';
import { paths } from '../harness/host/paths.ts';

const read = (file: string): string => readFileSync(join(paths.root, file), 'utf8');
const DOCUMENTS = globSync(['*.md', 'docs/*.md'], { cwd: paths.root });

/** A path of a file or folder of ours, in code marks. */
const PATH = /`((?:node|harness|test|docs|versions|fixtures|schemas|\.github|bin|pack)\/[\w./-]+)`/g;

describe('the documents', () => {
  it('name files that there are, and link to what there is', () => {
    expect(DOCUMENTS).to.include.members(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/tutorial.md']);
    for (const document of DOCUMENTS) {
      const text = read(document);
      const named = [...text.matchAll(PATH)].map((found) => found[1]!).filter((path) => !path.includes('NAME'));
      const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((found) =>
        join(dirname(document), found[1]!),
      );
      const missing = [...named, ...linked].filter((path) => !existsSync(join(paths.root, path)));
      expect(missing, document).to.deep.equal([]);
    }
  });

  it('say the same version as the package', () => {
    expect(read('CHANGELOG.md')).to.match(new RegExp(`^## ${version().replaceAll('.', '\\.')}\\b`, 'm'));
  });

  it('have the rig from where the package says that it is, and from nowhere else', () => {
    const files = [...DOCUMENTS, ...globSync(['.github/**/*.yml', 'action.yml'], { cwd: paths.root })];
    const named = files.flatMap((file) => [...read(file).matchAll(/[\w.-]+\/refresh-rig(?=\.git\b|@|$)/gm)]);
    expect(new Set(named.map(([name]) => name))).to.deep.equal(new Set([repository()]));
  });
});
