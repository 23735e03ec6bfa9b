/** What is built and kept is there whole or not at all, and is built once. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { bundleDaemon } from '../harness/build/bundle.ts';
import { makeOnce } from '../harness/build/making.ts';

describe('a folder of what is built', () => {
  let beside: string;
  beforeEach(() => {
    beside = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rmSync(beside, { recursive: true }));

  const signal = new AbortController().signal;

  it('that several want at once is filled by the first, and had by all', async () => {
    const [folder, filled] = [join(beside, 'root'), [] as number[]];
    const want = (by: number): Promise<void> =>
      makeOnce(
        folder,
        async (making) => {
          filled.push(by);
          writeFileSync(join(making, 'file'), '');
          await sleep(50);
        },
        beside,
        signal,
      );
    await Promise.all([want(1), want(2), want(3)]);
    expect(filled).to.deep.equal([1]);
    expect([readdirSync(beside), readdirSync(folder)]).to.deep.equal([['root'], ['file']]);
  });

  it('that could not be filled is not there, and whoever waited for it fills it', async () => {
    const folder = join(beside, 'root');
    const failing = makeOnce(folder, () => Promise.reject(new Error('no')), beside, signal).catch(
      (error: Error) => error.message,
    );
    const other = makeOnce(folder, async () => undefined, beside, signal);
    expect(await failing).to.equal('no');
    await other;
    expect(readdirSync(beside)).to.deep.equal(['root']);
  });

  it('that a rig was filling when it was killed holds nobody up, and is removed', async () => {
    const dead = encodeURIComponent(`${hostname()}/${2 ** 22 + 1}/1`);
    mkdirSync(join(beside, `making-root-01234567@${dead}`));
    await makeOnce(join(beside, 'root'), async () => undefined, beside, signal);
    expect(existsSync(join(beside, 'root'))).to.equal(true);
    expect(readdirSync(beside)).to.deep.equal(['root']);
  });
});

describe('the compiled code of the daemon', () => {
  it('is taken by whoever starts it, and has in it what a refresh runs', async () => {
    const { main, compiled } = await bundleDaemon();
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    // What one that only says how it is used leaves, by itself and after it has taken what was compiled before.
    const left = async (env: Record<string, string>): Promise<number> => {
      await execa(process.execPath, [main, '--help'], { env: { ...env, MEMBER_COMPILED_TO: folder } });
      return statSync(join(folder, 'daemon.cjs')).size;
    };
    try {
      const alone = await left({});
      for (const engine of readdirSync(compiled))
        expect(await left({ MEMBER_COMPILED: join(compiled, engine) }), engine).to.be.above(1.5 * alone);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
