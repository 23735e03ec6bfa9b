/** `refresh-rig init`: begin in a repository of one's own. What it cannot know it asks, where there is somebody to be asked. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { invocation } from '../host/invocation.ts';
import { repository, version } from '../host/package.ts';
import { EnvironmentError, InputError } from '../input/errors.ts';
import { rollName } from '../input/values.ts';
import { printable } from '../report/printable.ts';
import { type Answers, filesFor, type Home } from './init-files.ts';
import { Interrupted } from './interrupt.ts';
import { errorText } from './outcome.ts';

interface Question {
  readonly flag: keyof Answers;
  readonly value: string;
  readonly asks: string;
  /** What is taken where nothing is answered; null: it has to be. */
  readonly otherwise: string | null;
}

function questions(): Question[] {
  return [
    {
      flag: 'name',
      value: '<name>',
      asks: 'what your daemon is called',
      otherwise: rollName(basename(process.cwd())),
    },
    {
      flag: 'old',
      value: '<program>',
      asks: 'the program of the older version, with its first arguments',
      otherwise: null,
    },
    {
      flag: 'new',
      value: '<program>',
      asks: 'the program of the newer version, with its first arguments',
      otherwise: null,
    },
    {
      flag: 'args',
      value: '<args>',
      asks: 'what follows it to start one member; in braces what each member has of its own',
      otherwise: '--name {member.name} --listen {member.address} --state {member.state}',
    },
    {
      flag: 'open',
      value: '<pattern>',
      asks: 'what it prints once it serves: a regular expression for a part of the line',
      otherwise: null,
    },
  ];
}

interface InitFlags extends Partial<Answers> {
  readonly folder: string;
  readonly together?: boolean;
  readonly workflow: boolean;
  readonly rig?: string;
}

export function initCommand(): Command {
  const command = new Command('init');
  for (const { flag, value, asks, otherwise } of questions())
    command.option(`--${flag} ${value}`, `${asks}${otherwise === null ? '' : ` (default: ${otherwise})`}`);
  return command
    .option(
      '--together',
      'members form a cluster by themselves once all are started; without it one after another enters',
    )
    .option('--folder <folder>', 'where the description and the scenario are left', 'rolling-upgrade')
    .option('--no-workflow', 'leave no workflow for GitHub Actions')
    .option(
      '--rig <repository>',
      `from where the workflow takes the rig, as OWNER/NAME or OWNER/NAME@REF (default: ${repository() ?? 'none'})`,
    )
    .action(async (flags: InitFlags) => {
      const { folder, together = false, workflow } = flags;
      const home = homeFrom(flags.rig);
      if (workflow && home === null)
        throw new InputError(
          '--rig <repository>: say in which repository on GitHub the rig is, or have no workflow left with --no-workflow',
        );
      const wanted = { folder, together, workflow, home };
      // Before anything is asked: nobody wants to answer in vain.
      refuseToOverwrite(Object.keys(filesFor(SAMPLE, wanted)));
      const files = filesFor(await answersFrom(flags, (answer) => filesFor({ ...SAMPLE, ...answer }, wanted)), wanted);
      leave(files);
      const [description, scenario] = Object.keys(files) as [string, string];
      console.log(`left ${Object.keys(files).join(', ')}`);
      console.log('fill in the description: it says itself what goes where. Then:');
      console.log(`  ${invocation()} daemon check ${description}`);
      console.log(`  ${invocation()} roll ${scenario}`);
      if (workflow)
        console.log(`The workflow takes the rig from ${home!.repository} at ${home!.ref}; --rig names another place.`);
    });
}

/** Of a repository without a ref, the release that this is. @throws InputError */
function homeFrom(given = repository()): Home | null {
  if (given === null) return null;
  const found = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(given);
  if (found === null) throw new InputError(`--rig ${given}: not a repository as OWNER/NAME or OWNER/NAME@REF`);
  return { repository: found[1]!, ref: found[2] ?? `v${version()}` };
}

const SAMPLE: Answers = { name: 'thing', old: 'old', new: 'new', args: '', open: 'open' };

/** @throws InputError where an answer cannot be */
type Trial = (answer: Partial<Answers>) => unknown;

/** @throws InputError where something is missing, and nobody can be asked */
async function answersFrom(flags: InitFlags, tryOut: Trial): Promise<Answers> {
  const asked = questions().filter(({ flag }) => flags[flag] === undefined);
  const given = Object.fromEntries(questions().map(({ flag, otherwise }) => [flag, flags[flag] ?? otherwise]));
  if (process.stdin.isTTY && process.stdout.isTTY) return { ...given, ...(await ask(asked, tryOut)) } as Answers;
  const missing = asked.filter(({ otherwise }) => otherwise === null);
  if (missing.length === 0) return given as unknown as Answers;
  const lines = missing.map(({ flag, value, asks }) => `--${flag} ${value}: say ${asks}`);
  throw new InputError(`${lines.join('\n')}\nnobody can be asked: this is no terminal`);
}

/** Each until it can be. @throws InputError where the terminal is closed (Ctrl-D) @throws Interrupted (Ctrl-C) */
async function ask(asked: readonly Question[], tryOut: Trial): Promise<Partial<Answers>> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  let because: Error = new InputError('not all was answered: nothing was left');
  const ended = new Promise<never>((_resolve, reject) => {
    terminal.on('SIGINT', () => {
      because = new Interrupted('nothing was left');
      terminal.close();
    });
    terminal.on('close', () => {
      // The question ends its line.
      process.stdout.write('\n');
      reject(because);
    });
  });
  ended.catch(() => undefined);
  const answers: Partial<Record<keyof Answers, string>> = {};
  try {
    for (const { flag, asks, otherwise } of asked) {
      const words = `${asks}${otherwise === null ? '' : ` [${otherwise}]`}: `;
      let answer = '';
      do answer = (await Promise.race([terminal.question(words), ended])).trim() || (otherwise ?? '');
      while (answer === '' || !canBe(() => tryOut({ [flag]: answer })));
      answers[flag] = answer;
    }
  } finally {
    terminal.removeAllListeners('close');
    terminal.close();
  }
  return answers;
}

/** Says why where it cannot. */
function canBe(trial: () => unknown): boolean {
  try {
    trial();
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.log(errorText(error.message));
    return false;
  }
}

/** @throws InputError */
function refuseToOverwrite(files: readonly string[]): void {
  const there = files.filter((file) => existsSync(file));
  if (there.length > 0)
    throw new InputError(
      `${there.map((file) => `${printable(file)}: it is there already`).join('\n')}\n` +
        'init overwrites nothing: move it away, or name another --folder, or leave out the workflow with --no-workflow',
    );
}

/** All of them, or none. @throws EnvironmentError */
function leave(files: Readonly<Record<string, string>>): void {
  const left: string[] = [];
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(process.cwd(), file)), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
      left.push(file);
    }
  } catch (error) {
    for (const file of left) rmSync(file);
    throw new EnvironmentError(`cannot leave what was asked for: ${(error as Error).message}`);
  }
}
