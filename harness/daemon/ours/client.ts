/** Talks to a member of our own daemon, over its HTTP API. */
import type { DataRecord } from '../../../node/database/records.ts';
import type { Failpoint } from '../../../node/failpoints.ts';
import type { Status } from '../../../node/status.ts';
import { type Answered, type Asking, ask, LateError } from '../../host/http.ts';
import { type MemberClient, RequestError } from '../contract.ts';

/** Long: that a member is slow on a busy machine is not that it refuses. */
const CLIENT_TIMEOUT_MS = 10_000;

/** The first records: those of the scenario, where it has some. */
const READ_SOME = 5;

/** @param authority HOST:PORT by which the rig reaches the member */
export function ourClient(authority: string): MemberClient {
  const api = (method: Asking['method'], path: string, json?: unknown): Promise<unknown> =>
    answerOf({ method, authority, path, json, timeoutMs: CLIENT_TIMEOUT_MS });
  const page = async (after: number): Promise<Page> => (await api('GET', `/1.0/records?after=${after}`)) as Page;
  return {
    status: async () => {
      const { status, waiting, database } = (await api('GET', '/1.0')) as Status;
      return { isOpen: status === 'open', waitsFor: database.trouble ?? waiting?.reason ?? null };
    },
    records: {
      write: async (key, value) => void (await api('POST', '/1.0/records', { key, value })),
      readSome: async () => valuesOf((await api('GET', `/1.0/records?limit=${READ_SOME}`)) as Page),
      readAll: () => readRecords(page),
    },
    failpoints: {
      release: async (failpoint: Failpoint, notice?: string) => {
        const query = notice === undefined ? '' : `?${new URLSearchParams({ notice })}`;
        await api('POST', `/internal/failpoints/${failpoint}${query}`);
      },
      disarm: async () => void (await api('DELETE', '/internal/failpoints')),
    },
    faults: {
      keep: async (rule) => void (await api('POST', '/internal/tampering/rules', rule)),
      drop: async (id) => void (await api('DELETE', `/internal/tampering/rules/${id}`)),
      jumpTimer: async () => void (await api('POST', '/internal/tampering/timer')),
    },
    membership: { remove: async (member) => void (await api('DELETE', `/internal/members/${member}`)) },
    leader: { lead: async () => void (await api('POST', '/internal/leader')) },
  };
}

interface Page {
  readonly records: readonly DataRecord[];
}

async function readRecords(page: (after: number) => Promise<Page>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let after = 0;
  for (;;) {
    const { records } = await page(after);
    const last = records.at(-1);
    if (last === undefined) return found;
    Object.assign(found, valuesOf({ records }));
    after = last.id;
  }
}

function valuesOf({ records }: Page): Record<string, string> {
  return Object.fromEntries(records.map(({ key, value }) => [key, value]));
}

/** What a member answers that does as it is asked. One that refuses says why in its answer. */
async function answerOf(asking: Asking): Promise<unknown> {
  const { status, text } = await answered(asking);
  const document = documentIn(text);
  if (status >= 200 && status < 300 && document !== undefined) return document;
  const said = (document as { error?: unknown } | null | undefined)?.error;
  throw new RequestError('refused', typeof said === 'string' ? said : `it answered ${status} ${text.slice(0, 100)}`);
}

async function answered(asking: Asking): Promise<Answered> {
  try {
    return await ask(asking);
  } catch (error) {
    throw new RequestError(error instanceof LateError ? 'timeout' : 'unreachable', (error as Error).message);
  }
}

/** Null where an answer is empty; undefined where it is not JSON. */
function documentIn(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
