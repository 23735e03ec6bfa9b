import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { type SpecFlags, specOf } from '../harness/cli/matrix-options.ts';
import { paths } from '../harness/host/paths.ts';
import { InputError } from '../harness/input/errors.ts';
import { cellsOf } from '../harness/matrix/cells.ts';
import { Dimensions } from '../harness/matrix/dimensions.ts';
import { merge } from '../harness/matrix/merge.ts';
import { expectedMs, parseShard, shareOf } from '../harness/matrix/shard.ts';
import type { MatrixFile } from '../harness/matrix/spec.ts';
import { type CellState, cellResults } from '../harness/matrix/state.ts';
import { shuffled } from '../harness/plan/order.ts';
import { matrixReport } from '../harness/report/grid.ts';
import { junitReport } from '../harness/report/junit.ts';
import { markdownReport } from '../harness/report/markdown.ts';
import { matrixPage } from '../harness/report/matrix-page.ts';
import { cells, judged, OURS, resultsOf } from './support/results.ts';

const idsOf = (file: MatrixFile): string[] => cells(file).map(({ id }) => id);
const statesOf = (...given: Parameters<typeof resultsOf>): Record<string, CellState> =>
  Object.fromEntries(cellResults(resultsOf(...given)).map(({ cell, state }) => [cell.id, state]));

describe('the cells of a matrix', () => {
  it('are by default every forward pair without forks, in all six orders, each once', () => {
    const all = cells();
    expect(new Set(all.map(({ pair }) => pair)).size).to.equal(15);
    expect(new Set(all.map(({ id }) => id)).size).to.equal(90);
    expect(all.map(({ pair }) => pair).filter((pair) => pair.includes('fork'))).to.deep.equal([]);
    for (const { plan, order, from, to } of all) {
      expect(plan!.order.map((member) => member.slice(-1)).join('')).to.equal(order);
      expect([plan!.from, plan!.to]).to.deep.equal([from, to]);
    }
  });

  it('are the same from the fixture, which spells the defaults out', () => {
    const spec = specOf(join(paths.fixtures, 'matrix.yaml'), {}, OURS);
    expect(cellsOf(spec, OURS)).to.deep.equal(cells());
  });

  it('are chosen by patterns, and count orders that are the same once', () => {
    const file: MatrixFile = { pairs: ['v1-v2', 'v4-v5'], orders: ['all', 'forward'], databases: ['sqlite', 'dqlite'] };
    expect(idsOf(file)).to.have.length(24);
    const include = ['pair=v1-v2,database=dqlite', 'order=321'];
    expect(idsOf({ ...file, include, exclude: ['order=123', 'order=132', 'pair=v4-v5'] }).sort()).to.deep.equal([
      'v1-v2/213/split/latched/dqlite/3',
      'v1-v2/231/split/latched/dqlite/3',
      'v1-v2/312/split/latched/dqlite/3',
      'v1-v2/321/split/latched/dqlite/3',
      'v1-v2/321/split/latched/sqlite/3',
    ]);
    expect(idsOf({ pairs: ['v2-v3'], orders: ['together', [2, 1, 3]] })).to.deep.equal([
      'v2-v3/together/split/latched/sqlite/3',
      'v2-v3/213/split/latched/sqlite/3',
    ]);
  });

  it('are rolled at each pace, once where all are refreshed together, and never where nobody asks', () => {
    const own = cells({ pairs: ['v4-v5'], orders: ['all'], paces: ['settled', 'eager', 'together', 'auto'] });
    expect(own).to.have.length(6 + 6 + 1 + 6);
    const updating = own.filter(({ plan }) => plan!.steps.some((step) => step.do === 'update'));
    expect(new Set(updating.map(({ pace }) => pace))).to.deep.equal(new Set(['auto']));
    expect(updating).to.have.length(6);
    // What was rolled before there was a choice has the same name as ever.
    expect(own[0]!.id).to.equal('v4-v5/123/split/latched/sqlite/3');
    expect(Dimensions.parse({ ...own[0], pace: undefined }).pace).to.equal('settled');
  });

  it('are impossible, with the reason, where a strategy cannot take a pair', () => {
    const own = cells({ pairs: ['v1-v2', 'v4-v5'], orders: ['forward'], strategies: ['pair'] });
    expect(own.map(({ pair, plan }) => [pair, plan !== null])).to.deep.equal([
      ['v1-v2', false],
      ['v4-v5', true],
    ]);
    expect(own[0]!.impossible).to.contain('which introduces it');
  });

  it('are refused where the input is bad, naming the flag', () => {
    for (const [flags, complaint] of [
      [{ pairs: 'v1-v2,v9-v1' }, '--pairs v1-v2,v9-v1: v9-v1: must be forward, or two versions such as v1-v2'],
      [{ pairs: 'v2-v1' }, 'is a step of kind "back"'],
      [{ order: ['1,2,3', 'sideways'] }, '--order sideways: must be one of'],
      [{ strategy: 'split,hope' }, '--strategy split,hope: must be one of'],
      [{ members: '3,many' }, '--members 3,many: '],
      [{ members: '1' }, 'one member waits for nobody'],
      [{ wait: 'soon' }, '--wait soon: must be a duration'],
      [{ repeat: '0' }, '--repeat 0: must be 1 or more'],
      [{ include: ['pear=v1-v2'] }, '--include pear=v1-v2: pear=v1-v2: must be KEY=VALUE'],
    ] as ReadonlyArray<readonly [SpecFlags, string]>) {
      expect(() => specOf(undefined, flags, OURS), JSON.stringify(flags)).to.throw(InputError, complaint);
    }
    expect(() => cells({ members: [3, 5], orders: [[3, 1, 2]] })).to.throw(InputError, 'must name each member');
    expect(() => cells({ members: [7] })).to.throw(InputError, 'all orders of 7 members are too many');
    for (const [file, complaint] of [
      [{ include: ['order=999'] }, 'include: order=999: no cell of the matrix has order 999; there are 123, 132'],
      [{ exclude: ['pair=*'] }, 'exclude: pair=*: no cell of the matrix has pair *; there are v1-v2'],
      [{ exclude: ['order=123', 'members=3'] }, 'they leave no cell'],
      [{ exclude: ['order=123,order=321'] }, 'says order twice'],
    ] as ReadonlyArray<readonly [MatrixFile, string]>) {
      expect(() => cells(file), complaint).to.throw(InputError, complaint);
    }
    expect(() => parseShard('5/4')).to.throw(InputError, '--shard 5/4');
  });
});

describe('the shards of a matrix', () => {
  const all = cells({ strategies: ['split', 'combined'] });
  // Some are recorded to take long, and some are not known.
  const recordedMs = new Map(all.slice(40).map(({ id }, index) => [id, index % 7 === 0 ? 30_000 : 1000 + 37 * index]));

  it('have every cell in exactly one share, are about equally long, and the same wherever they are cut', () => {
    for (const count of [1, 2, 3, 4, 7]) {
      const indices = Array.from({ length: count }, (_, index) => index + 1);
      const shares = indices.map((index) => shareOf(all, { index, count }, recordedMs));
      expect(shares.flatMap((share) => [...share]).sort()).to.deep.equal(all.map(({ id }) => id).sort());
      const lengthMs = expectedMs(all, recordedMs);
      const totals = shares.map((share) => [...share].reduce((sum, id) => sum + lengthMs.get(id)!, 0));
      expect(Math.max(...totals) - Math.min(...totals)).to.be.at.most(Math.max(...lengthMs.values()));
      const elsewhere = indices.map((index) => shareOf(shuffled(all, 7), { index, count }, recordedMs));
      expect(elsewhere).to.deep.equal(shares);
    }
  });
});

describe('the results of a matrix', () => {
  const FILE: MatrixFile = {
    pairs: ['v1-v2'],
    orders: ['forward', 'reverse'],
    strategies: ['split', 'pair'],
    repeat: 2,
  };
  const [ONE, OTHER] = ['v1-v2/123/split/latched/sqlite/3', 'v1-v2/321/split/latched/sqlite/3'] as const;
  const HOPELESS = 'v1-v2/123/pair/latched/sqlite/3';
  const failed = (cell: string) =>
    ({
      cell,
      repeat: 2,
      durationMs: 5,
      alone: true,
      outcome: 'no-verdict',
      because: 'no \u001b[31mport\u0007 <free>',
    }) as const;

  it('say what came of each cell', () => {
    expect(statesOf(FILE, [judged(ONE, 1, true), judged(ONE, 2, true)])).to.include({
      [ONE]: 'holds',
      [OTHER]: 'not-run',
      [HOPELESS]: 'impossible',
    });
    expect(statesOf(FILE, [judged(ONE, 1, false), judged(ONE, 2, false)])).to.include({ [ONE]: 'broken' });
    expect(statesOf(FILE, [judged(ONE, 1, true), judged(ONE, 2, false)])).to.include({ [ONE]: 'flaky' });
    expect(statesOf(FILE, [judged(ONE, 1, true), failed(ONE)])).to.include({ [ONE]: 'no-verdict' });
    expect(statesOf(FILE, [judged(ONE, 1, false), failed(ONE)])).to.include({ [ONE]: 'broken' });
  });

  const sentence = 'Stalled | <3 s> & *more* ]]>.';
  const mixed = resultsOf(FILE, [
    judged(ONE, 2, false, sentence),
    judged(ONE, 1, true),
    judged(OTHER, 1, true),
    failed(OTHER),
  ]);

  it('are told on a terminal, a flaky cell with both of its rolls', () => {
    const text = stripVTControlCharacters(matrixReport(mixed));
    expect(text).to.match(/pair +123 +321\s+v1-v2 +FLAKY +no verdict/);
    expect(text).to.match(/pair +123 +321\s+v1-v2 +– +–/);
    expect(text).to.contain('rolls/v1-v2-123-split-latched-sqlite-3-1').and.to.contain(`${sentence}\n`);
    expect(text).to.contain('rolls/v1-v2-123-split-latched-sqlite-3-2');
    expect(text).to.contain('0 of 4 cells hold; 1 is flaky, 1 came to no verdict, 2 are impossible.');
  });

  it('are told once where only figures and members differ, with how often, and with the command for the first', () => {
    const stalled = (member: string, ms: string) => `All opened, but ${member} waited at the schema gate for ${ms}.`;
    const results = resultsOf({ pairs: ['v1-v2', 'v4-v5'], orders: ['forward', 'reverse'] }, [
      judged('v1-v2/123/split/latched/sqlite/3', 1, false, stalled('node01', '29.7 s')),
      judged('v1-v2/321/split/latched/sqlite/3', 1, false, stalled('node03', '812 ms')),
      judged('v4-v5/123/split/latched/sqlite/3', 1, false, 'node01 waited at the API gate for 29.7 s.'),
      judged('v4-v5/321/split/latched/sqlite/3', 1, false, stalled('node03', '30.0 s')),
    ]);
    const text = stripVTControlCharacters(matrixReport(results));
    expect(text.match(/^BROKEN {2}/gm)).to.have.length(2);
    expect(text).to.contain(
      'v4-v5/321/split/latched/sqlite/3: 3 times the same, but for figures and members; the first: All opened, but node01',
    );
    expect(text).to.match(/again: .* roll --from v1 --to v2 --order 1,2,3\n/);
    for (const report of [markdownReport(results), junitReport(results), matrixPage(results)])
      expect(report).to.match(/again: .*roll --from v4 --to v5 --order 1,2,3/);
  });

  it('are told in Markdown, in which no sentence becomes markup', () => {
    const text = markdownReport(mixed);
    expect(text).to.contain('| pair | 123 | 321 |\n| --- | --- | --- |\n| v1-v2 | **FLAKY** | **no verdict** |');
    expect(text).to.contain('Stalled \\| \\<3 s\\> & \\*more\\*');
  });

  it('are told in JUnit XML: a case a roll, the sentence as its failure, and nothing that XML cannot hold', () => {
    const text = junitReport(mixed);
    expect(text).to.match(/<testsuites[^>]* tests="6" failures="1" errors="1" skipped="2"/);
    expect(text).to.contain(`<testcase classname="refresh-rig.v1-v2" name="${ONE}, repeat 2" time="1.5">`);
    expect(text).to.contain('<failure message="Stalled | &lt;3 s> &amp; *more* ]]>." type="broken">');
    expect(text).to.contain('woken: only a timer ended a stall');
    expect(text).to.contain('<error message="no port &lt;free>" type="no-verdict"');
    expect(text).to.contain(`name="${HOPELESS}">\n      <skipped/>`);
  });
});

describe('merging the results of shards', () => {
  const FILE: MatrixFile = { pairs: ['v1-v2', 'v2-v3'], orders: ['forward'] };
  const [ONE, OTHER] = idsOf(FILE) as [string, string];
  const part = (folder: string, own: string, holds: boolean) => {
    const whole = resultsOf(FILE, [judged(own, 1, holds)]);
    const share = whole.cells.map((cell) => ({ ...cell, inShare: cell.id === own }));
    return { folder, results: { ...whole, shard: '1/2', cells: share } };
  };

  it('gives their union, and names the cells that are missing', () => {
    const both = merge([part('a', ONE, true), part('b', OTHER, false)]);
    expect(cellResults(both.results).map(({ state }) => state)).to.deep.equal(['holds', 'broken']);
    expect(both.conflicts).to.deep.equal([]);
    const half = merge([part('b', OTHER, true)]);
    expect(stripVTControlCharacters(matrixReport(half.results))).to.contain(`not run  ${ONE}: Nobody has rolled it.`);
  });

  it('names what two parts do not agree on, which makes the cell flaky', () => {
    const { conflicts, results } = merge([part('a', ONE, true), part('b', ONE, false)]);
    expect(conflicts).to.deep.equal([`${ONE}, repeat 1: holds in a, and does not in b`]);
    expect(cellResults(results)[0]!.state).to.equal('flaky');
  });

  it('refuses what is not of one matrix', () => {
    const stranger = { folder: 'b', results: resultsOf({ ...FILE, wait: '5s' }, []) };
    expect(() => merge([part('a', ONE, true), stranger])).to.throw(
      InputError,
      'b is not of the same matrix as a: spec.wait is "5s" there, and "30s" here',
    );
  });
});
