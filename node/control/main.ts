/**
 * `member control --state FOLDER COMMAND`: asks the member of that folder at its control socket, and prints what it answers.
 *
 * Exit codes: 0 done, 1 the member refused, 2 bad arguments, 3 no member answers.
 */
import { parseArgs } from 'node:util';
import { askControl } from './client.ts';
import { COMMANDS, requestOf } from './commands.ts';

const TIMEOUT_MS = 10_000;

export const CONTROL_EXITS = { done: 0, refused: 1, badArguments: 2, unreachable: 3 } as const;

/** @returns the exit code */
export async function control(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n`);
    return CONTROL_EXITS.badArguments;
  }
  const stateFolder = parsed.state ?? env.MEMBER_STATE;
  const request = requestOf(parsed.command);
  if (request === null || stateFolder === undefined) {
    process.stderr.write(usage());
    return CONTROL_EXITS.badArguments;
  }
  try {
    const { status, body } = await askControl(stateFolder, request, TIMEOUT_MS);
    process.stdout.write(`${parsed.isText ? asText(body) : body}\n`);
    return status >= 200 && status < 300 ? CONTROL_EXITS.done : CONTROL_EXITS.refused;
  } catch (error) {
    process.stderr.write(`nobody answers at the control socket in ${stateFolder}: ${(error as Error).message}\n`);
    return CONTROL_EXITS.unreachable;
  }
}

interface Parsed {
  readonly state: string | undefined;
  readonly isText: boolean;
  readonly command: readonly string[];
}

/** A sentence where the options are none. */
function parse(args: readonly string[]): Parsed | string {
  try {
    const options = { state: { type: 'string' }, text: { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { state: values.state, isText: values.text === true, command: positionals };
  } catch (error) {
    const [what] = (error as Error).message.split('. ');
    return `${what}: control has --state FOLDER and --text, and what follows its command begins with no hyphen`;
  }
}

/** An answer that is nothing but a text, for a shell: without its quotes. */
function asText(body: string): string {
  const document: unknown = JSON.parse(body);
  return typeof document === 'string' ? document : body;
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([word, { usage, says }]) => `  ${`${word} ${usage}`.padEnd(28)} ${says}`);
  return [
    'control [--state FOLDER] [--text] COMMAND: ask a member that was started with --control. Without --state: MEMBER_STATE.',
    'The answer is JSON; with --text, what is nothing but a text is printed as it is.',
    '',
    ...lines,
    '',
  ].join('\n');
}
