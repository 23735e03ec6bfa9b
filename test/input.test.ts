import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { plansFrom, type RollFlags } from '../harness/cli/options.ts';
import { errorText } from '../harness/cli/outcome.ts';
import { paths } from '../harness/host/paths.ts';
import { InputError } from '../harness/input/errors.ts';
import { readVersions } from '../harness/input/versions.ts';
import { refreshesOf } from '../harness/plan/plan.ts';
import { stepKind } from '../harness/plan/step-kind.ts';
import { readResults } from '../harness/store/matrix-folder.ts';
import { readRun } from '../harness/store/run-folder.ts';
import { judged, resultsOf } from './support/results.ts';
import { planOf, version } from './support/versions.ts';

describe('what the user gives', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };

  describe('a scenario that cannot be used is refused with file, line and key', () => {
    for (const [content, complaints] of [
      ['from: v1\nstrategy: hope\n', [':2: strategy: must be one of combined, split']],
      ['from: v1\n\nwiat: 30s\n', [':3: wiat: there is no such key']],
      ['wait: soon\nmembers: 0\n', [':1: wait: must be a duration', ':2: members: must be 1 or more']],
      ['expect:\n  exits:\n    node01: bored\n', [':3: expect.exits.node01: must be one of ahead']],
      [
        'refreshes:\n  - { member: node01, to: v2 }\n  - { member: Node2, to: v2 }\n',
        [':3: refreshes.1.member: must be lower-case'],
      ],
      ['from: [v1\n', [':2: ']],
      ['- a list\n', [':1: ']],
      ['order: sideways\n', [':1: order: must be one of forward']],
      ['from: v1\nto: *none\n', [':2: *none: there is no anchor of this name before it']],
      ['from: v1\nexpect: &a { exits: *a }\n', [':2: *a: it stands in what it names']],
      ['from: !!js/function x\n', [':1: Unresolved tag']],
      ['from: v1\nfrom: v2\n', [':2: from: it is there twice']],
      ['from: v1\n---\nfrom: v2\n', [':2: another document begins here']],
      ['# nothing yet\n', [':1: there is nothing in it']],
      ['from: v1\nmembers: 0x3\n', [':2: 0x3: write it as a decimal number']],
      [`name: ${'x'.repeat(300)}\n`, [':1: name: must be lower-case letters, digits, dots and hyphens, at most 100']],
      [`to: ${'v'.repeat(300)}\n`, [':1: to: must be letters, digits']],
      ['from: v9\n', [':1: from: there is no version v9; there are v1, v2']],
    ] as const) {
      it(JSON.stringify(content), () => {
        const file = write('s.yaml', content);
        const expected = complaints.map((complaint) => `${file}${complaint}`);
        expect(() => plansFrom(file, {}))
          .to.throw(InputError)
          .with.property('message')
          .that.satisfies((message: string) => {
            for (const line of expected) expect(message).to.contain(line);
            return true;
          });
      });
    }
  });

  it('is refused before its aliases unfold, or its nesting ends, and with a few of many faults', () => {
    const bomb = ['a', 'b', 'c', 'd', 'e'].map(
      (name, index, all) => `${name}: &${name} [${Array(9).fill(index === 0 ? 'x' : `*${all[index - 1]}`)}]\n`,
    );
    for (const [content, complaint] of [
      [bomb.join(''), 's.yaml: its aliases unfold to more than anybody can have meant'],
      [`from: ${'['.repeat(20_000)}`, 's.yaml: nested deeper than 50'],
      [Array.from({ length: 5000 }, (_, index) => `key${index}: 1\n`).join(''), 's.yaml: and 4990 more like these'],
    ] as const) {
      const file = write('s.yaml', content);
      expect(() => plansFrom(file, {}), complaint)
        .to.throw(InputError, complaint)
        .with.property('message')
        .that.satisfies((message: string) => message.split('\n').length <= 11);
    }
  });

  it('reaches the terminal as text, and no more of it than can be read', () => {
    expect(errorText('a\u001b[2Jb\u0007\u009bc')).to.equal('a\\u001b[2Jb\\u0007\\u009bc');
    expect(errorText('line\n'.repeat(1000)).split('\n')).to.have.length(41);
    expect(errorText('x'.repeat(100_000)).length).to.be.lessThan(2100);
  });

  it('refuses what contradicts itself or is not there, and says what to do', () => {
    for (const [flags, complaint] of [
      [{ to: 'v9' }, '--to v9: there is no version v9; there are v1, v2'],
      [{ strategy: 'pair' }, 'cannot go from v1 to v2, which introduces it: start from a version with 2'],
      [{ order: '1,2,2' }, '--order 1,2,2: 1,2,2 must name each member to refresh once: 1,2,3'],
      [{ members: '7', order: 'all' }, 'try random'],
      [{ members: 'many' }, '--members many: '],
      [{ members: '0x3' }, '--members 0x3: '],
      [{ wait: '0s' }, '--wait 0s: must be a duration'],
      [{ strategy: 'split', splitNotification: false }, 'drop it, or --strategy'],
    ] as ReadonlyArray<readonly [RollFlags, string]>) {
      expect(() => plansFrom(undefined, flags), JSON.stringify(flags)).to.throw(InputError, complaint);
    }
    expect(() => plansFrom(join(folder, 'none.yaml'), {})).to.throw(InputError, 'there is no such scenario');
    expect(() => plansFrom('/dev/zero', {})).to.throw(InputError, '/dev/zero: a device is no scenario');
  });

  it('makes the plans that orders ask for', () => {
    const orders = (flags: RollFlags) =>
      plansFrom(undefined, flags).map((plan) => plan.order.map((member) => Number(member.slice(-1))).join(''));
    expect(orders({})).to.deep.equal(['123']);
    expect(orders({ order: 'reverse' })).to.deep.equal(['321']);
    expect(orders({ order: '3,1,2' })).to.deep.equal(['312']);
    expect(orders({ order: 'all' })).to.deep.equal(['123', '132', '213', '231', '312', '321']);
    const seeded = orders({ order: 'random', seed: '7', members: '9' });
    expect(seeded).to.deep.equal(orders({ order: 'random', seed: '7', members: '9' }));
    expect(seeded).to.not.deep.equal(orders({ order: 'random', seed: '8', members: '9' }));
    const [together] = plansFrom(undefined, { order: 'together' });
    expect(together!.steps.filter((step) => step.do === 'refresh')).to.have.length(1);
  });

  it('lets flags override a scenario, and follows a member through several refreshes', () => {
    const file = join(paths.fixtures, 'revert-recorded.yaml');
    const [plan] = plansFrom(file, { wait: '5s', ahead: 'wait' });
    expect(plan).to.deep.include({ name: 'revert-recorded', from: 'v3', to: 'v4' });
    expect(plan!.daemon.model?.ahead).to.equal('wait');
    expect(plan!.daemon.timer?.everyMs).to.equal(5000);
    const path = refreshesOf(plan!).map(({ member, from, to }) => `${member} ${from} ${to}`);
    expect(path).to.deep.equal(['node01 v3 v4', 'node02 v3 v4', 'node01 v4 v3', 'node03 v3 v4', 'node01 v3 v4']);
    expect(plan!.records.map((record) => record.key)).to.include('unicode');
  });

  it('waits for no member to settle of which nothing tells when it waits, and wants to be told when one opens', () => {
    const described = (told: string): string =>
      write('thing.yaml', `name: thing\nversions: { one: { program: [x] } }\npatterns: [${told}]\n`);
    const paces = (flags: RollFlags) =>
      plansFrom(undefined, flags)[0]!.steps.flatMap((step) => (step.do === 'refresh' ? [step.pace] : []));
    const blind = described('{ event: open, match: up }');
    expect(paces({ daemon: blind })).to.deep.equal(Array(3).fill({ pauseMs: 5000 }));
    expect(paces({ pace: 'settled+2s' })).to.deep.equal(Array(3).fill({ pauseMs: 2000, settled: true }));
    expect(() => paces({ daemon: blind, pace: 'settled+2s' })).to.throw(
      InputError,
      '--pace settled+2s: settled: nothing tells when',
    );
    expect(() => paces({ daemon: blind, pace: 'settled' })).to.throw(
      InputError,
      '--pace settled: settled: nothing tells when',
    );
    const seeing = described('{ event: open, match: up }, { event: parked, match: waits }');
    expect(paces({ daemon: seeing })).to.deep.equal(['settled', 'settled', 'settled']);
    expect(() => paces({ daemon: described('{ event: parked, match: waits }') })).to.throw(
      InputError,
      'nothing tells when a member opens',
    );
  });

  it('can be any fixture of this repository', () => {
    for (const name of readdirSync(paths.fixtures)) {
      if (name !== 'records.yaml' && name !== 'matrix.yaml')
        expect(plansFrom(join(paths.fixtures, name), {})).to.have.length(1);
    }
  });

  it('makes a version by adding a file, and is told what is wrong with one', () => {
    cpSync(paths.versions, folder, { recursive: true });
    write('v7.yaml', 'about: another\ninternal: 5\nexternal: 4\nextensions: [one, two]\n');
    expect([...readVersions(folder).keys()]).to.include('v7');
    for (const [content, complaint] of [
      ['about: x\ninternal: 9\nexternal: 1\nextensions: []\n', 'v7.yaml: internal: needs one update'],
      [
        'about: x\ninternal: 1\nexternal: 1\nextensions: [one]\n',
        'v7.yaml: extensions: they need internal schema update 2',
      ],
      ['about: x\ninternal: two\nexternal: 1\nextensions: []\n', 'v7.yaml:2: internal: must be a whole number'],
      [
        'about: x\ninternal: 2\nexternal: 1\nextensions:\n  - one\n  - one\n',
        'v7.yaml:4: extensions: must not name an extension twice',
      ],
    ] as const) {
      write('v7.yaml', content);
      expect(() => readVersions(folder), content).to.throw(InputError, complaint);
    }
  });

  it('is told the kind of a step', () => {
    const kinds = [
      ['v1', 'v2', 'introduces'],
      ['v1', 'v6', 'introduces'],
      ['v2', 'v3', 'api'],
      ['v3', 'v4', 'schema'],
      ['v4', 'v5', 'both'],
      ['v5', 'v6', 'both'],
      ['v5', 'v5', 'none'],
      ['v5', 'v5-fork', 'mixed'],
      ['v5', 'v2', 'back'],
    ];
    expect(kinds.map(([from, to]) => [from, to, stepKind(version(from!), version(to!))])).to.deep.equal(kinds);
  });

  it('is the result of a matrix only if it is one, of the format of today, and leads nowhere else', () => {
    const results = resultsOf({ pairs: ['v1-v2'] }, []);
    const attempt = judged(results.cells[0]!.id, 1, true);
    for (const [edited, complaint] of [
      [{ format: 1 }, 'matrix.json: results of format 1, which an earlier rig wrote'],
      [{ attempts: [{ ...attempt, folder: '../../elsewhere' }] }, 'attempts.0.folder: must be a folder below'],
      [{ attempts: [{ ...attempt, folder: 'javascript:alert(1)' }] }, 'attempts.0.folder: must be a folder below'],
      [{ cells: [{ ...results.cells[0], pair: 'v1\u001b[2J' }] }, 'cells.0.pair: must be two versions'],
    ] as const) {
      write('matrix.json', JSON.stringify({ ...results, ...edited }));
      expect(() => readResults(folder), complaint).to.throw(InputError, complaint);
    }
  });

  it('is a saved run only if it is one', () => {
    expect(() => readRun(join(folder, 'none'))).to.throw(InputError, 'there is no such run');
    write('plan.json', '{"format":1,"steps":[],"members":[]}');
    expect(() => readRun(folder)).to.throw(InputError, 'plan.json: a plan of format 1, which an earlier rig wrote');
    const plan = planOf({});
    for (const [edited, complaint] of [
      [{ name: '../../elsewhere' }, 'plan.json: name: must be lower-case'],
      [{ members: ['node01', '../node02'] }, 'plan.json: members.1: must be lower-case letters'],
      [{ steps: [{ do: 'refresh' }] }, 'plan.json: steps.0.refreshes: Invalid input'],
      [{ steps: [{ do: 'bootstrap', member: 'node09', version: 'v1' }] }, 'steps.0: there is no member node09'],
      [{ to: 'v9' }, 'plan.json: to: there is no version v9'],
      [{ daemon: { ...plan.daemon, settings: { database: 'none' } } }, 'must be the settings of a daemon'],
      [{ from: 'constructor' }, 'plan.json: from: there is no version constructor'],
      [{ versions: { ...plan.versions, v2: version('v3') } }, 'versions.v2.name: must be the name by which'],
      [{ steps: plan.steps.slice(1) }, 'plan.json: steps.0: node01 is not in the cluster yet'],
      [
        { steps: [...plan.steps, ...plan.steps] },
        `plan.json: steps.${plan.steps.length}: the cluster is there already`,
      ],
      [{ order: ['node03', 'node02', 'node01'] }, 'order: the steps refresh node01, node02, node03'],
      [{ holds: false, steps: [...plan.steps, { do: 'release-all' }] }, 'this plan holds no member'],
    ] as const) {
      write('plan.json', JSON.stringify({ ...plan, ...edited }));
      expect(() => readRun(folder), complaint).to.throw(InputError, complaint);
    }
    write('plan.json', JSON.stringify(plan));
    const began =
      '{"atNs":1,"rig":"began","format":2,"plan":"p","runtime":"process","startedAt":"2026-01-01T00:00:00Z","alone":true}\n';
    for (const [text, complaint] of [
      ['{"atNs":1,"member":"node01","event":"open"}\n', 'trace.ndjson:1: a trace begins with the event "began"'],
      [`${began}{"atNs":2,\n`, 'trace.ndjson:2: not JSON'],
      [
        `${began}{"atNs":2,"member":"node01","event":"parked","gate":"garden"}\n`,
        'trace.ndjson:2: gate: Invalid option',
      ],
      [`${began}{"atNs":2,"rig":"gone","member":"node01"}\n`, 'trace.ndjson:2: code: Invalid input'],
      [
        `${began}{"atNs":2,"member":"node09","event":"listening","address":"127.0.0.1:1"}\n`,
        "trace.ndjson:2: node09 is no member of this trace's plan",
      ],
      ['{"atNs":1,"rig":"began","format":99}\n', 'has format 99, and this rig reads 2'],
    ] as const) {
      write('trace.ndjson', text);
      expect(() => readRun(folder), complaint).to.throw(InputError, complaint);
    }
    // A rig that was killed while it wrote leaves a last line without an end.
    write('trace.ndjson', `${began}{"atNs":2,`);
    expect(readRun(folder).trace).to.have.length(1);
  });
});
