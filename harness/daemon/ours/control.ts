/**
 * Driving a member of our own daemon at its control socket: directly where the rig sees the member's folder, else with the
 * daemon's own program where the member runs.
 */
import { askControl } from '../../../node/control/client.ts';
import { type ControlWord, requestOf } from '../../../node/control/commands.ts';
import { CONTROL_EXITS } from '../../../node/control/main.ts';
import { NODE_FLAGS } from '../../build/compiled.ts';
import { type Reach, RequestError, type Seat } from '../contract.ts';

/** Long: that a member is slow on a busy machine is not that it refuses. */
const TIMEOUT_MS = 10_000;

/** Gives a command, and returns what the member answers. @throws RequestError */
export type Control = (word: ControlWord, ...args: string[]) => Promise<unknown>;

export function controlOf(seat: Seat, reach: Reach): Control {
  const { ours } = seat;
  return (...command) => (ours === null ? remote(seat, reach, command) : local(ours.stateFolder, command));
}

async function local(stateFolder: string, command: readonly string[]): Promise<unknown> {
  const request = requestOf(command);
  if (request === null) throw new Error(`a member has no command ${command.join(' ')}`);
  const { status, body } = await askControl(stateFolder, request, TIMEOUT_MS).catch((error: Error) => {
    throw new RequestError('unreachable', error.message);
  });
  return answerIn(status, body);
}

async function remote({ stateFolder }: Seat, { program, run }: Reach, command: readonly string[]): Promise<unknown> {
  // Node, its flags, and what it runs: not what that was started with.
  const argv = [...program.slice(0, NODE_FLAGS.length + 2), 'control', '--state', stateFolder, ...command];
  const options = { stdin: '', timeoutMs: TIMEOUT_MS, signal: new AbortController().signal };
  const { code, stdout, stderr, because } = await run(argv, options);
  if (code === CONTROL_EXITS.done) return answerIn(200, stdout.trim());
  if (code === CONTROL_EXITS.refused) return answerIn(500, stdout.trim());
  throw new RequestError('unreachable', because ?? stderr.trim());
}

/** What a member answers that does as it is asked. One that refuses says why in its answer. @throws RequestError */
export function answerIn(status: number, text: string): unknown {
  const document = documentIn(text);
  if (status >= 200 && status < 300 && document !== undefined) return document;
  const said = (document as { error?: unknown } | null | undefined)?.error;
  throw new RequestError('refused', typeof said === 'string' ? said : `it answered ${status} ${text.slice(0, 100)}`);
}

/** Null where an answer is empty; undefined where it is not JSON. */
function documentIn(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
