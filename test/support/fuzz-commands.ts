/** Bad input through the real command line: every command, as a process of its own, with a file or with flags. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOfStream } from 'node:stream/consumers';
import fc from 'fast-check';
import { paths } from '../../harness/host/paths.ts';
import { oddText } from './fuzz-edits.ts';
import { type Input, layOut } from './fuzz-inputs.ts';

/** A call of the command: the file that it reads, if it reads one, and its arguments, of which `@` is that file's folder. */
export interface Call {
  readonly command: string;
  readonly input: Input | null;
  readonly text: string;
  readonly args: readonly string[];
}

/** What came of the calls of a command. */
export interface Called {
  readonly command: string;
  readonly exits: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

/** The files that each command reads, with the arguments that have it read them and start no members. */
const FILES: ReadonlyArray<readonly [command: string, inputs: RegExp, args: readonly string[]]> = [
  ['judge', /^(plan|trace) of/, ['@']],
  ['judge', /^(plan|trace) of/, ['@', '--json']],
  ['report', /^(plan|trace) of/, ['@', '--trace', '@/t.json', '--otlp', '@/o.json']],
  ['report', /^(results|attempts)$/, ['@']],
  ['conform', /^(plan|trace) of/, ['@']],
  ['merge', /^(results|attempts)$/, ['@', '@']],
  ['plan', /^scenario$/, ['@/scenario.yaml']],
  ['plan', /^records$/, ['@/scenario.yaml', '--json']],
  ['plan', /^description$/, ['--daemon', '@/description.yaml']],
  ['versions', /^description$/, ['--daemon', '@/description.yaml']],
  ['explore', /^description$/, ['--daemon', '@/description.yaml', '--members', '2']],
  ['matrix', /^matrix$/, ['@/matrix.yaml', '--format', 'github']],
  ['replay', /^plan of refresh-rig$/, ['@/plan.json', '--runtime', 'process', '--wait', '1s']],
];

/** The flags of each command that take a value; but none that names a file to write. */
const FLAGS: ReadonlyArray<readonly [command: string, flags: readonly string[], args: readonly string[]]> = [
  ...(['roll', 'diff', 'watch', 'plan'] as const).map(
    (command) =>
      [
        command,
        [
          ...['--daemon', '--from', '--to', '--members', '--order', '--seed', '--strategy', '--wakeups', '--ahead'],
          ...[
            '--wait',
            '--pace',
            '--runtime',
            '--database',
            '--network-latency',
            ...(command === 'diff' ? ['--toggle'] : []),
          ],
        ],
        [],
      ] as const,
  ),
  [
    'matrix',
    [
      ...[
        '--daemon',
        '--pairs',
        '--order',
        '--strategy',
        '--wakeups',
        '--database',
        '--members',
        '--runtime',
        '--wait',
      ],
      ...['--seed', '--repeat', '--include', '--exclude', '--shards', '--format'],
    ],
    ['--format', 'github'],
  ],
  ['matrix', ['--jobs', '--shard', '--durations', '--resume'], ['--pairs', 'nothing']],
  [
    'explore',
    [
      ...['--strategy', '--wakeups', '--ahead', '--from', '--to', '--members', '--lose', '--duplicate', '--crash'],
      ...['--most-states', '--most-memory', '--daemon'],
    ],
    [],
  ],
  ['versions', ['--daemon'], ['v1', 'v2']],
  ['daemon', ['--from', '--to', '--members', '--order', '--runtime'], ['check', '@/none.yaml']],
  ['images', ['--daemon'], []],
  ['init', ['--name', '--old', '--new', '--args', '--open', '--rig'], ['--old=a', '--new=b', '--open=c']],
  ['replay', ['--runtime', '--wait'], ['@/none.json']],
  ['soak', ['--for', '--seed', '--daemon', '--runtime'], ['--for=nothing']],
  ['lost-notice', ['--times', '--wait', '--daemon'], ['--times=nothing']],
  ...(['judge', 'conform', 'merge', 'report', 'doctor', 'images', 'versions', 'schema'] as const).map(
    (command) => [command, ['--no-such-flag'], []] as const,
  ),
];

function callsOf(inputs: readonly Input[]): fc.Arbitrary<Call>[] {
  const withFiles = FILES.flatMap(([command, named, args]) =>
    inputs
      .filter(({ name }) => named.test(name))
      .map((input) => input.text.map((text): Call => ({ command, input, text, args }))),
  );
  // No system can pass a zero byte, or half of a character, as an argument.
  const value = oddText.map((text) => text.toWellFormed().replaceAll('\u0000', ''));
  const withFlags = FLAGS.map(([command, flags, args]) =>
    fc
      .tuple(fc.constantFrom(...flags), value)
      .map(([flag, given]): Call => ({ command, input: null, text: '', args: [...args, `${flag}=${given}`] })),
  );
  return [...withFiles, ...withFlags];
}

/** @param each how many of every kind of call @param seed the same seed and the same code, the same calls */
export function drawCalls(inputs: readonly Input[], each: number, seed: number): Call[] {
  return callsOf(inputs).flatMap((call) => fc.sample(call, { numRuns: each, seed }));
}

/** @param jobs how many at once */
export async function carryOutAll(calls: readonly Call[], jobs: number): Promise<Called[]> {
  const waiting = [...calls];
  const called = new Map<string, { exits: Map<string, number>; failures: string[] }>();
  const work = async (): Promise<void> => {
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
      const about = called.get(call.command) ?? { exits: new Map<string, number>(), failures: [] };
      called.set(call.command, about);
      const { exit, failure } = await carryOut(call);
      about.exits.set(exit, (about.exits.get(exit) ?? 0) + 1);
      if (failure !== null) about.failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return [...called].map(([command, about]) => ({ command, ...about }));
}

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');
/** What goes on for longer, rolls, watches or explores something sound, and is interrupted. */
const LIMIT_MS = 45_000;
const INTERRUPTED = 130;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

async function carryOut({ command, input, text, args }: Call): Promise<{ exit: string; failure: string | null }> {
  const folder = input === null ? mkdtempSync(join(tmpdir(), 'rig-fuzz-')) : layOut(input, text);
  const given = [command, ...args.map((arg) => arg.replace(/^@/, folder))];
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [MAIN, ...given], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let wasCut = false;
  const timer = setTimeout(() => {
    wasCut = true;
    child.kill('SIGINT');
  }, LIMIT_MS);
  const [stdout, stderr, code] = await Promise.all([
    textOfStream(child.stdout),
    textOfStream(child.stderr),
    new Promise<number | string | null>((resolve) => child.once('close', (exit, signal) => resolve(exit ?? signal))),
  ]);
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
  const wrong =
    typeof code !== 'number' || (code > 3 && !(wasCut && code === INTERRUPTED))
      ? `it exited with ${code}`
      : /this is a fault in|\n {4}at |UnhandledPromise/.test(stderr)
        ? 'a stack trace'
        : CONTROL.test(stdout + stderr)
          ? 'a control character reaches the terminal'
          : code === 2 && stderr.trim() === ''
            ? 'it says nothing'
            : null;
  const failure =
    wrong === null
      ? null
      : `${wrong}: ${JSON.stringify(given)}\n${input?.file}: ${text.slice(0, 3000)}\n${stderr.slice(0, 3000)}`;
  return { exit: wasCut ? 'interrupted' : String(code), failure };
}
