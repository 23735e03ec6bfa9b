/** What a terminal shows while a roll goes on, and after it: in a real pty, as a person would see it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { execa } from 'execa';
import { plansText, planText } from '../harness/cli/plan.ts';
import { explore } from '../harness/explore/explore.ts';
import { paths } from '../harness/host/paths.ts';
import { judge } from '../harness/judge/judge.ts';
import { comparison } from '../harness/report/comparison.ts';
import { descriptionReport } from '../harness/report/description.ts';
import { exploration } from '../harness/report/exploration.ts';
import { frameOf } from '../harness/report/frame.ts';
import { matrixReport } from '../harness/report/grid.ts';
import { FILE, type Screen, wrapped } from '../harness/report/screen.ts';
import { tableText } from '../harness/report/table.ts';
import { terminalReport } from '../harness/report/terminal.ts';
import { largeTrace } from './support/large-trace.ts';
import { machineTrace } from './support/machine-trace.ts';
import { Pty } from './support/pty.ts';
import { recorded } from './support/recorded.ts';
import { cells, judged, resultsOf } from './support/results.ts';
import { BEGINNING, rig, SCENARIO, SECOND_NS, traceOf } from './support/told.ts';
import { planOf, version } from './support/versions.ts';

const RIG = join(paths.root, 'harness', 'cli', 'main.ts');
const SMALL: Screen = { columns: 80, rows: 24 };
const SIZES: readonly Screen[] = [
  { columns: 120, rows: 40 },
  { columns: 80, rows: 21 },
  { columns: 60, rows: 21 },
  SMALL,
];

function expectToFit(lines: readonly string[], { columns, rows }: Screen, name = ''): void {
  expect(lines.length, name).to.be.at.most(rows);
  // A command is copied whole.
  for (const line of lines.filter((each) => !each.includes('again: ')))
    expect(stripVTControlCharacters(line).length, line).to.be.at.most(columns);
}

function checkedDescription() {
  const parts = Array.from({ length: 15 }, (_, index) => ({
    name: `pattern ${index}`,
    isExpected: true,
    use:
      index % 4 === 0
        ? null
        : { times: index, firstNs: 1e9, member: 'node01', example: 'a line '.repeat(20), trouble: null },
  }));
  const missing = [{ check: 'woken', because: 'nothing tells of a park', add: 'a pattern for parked' }];
  return { parts, beganNs: 0, missing };
}

describe('text for a terminal', () => {
  const fifty = planOf({ ...SCENARIO, members: 50 });
  const { trace } = largeTrace(50, 1);
  const began = rig(0, 'step', { step: 30 });

  it('is wrapped by words, and as it is in a file', () => {
    const text = 'holds    opened: all 3 members open at the end, as expected';
    expect(wrapped(text, { columns: 30 }, 9).split('\n')).to.deep.equal([
      'holds    opened: all',
      '         3 members open at the',
      '         end, as expected',
    ]);
    expect(wrapped(text, FILE)).to.equal(text);
    const rows = [['node01', 'schema 30.0 s, api 256 ms', 'timer, notice, notice, notice']];
    expectToFit(tableText(['member', 'parked', 'woken by'], rows, { columns: 40 }).split('\n'), {
      columns: 40,
      rows: 4,
    });
  });

  it('is never longer or wider than a screen, whatever there is to say', () => {
    const three = planOf({ ...SCENARIO, members: 3, from: 'v1', to: 'v2', strategy: 'combined' });
    const rolls = [
      { plan: three, trace: machineTrace(three, 2) },
      { plan: fifty, trace },
      ...['incus-timer', 'lxd-lost-record'].map(recorded),
    ].map((one) => ({ label: 'as it is', ...one, verdict: judge(one.plan, one.trace) }));
    expect(rolls.map(({ verdict }) => verdict.outcome)).to.include('broken');
    const orders = ['123', '132', '213'].map((digits) => [...digits].join());
    const results = resultsOf(
      { pairs: ['v1-v2', 'v2-v3', 'v4-v5'], orders, strategies: ['split', 'combined'] },
      cells({ pairs: ['v1-v2', 'v2-v3'] }).map(({ id }, index) =>
        judged(id, 1, index % 2 === 0, `Of ${id}: ${'so it was, '.repeat(9)}`),
      ),
    );
    const answers = ['v2', 'v5'].map((to) =>
      explore({
        ...{ strategy: 'combined', wakeups: 'lossy', ahead: 'exit', from: version('v1'), to: version(to), members: 2 },
        ...{ faults: { lose: 0, duplicate: 0, crash: 0 }, mostStates: 1e6, mostBytes: 2 ** 28, reduce: false },
      }),
    );
    for (const screen of SIZES) {
      const ending = rolls.map(({ verdict }) => verdict.sentence);
      const texts = {
        ...Object.fromEntries(
          rolls.flatMap((one, index) => [
            [`roll ${index}`, terminalReport(one.plan, one.trace, one.verdict, screen)],
            [`comparison ${index}`, comparison([one, one], 'their page', screen)],
            [`plan ${index}`, planText(one.plan, screen)],
          ]),
        ),
        plans: plansText(Array(6).fill(three), screen),
        matrix: matrixReport(results, 'report.txt', screen),
        exploration: exploration(answers, { screen }),
        description: descriptionReport({ ...checkedDescription(), ending }, screen),
      };
      for (const [name, text] of Object.entries(texts)) expectToFit(text.split('\n'), screen, name);
    }
  });

  it('fits a screen, names who is worst, and says where the rest is; a file has all', () => {
    const verdict = judge(fifty, trace);
    const report = terminalReport(fifty, trace, verdict, { columns: 80, rows: 40 });
    expectToFit(report.split('\n'), { columns: 80, rows: 40 });
    expect(report.replaceAll(/\s+/g, ' ')).to.match(
      /… and \d+ more members, none of them slower or worse: report\.txt/,
    );
    const whole = terminalReport(fifty, trace, verdict);
    for (const member of fifty.members) expect(whole).to.contain(`\n${member}  `);
  });

  it('shows of fifty members the steps around the present one, whoever is parked first', () => {
    const events = [...traceOf([began]), ...trace.slice(0, -51)];
    const frame = frameOf(fifty, events, 1e15 + 90 * SECOND_NS, SMALL).map(stripVTControlCharacters);
    expectToFit(frame, SMALL);
    expect(frame.join('\n')).to.match(/… \d+ steps before\n(.+\n)+ {2}… \d+ steps after\n/);
    expect(frame.join('\n')).to.match(/is parked at the \w+ gate, timer 8\d\.\d s|is parked at the \w+ gate, timer 1/);
    expect(frame.join('\n')).to.match(/… and \d+ more: /);
  });

  it('says who waits for whom and for what, and which timer is running', () => {
    const events = traceOf([rig(0.5, 'formed', { how: 'now' }), ...BEGINNING.filter(([second]) => second < 10.5)]);
    const frame = frameOf(planOf(SCENARIO), events, 20 * SECOND_NS, { columns: 200, rows: 40 });
    const lines = frame.map(stripVTControlCharacters);
    expect(lines).to.include(
      'node01  is parked at the API gate, timer 14.0 s of 30.0 s, waits for word from node02: it could pass, and has not been told',
    );
    expect(lines).to.include('node02  is open');
  });
});

describe('a terminal', function () {
  this.timeout(120_000);
  let home: string;
  const open: Pty[] = [];
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'rig-terminal-'));
  });
  after(async () => {
    for (const pty of open) await pty.close();
    rmSync(home, { recursive: true });
  });

  function run(...args: string[]): Pty {
    const pty = new Pty([process.execPath, RIG, ...args], home, SMALL);
    open.push(pty);
    return pty;
  }

  it('shows the seconds of a park, redraws its lines, and leaves each step once', async () => {
    const pty = run('roll', '--runtime', 'process', '--strategy', 'combined', '--wait', '4s');
    const timer = (lines: readonly string[]): string | undefined =>
      lines
        .map((line) => /^node01 {2}is parked at the schema gate, timer (\S+) s of 4\.0 s/.exec(line)?.[1])
        .find(Boolean);
    const first = timer(await pty.until((lines) => timer(lines) !== undefined));
    const later = await pty.until((lines) => (timer(lines) ?? first) !== first);
    expect(Number(timer(later))).to.be.greaterThan(Number(first));
    await pty.until((lines) => lines.some((line) => /word from node03: it could pass/.test(line)));
    const lines = await pty.end();
    expect(lines.filter((line) => line.includes('bootstrap node01'))).to.have.length(1);
    expect(lines.filter((line) => line.includes('is parked at'))).to.have.length(0);
    expect(lines.join(' ')).to.contain('The verdict does not hold.');
  });

  it('shows a matrix in one line, which is not green where a roll fails', async () => {
    const pairs = ['matrix', '--pairs', 'v1-v2', '--order', '1,2,3', '--strategy', 'split,combined', '--wait', '1s'];
    const pty = run(...pairs, '--runtime', 'process');
    const lines = await pty.end();
    const counting = lines.filter((line) => /\d of 2 done/.test(line));
    expect(counting).to.have.length(1);
    expect(counting[0]).to.match(/^✖ 2 of 2 done, 0 running, 1 failing/);
    expect(pty.colourOf('2 of 2 done')).to.equal(1);
  });

  it('gets no more than a screen of an exploration, in 80 columns, and what has the rest', async () => {
    // In CI the library colours what is piped too, for whoever reads its log.
    const piped = { cwd: home, reject: false, env: { CI: undefined, FORCE_COLOR: undefined } } as const;
    const plain = await execa(process.execPath, [RIG, 'explore'], piped);
    const lines = plain.stdout.split('\n');
    expect(lines.length).to.be.at.most(60);
    expect(plain.stdout).to.equal(stripVTControlCharacters(plain.stdout));
    expect(plain.stdout).to.match(/the other \d+: add --paths/);
    const table = lines.slice(0, lines.indexOf(''));
    expectToFit(table, SMALL);
    const whole = await execa(process.execPath, [RIG, 'explore', '--paths'], piped);
    expect(whole.stdout.match(/the shortest way into a state/g)!.length).to.be.greaterThan(20);
    expectToFit(whole.stdout.split('\n\n')[0]!.split('\n'), { columns: 80, rows: Number.POSITIVE_INFINITY });
  });
});
