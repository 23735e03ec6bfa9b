/** Running a program inside a member's container to its end. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import type { Ran, RunOptions } from '../daemon/contract.ts';

/** @throws the signal's reason when it aborts */
export async function runInContainer(
  docker: Dockerode,
  container: Dockerode.Container,
  command: readonly string[],
  { stdin, timeoutMs, signal }: RunOptions,
): Promise<Ran> {
  signal.throwIfAborted();
  const failed = (because: string): Ran => ({ code: null, stdout: '', stderr: '', because });
  const tooLong = AbortSignal.timeout(timeoutMs);
  try {
    const limit = AbortSignal.any([signal, tooLong]);
    const exec = await container.exec({
      Cmd: [...command],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal: limit,
    });
    const stream = await exec.start({ hijack: true, stdin: true, abortSignal: limit });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, stdout, stderr);
    stream.once('close', () => [stdout, stderr].forEach((output) => void output.end()));
    // What goes on in the container ends with it.
    limit.addEventListener('abort', () => stream.destroy());
    stream.end(stdin);
    const printed = await Promise.all([text(stdout), text(stderr)]);
    signal.throwIfAborted();
    if (tooLong.aborted) return failed(`it took more than ${timeoutMs / 1000} s`);
    const { ExitCode: code } = await exec.inspect();
    const because = code === null ? 'the engine does not say how it ended' : null;
    return { code, stdout: printed[0], stderr: printed[1], because };
  } catch (error) {
    signal.throwIfAborted();
    if (tooLong.aborted) return failed(`it took more than ${timeoutMs / 1000} s`);
    return failed((error as Error).message);
  }
}
