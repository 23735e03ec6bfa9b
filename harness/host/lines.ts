/** The lines of a stream, as a program prints them: whole characters, and none longer than a bound. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { arrivedSinceNs } from './loop.ts';

/** What a line has beyond this is counted, and not kept: nothing that a program prints may fill the memory. */
export const LONGEST_LINE = 64 * 1024;

/** A chunk of this size may have left something behind it unread: what comes next may have been waiting for just as long. */
const FULL_BYTES = 16 * 1024;

/**
 * Tells every line, without its end, and since when it may have been printed; the last one too where the stream ends within it.
 * @param chunkSinceNs since when a chunk that is read now may have been there, unless the one before it was full
 */
export async function readLines(
  stream: Readable,
  onLine: (line: string, sinceNs: number) => void,
  chunkSinceNs: () => number = arrivedSinceNs,
): Promise<void> {
  // A character may be cut in two by the chunks of the stream.
  const decoder = new StringDecoder('utf8');
  let line = '';
  let excess = 0;
  /** Of the chunk that is read, and of the line that is put together. */
  let sinceNs = chunkSinceNs();
  let lineSinceNs: number | null = null;
  const add = (text: string): void => {
    const room = LONGEST_LINE - line.length;
    line += text.length <= room ? text : text.slice(0, room);
    excess += Math.max(0, text.length - room);
    lineSinceNs ??= sinceNs;
  };
  const end = (): void => {
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
    onLine(excess === 0 ? whole : `${whole}… (${excess} more characters)`, lineSinceNs ?? sinceNs);
    line = '';
    excess = 0;
    lineSinceNs = null;
  };
  const take = (text: string): void => {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      add(text.slice(from, at));
      end();
      from = at + 1;
    }
    if (from < text.length) add(text.slice(from));
  };
  let isBehind = false;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (!isBehind) sinceNs = chunkSinceNs();
      isBehind = chunk.length >= FULL_BYTES;
      take(decoder.write(chunk));
    }
  } catch (error) {
    // Closed by us, because somebody held it open longer than its program lived.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  take(decoder.end());
  if (line !== '') end();
}
