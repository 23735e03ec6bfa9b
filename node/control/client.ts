/** Asking a member at its control socket, from the same machine and as its user. */
import { request } from 'node:http';
import type { ControlRequest } from './commands.ts';
import { socketName } from './socket.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws Error where no member listens there, or none answers in time */
export async function askControl(
  stateFolder: string,
  { method, path }: ControlRequest,
  timeoutMs: number,
): Promise<ControlAnswer> {
  const { path: socketPath, letGo } = socketName(stateFolder);
  try {
    return await new Promise<ControlAnswer>((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const asking = request({ socketPath, agent: false, method, path, signal }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asking.once('error', (error) =>
        reject(signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error),
      );
      asking.end();
    });
  } finally {
    letGo();
  }
}
