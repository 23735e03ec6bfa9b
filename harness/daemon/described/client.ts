/** Talks to a member of a described daemon, as far as its description says how. */
import { z } from 'zod';
import { count, type Row } from '../../../node/upgrade/version.ts';
import type { Asked, Description } from '../../input/description.ts';
import { type Launch, type MemberClient, type Reach, RequestError } from '../contract.ts';
import { ask, isSuccess } from './asking.ts';
import { type Rows, readRows } from './rows.ts';
import type { Values } from './template.ts';

const Records = z.record(z.string(), z.string());

interface Of {
  readonly description: Description;
  readonly folder: string;
  readonly launch: Launch;
  readonly reach: Reach;
  readonly rows: Rows;
}

export function describedClient({ description, folder, launch, reach, rows }: Of): MemberClient {
  const { records } = description;
  const request = async (asked: Asked, more: Values): Promise<string> => {
    const limit = AbortSignal.timeout(asked.timeout);
    const answered = await ask({ asked, launch, reach, folder, more, signal: limit }).catch((error: Error) => {
      throw limit.aborted ? new RequestError('timeout', `no answer within ${asked.timeout / 1000} s`) : error;
    });
    if (isSuccess(answered)) return answered.text;
    const how = answered.status === null ? `exit code ${answered.exit}` : `HTTP ${answered.status}`;
    throw new RequestError('refused', `${how}: ${answered.text.trim().slice(0, 200)}`);
  };
  const readAll = async (): Promise<Record<string, string>> => {
    const text = await request(records!.read, {});
    const parsed = Records.safeParse(parse(text));
    if (parsed.success) return parsed.data;
    throw new RequestError(
      'refused',
      `records: read: must be answered with a JSON object of texts: ${text.slice(0, 100)}`,
    );
  };
  return {
    status: async () => ({ isOpen: false, waitsFor: waitsFor(launch.seat.member, rows) }),
    records:
      records === undefined
        ? null
        : {
            write: async (key, value) => void (await request(records.write, { key, value })),
            // When what it has taken in is to be seen is its own affair; the end decides.
            readSome: async () => {
              await readAll();
              return {};
            },
            readAll,
          },
    rows: readsRows(description) ? () => readThrough(request, description) : null,
    failpoints: null,
    faults: null,
    leader: null,
    trust: null,
    membership: null,
  };
}

function readsRows({ probes }: Description): boolean {
  return probes.some((probe) => probe.rows !== undefined);
}

/** By the first probe that reads them. */
async function readThrough(
  request: (asked: Asked, more: Values) => Promise<string>,
  { probes }: Description,
): Promise<readonly Row[]> {
  const probe = probes.find(({ rows }) => rows !== undefined)!;
  const rows = readRows(await request(probe, {}), probe.rows!);
  if (typeof rows === 'string') throw new RequestError('wrong', rows);
  return rows;
}

/** Those whose rows are behind its own. */
function waitsFor(member: string, { all }: Rows): string | null {
  const own = all.get(member);
  if (own === undefined) return null;
  const behind = [...all.values()].filter(
    (row) => count(row, 'internal') < count(own, 'internal') || count(row, 'api') < count(own, 'api'),
  );
  if (behind.length === 0) return null;
  const words = behind.map((row) => `${row.member} (schema ${row.internal}, API extensions ${row.extensions.length})`);
  return `waits for ${words.join(', ')}; its own row says schema ${own.internal}, API extensions ${own.extensions.length}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What it is not is said by whoever checks it.
    return null;
  }
}
