/** Following a file that another program writes: every line that is added to it. */
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../node/clock.ts';
import { readLines } from './lines.ts';

const EVERY_MS = 20;
const CHUNK_BYTES = 64 * 1024;

/**
 * Tells every line that is added from now on, until the signal aborts. The file need not be there yet. One that is cut short
 * or made anew is read from its beginning.
 */
export async function followFile(
  path: string,
  onLine: (line: string, sinceNs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  /** When the file was last found to have nothing new, or looked at first. */
  let idleNs = nowNs();
  let at = await sizeOf(path);
  async function* chunks(): AsyncGenerator<Buffer> {
    while (!signal.aborted) {
      const lookedNs = nowNs();
      const size = await sizeOf(path);
      if (size < at) at = 0;
      if (size > at) {
        const chunk = await readFrom(path, at);
        at += chunk.length;
        yield chunk;
      } else {
        idleNs = lookedNs;
        await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
  await readLines(Readable.from(chunks()), onLine, () => idleNs);
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  return withFile(path, Buffer.alloc(0), async (file) => {
    const { bytesRead, buffer } = await file.read({ position: at, buffer: Buffer.alloc(CHUNK_BYTES) });
    return buffer.subarray(0, bytesRead);
  });
}

function sizeOf(path: string): Promise<number> {
  return withFile(path, 0, async (file) => (await file.stat()).size);
}

/** @param otherwise what there is where the file is not there */
async function withFile<Result>(
  path: string,
  otherwise: Result,
  use: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
