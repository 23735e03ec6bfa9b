import { expect } from 'chai';
import fc from 'fast-check';
import { Frames } from '../node/database/dqlite/frames.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type Frame,
  REQUESTS,
  RESPONSES,
  type Request,
  type Response,
} from '../node/database/dqlite/messages.ts';
import { type Rows, type Server, WireError, type WireValue } from '../node/database/dqlite/wire.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'binary' }).map((drawn) => drawn.replaceAll('\0', ''));
const value: fc.Arbitrary<WireValue> = fc.oneof(
  fc.record({ type: fc.constantFrom('integer' as const, 'unix-time' as const), value: int64 }),
  fc.record({ type: fc.constant('float' as const), value: fc.double() }),
  fc.record({ type: fc.constantFrom('text' as const, 'iso8601' as const), value: text }),
  fc.record({ type: fc.constant('blob' as const), value: fc.uint8Array() }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.constant({ type: 'null' as const }),
);
const rows: fc.Arbitrary<Rows> = fc.array(text, { minLength: 1, maxLength: 20 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(fc.array(value, { minLength: columns.length, maxLength: columns.length })),
    more: fc.boolean(),
  }),
);
const server: fc.Arbitrary<Server> = fc.record({ id: uint64, address: text, role: uint64 });
const FIELDS = {
  uint64,
  uint32,
  text,
  values: fc.array(value, { maxLength: 255 }),
  servers: fc.array(server),
  rows,
};

/** Any message that a table allows. */
function messageOf<Message>(table: Record<string, { fields: Record<string, keyof typeof FIELDS> }>) {
  const kinds = Object.entries(table).map(([is, { fields }]) =>
    fc.record({
      is: fc.constant(is),
      ...Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, FIELDS[kind]])),
    }),
  );
  return fc.oneof(...kinds) as unknown as fc.Arbitrary<Message>;
}
const request = messageOf<Request>(REQUESTS);
const response = messageOf<Response>(RESPONSES);

function frameOf(bytes: Buffer): Frame {
  const frames = new Frames().push(bytes);
  expect(frames).to.have.length(1);
  return frames[0]!;
}

/** Runs what may fail with a WireError, and with nothing else. */
function tolerant(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

describe('the wire protocol of dqlite', () => {
  it('decodes what was encoded to the same, requests and responses', () => {
    fc.assert(
      fc.property(request, (sent) => {
        expect(decodeRequest(frameOf(encodeRequest(sent)))).to.deep.equal(sent);
      }),
    );
    fc.assert(
      fc.property(response, (sent) => {
        expect(decodeResponse(frameOf(encodeResponse(sent)))).to.deep.equal(sent);
      }),
    );
  });

  it('finds the same frames however the stream is cut', () => {
    const stream = fc.tuple(fc.array(response, { maxLength: 5 }), fc.array(fc.nat({ max: 40 }), { minLength: 1 }));
    fc.assert(
      fc.property(stream, ([sent, cuts]) => {
        const bytes = Buffer.concat(sent.map(encodeResponse));
        const frames = new Frames();
        const found: Frame[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = 1 + cuts[turn % cuts.length]!;
          found.push(...frames.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(found.map(decodeResponse)).to.deep.equal(sent);
      }),
    );
  });

  it('has an error for a body that is cut short or too long, and never takes it for whole', () => {
    fc.assert(
      fc.property(response, fc.nat(), fc.boolean(), (sent, drawn, lengthen) => {
        const frame = frameOf(encodeResponse(sent));
        const body = lengthen
          ? Buffer.concat([frame.body, Buffer.alloc(8)])
          : frame.body.subarray(0, drawn % frame.body.length);
        expect(() => decodeResponse({ ...frame, body })).to.throw(WireError);
      }),
    );
  });

  it('has an error for anything else, and never hangs or crashes', () => {
    const noise = fc.record({ code: fc.nat({ max: 255 }), schema: fc.nat({ max: 1 }), body: fc.uint8Array() });
    fc.assert(
      fc.property(noise, (frame) => {
        const noisy = { ...frame, body: Buffer.from(frame.body) };
        tolerant(() => decodeResponse(noisy));
        tolerant(() => decodeRequest(noisy));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(response, fc.nat(), fc.nat({ max: 255 }), (sent, at, byte) => {
        const frame = frameOf(encodeResponse(sent));
        const body = Buffer.from(frame.body);
        body[at % body.length] = byte;
        tolerant(() => decodeResponse({ ...frame, body }));
      }),
      { numRuns: 1000 },
    );
    const longest = Buffer.alloc(8, 0xff);
    expect(() => new Frames().push(longest)).to.throw(WireError, 'longer than any can be');
  });

  it('refuses to send what the protocol would garble', () => {
    const sql = (values: WireValue[], text = 'SELECT 1'): Request => ({
      is: 'exec-sql',
      database: 0n,
      sql: text,
      values,
    });
    expect(() => encodeRequest(sql([{ type: 'text', value: 'a\0b' }]))).to.throw(WireError, 'NUL');
    expect(() => encodeRequest(sql([], 'SELECT \ud800'))).to.throw(WireError, 'surrogate');
    expect(() => encodeRequest(sql(Array(256).fill({ type: 'null' })))).to.throw(WireError, '256 parameters');
    expect(() => encodeRequest(sql([{ type: 'integer', value: 2n ** 63n }]))).to.throw(WireError, 'signed word');
  });
});
