/** Cuts a stream of bytes into frames, however the network cut it into chunks. */
import { type Frame, HEADER_BYTES } from './messages.ts';
import { WireError, WORD } from './wire.ts';

/** No message of ours comes near; more is a peer that does not speak the protocol. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;

export class Frames {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** How many bytes the frame at the front needs in all. */
  #wanted = HEADER_BYTES;

  /**
   * Take in a chunk, and give out the frames that it completes.
   * @throws WireError where a frame is longer than any can be
   */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    while (this.#bytes >= this.#wanted) {
      const all = Buffer.concat(this.#chunks);
      const bodyBytes = all.readUInt32LE() * WORD;
      if (bodyBytes > MOST_BODY_BYTES) throw new WireError(`a message of ${bodyBytes} bytes is longer than any can be`);
      const end = HEADER_BYTES + bodyBytes;
      if (all.length >= end) frames.push({ code: all[4]!, schema: all[5]!, body: all.subarray(HEADER_BYTES, end) });
      const rest = all.length >= end ? all.subarray(end) : all;
      this.#wanted = all.length >= end ? HEADER_BYTES : end;
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#bytes = rest.length;
    }
    return frames;
  }
}
