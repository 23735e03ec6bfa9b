/** Talks to a member of our own daemon, over its HTTP API. */
import got, { type HTTPError, TimeoutError } from 'got';
import type { DataRecord } from '../../../node/database/records.ts';
import type { Failpoint } from '../../../node/failpoints.ts';
import type { Status } from '../../../node/status.ts';
import { type MemberClient, RequestError } from '../contract.ts';

/** Long: that a member is slow on a busy machine is not that it refuses. */
const CLIENT_TIMEOUT_MS = 10_000;

const http = got.extend({
  timeout: { request: CLIENT_TIMEOUT_MS },
  retry: { limit: 0 },
  responseType: 'json',
});

/** @param authority HOST:PORT by which the rig reaches the member */
export function ourClient(authority: string): MemberClient {
  const api = http.extend({ prefixUrl: `http://${authority}` });
  return {
    status: () =>
      failing(async () => {
        const { status, waiting, database } = await api.get('1.0').json<Status>();
        return { isOpen: status === 'open', waitsFor: database.trouble ?? waiting?.reason ?? null };
      }),
    records: {
      write: (key, value) => failing(async () => void (await api.post('1.0/records', { json: { key, value } }))),
      readOne: () =>
        failing(async () => void (await api.get('1.0/records', { searchParams: { after: Number.MAX_SAFE_INTEGER } }))),
      readAll: () => failing(() => readRecords((after) => api.get('1.0/records', { searchParams: { after } }).json())),
    },
    failpoints: {
      release: (failpoint: Failpoint, notice?: string) =>
        failing(async () => {
          await api.post(`internal/failpoints/${failpoint}`, notice === undefined ? {} : { searchParams: { notice } });
        }),
      disarm: () => failing(async () => void (await api.delete('internal/failpoints'))),
    },
    leader: { lead: () => failing(async () => void (await api.post('internal/leader'))) },
  };
}

async function readRecords(
  page: (after: number) => Promise<{ records: DataRecord[] }>,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let after = 0;
  for (;;) {
    const { records } = await page(after);
    const last = records.at(-1);
    if (last === undefined) return found;
    for (const { key, value } of records) found[key] = value;
    after = last.id;
  }
}

/** A member that refuses says why in its answer; that is the better message. */
async function failing<Result>(request: () => Promise<Result>): Promise<Result> {
  try {
    return await request();
  } catch (error) {
    const { response, message } = error as HTTPError<{ error?: unknown }>;
    if (response !== undefined) {
      const said = response.body?.error;
      throw new RequestError('refused', typeof said === 'string' ? said : message);
    }
    throw new RequestError(error instanceof TimeoutError ? 'timeout' : 'unreachable', message);
  }
}
