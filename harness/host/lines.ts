/** The lines of a stream, as a program prints them: whole characters, and none longer than a bound. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What a line has beyond this is counted, and not kept: nothing that a program prints may fill the memory. */
export const LONGEST_LINE = 64 * 1024;

/** Tells every line, without its end; the last one too where the stream ends within it. */
export async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  // A character may be cut in two by the chunks of the stream.
  const decoder = new StringDecoder('utf8');
  let line = '';
  let excess = 0;
  const add = (text: string): void => {
    const room = LONGEST_LINE - line.length;
    line += text.length <= room ? text : text.slice(0, room);
    excess += Math.max(0, text.length - room);
  };
  const end = (): void => {
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
    onLine(excess === 0 ? whole : `${whole}… (${excess} more characters)`);
    line = '';
    excess = 0;
  };
  const take = (text: string): void => {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      add(text.slice(from, at));
      end();
      from = at + 1;
    }
    add(text.slice(from));
  };
  try {
    for await (const chunk of stream) take(decoder.write(chunk as Buffer));
  } catch (error) {
    // Closed by us, because somebody held it open longer than its program lived.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  take(decoder.end());
  if (line !== '') end();
}
