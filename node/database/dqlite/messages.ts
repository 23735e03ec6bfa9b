/**
 * The messages of dqlite's wire protocol: two tables say which there are and what each holds; one loop reads and one
 * writes them.
 */
import { Reader } from './reader.ts';
import { type Rows, type Server, WireError, type WireValue, WORD } from './wire.ts';
import { Writer } from './writer.ts';

/** What travels in a field, by its kind. */
interface FieldTypes {
  uint64: bigint;
  uint32: number;
  text: string;
  values: readonly WireValue[];
  servers: readonly Server[];
  rows: Rows;
}

type Layout = { readonly code: number; readonly fields: Readonly<Record<string, keyof FieldTypes>> };

const SQL = { database: 'uint64', sql: 'text', values: 'values' } as const;

export const REQUESTS = {
  leader: { code: 0, fields: { unused: 'uint64' } },
  client: { code: 1, fields: { id: 'uint64' } },
  open: { code: 3, fields: { name: 'text', flags: 'uint64', vfs: 'text' } },
  'exec-sql': { code: 8, fields: SQL },
  'query-sql': { code: 9, fields: SQL },
  add: { code: 12, fields: { id: 'uint64', address: 'text' } },
  assign: { code: 13, fields: { id: 'uint64', role: 'uint64' } },
  remove: { code: 14, fields: { id: 'uint64' } },
  cluster: { code: 16, fields: { format: 'uint64' } },
  transfer: { code: 17, fields: { id: 'uint64' } },
} as const satisfies Record<string, Layout>;

export const RESPONSES = {
  failure: { code: 0, fields: { code: 'uint64', message: 'text' } },
  server: { code: 1, fields: { id: 'uint64', address: 'text' } },
  welcome: { code: 2, fields: { heartbeat: 'uint64' } },
  servers: { code: 3, fields: { servers: 'servers' } },
  database: { code: 4, fields: { id: 'uint32', unused: 'uint32' } },
  result: { code: 6, fields: { lastInsertId: 'uint64', rowsAffected: 'uint64' } },
  rows: { code: 7, fields: { result: 'rows' } },
  empty: { code: 8, fields: { unused: 'uint64' } },
} as const satisfies Record<string, Layout>;

type Fields<Of extends Layout> = { readonly [Name in keyof Of['fields']]: FieldTypes[Of['fields'][Name]] };
type Message<Table extends Record<string, Layout>> = {
  [Name in keyof Table]: { readonly is: Name } & Fields<Table[Name]>;
}[keyof Table];

export type Request = Message<typeof REQUESTS>;
export type Response = Message<typeof RESPONSES>;

/** A message in its envelope: what kind it is, and its body. */
export interface Frame {
  readonly code: number;
  /** Which version of the kind's layout; this client knows only the first, 0. */
  readonly schema: number;
  readonly body: Buffer;
}

/** What a client says first on a connection. */
export const HELLO: Buffer = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

export const HEADER_BYTES = WORD;

/** @throws WireError where a field cannot be put into the protocol */
export function encodeRequest(request: Request): Buffer {
  return encode(REQUESTS[request.is], request);
}

/** @throws WireError where a field cannot be put into the protocol */
export function encodeResponse(response: Response): Buffer {
  return encode(RESPONSES[response.is], response);
}

/** @throws WireError where the frame is not a request as the protocol has it */
export function decodeRequest(frame: Frame): Request {
  return decode(REQUESTS, frame) as unknown as Request;
}

/** @throws WireError where the frame is not a response as the protocol has it */
export function decodeResponse(frame: Frame): Response {
  return decode(RESPONSES, frame) as unknown as Response;
}

function encode({ code, fields }: Layout, message: object): Buffer {
  const writer = new Writer();
  for (const [name, kind] of Object.entries(fields)) {
    // The types of `Request` and `Response` say that each field holds what its kind asks for.
    const write = writer[kind].bind(writer) as (value: unknown) => void;
    write(message[name as keyof typeof message]);
  }
  const body = writer.body();
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(body.length / WORD);
  header[4] = code;
  return Buffer.concat([header, body]);
}

function decode(table: Record<string, Layout>, { code, schema, body }: Frame): Record<string, unknown> {
  const found = Object.entries(table).find(([, layout]) => layout.code === code);
  if (found === undefined) throw new WireError(`there is no message of kind ${code}`);
  if (schema !== 0) throw new WireError(`a message of kind ${code} has layout ${schema}, and only 0 is known`);
  const [is, { fields }] = found;
  const reader = new Reader(body);
  const message: Record<string, unknown> = { is };
  for (const [name, kind] of Object.entries(fields)) message[name] = reader[kind]();
  reader.end();
  return message;
}
