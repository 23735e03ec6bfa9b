/** Running a program of this host to its end, with its output bounded in size and time. */
import { execa } from 'execa';
import type { Ran, RunOptions } from '../daemon/contract.ts';
import { lackAtStart } from '../host/lack.ts';

/** An environment with the mark of a roll in it. */
export type Marked = Readonly<Record<string, string>>;

/** What a program prints beyond this is not what the rig asked it for. */
const MOST_OUTPUT = 4 * 1024 * 1024;

/**
 * Never throws for how the program ends.
 * @throws the signal's reason when it aborts; EnvironmentError where the rig lacks what it needs to start any program
 */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  { stdin, timeoutMs, signal }: RunOptions,
  env: Marked,
): Promise<Ran> {
  signal.throwIfAborted();
  const result = await execa(program, args, {
    env,
    extendEnv: false,
    input: stdin,
    reject: false,
    timeout: timeoutMs,
    killDescendants: true,
    forceKillAfterDelay: 500,
    cancelSignal: signal,
    maxBuffer: MOST_OUTPUT,
    stripFinalNewline: false,
  });
  signal.throwIfAborted();
  const lack = result.cause === undefined ? null : lackAtStart(result.cause);
  if (lack !== null) throw lack;
  const { exitCode, stdout, stderr, timedOut, isMaxBuffer, shortMessage } = result;
  const because = timedOut
    ? `it took more than ${timeoutMs / 1000} s`
    : isMaxBuffer
      ? 'it printed more than 4 MiB'
      : (shortMessage ?? 'it did not end by itself');
  const code = timedOut || isMaxBuffer ? null : (exitCode ?? null);
  return { code, stdout, stderr, because: code === null ? because : null };
}
