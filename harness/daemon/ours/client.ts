/** Talks to a member of our own daemon, over its HTTP API. */
import type { DataRecord } from '../../../node/database/records.ts';
import type { Failpoint } from '../../../node/failpoints.ts';
import type { ClusterMember, Status } from '../../../node/status.ts';
import { ruleText } from '../../../node/tampering.ts';
import { type Answered, type Asking, ask, LateError } from '../../host/http.ts';
import { EnvironmentError } from '../../input/errors.ts';
import { type MemberClient, RequestError, type Seat } from '../contract.ts';
import { answerIn, type Control } from './control.ts';
import { contextFor } from './operator.ts';

/** Long: that a member is slow on a busy machine is not that it refuses. */
const CLIENT_TIMEOUT_MS = 10_000;

/** The first records: those of the scenario, where it has some. */
const READ_SOME = 5;

/**
 * @param authority HOST:PORT by which the rig reaches the member
 * @param control how it drives the member
 * @param seat of a member to which it speaks TLS; null for plain HTTP
 */
export function ourClient(authority: string, control: Control, seat: Seat | null): MemberClient {
  const api = async (method: Asking['method'], path: string, json?: unknown): Promise<unknown> => {
    const secure = seat === null ? undefined : await contextFor(seat);
    return answerOf({ method, authority, path, json, timeoutMs: CLIENT_TIMEOUT_MS, secure });
  };
  const page = async (after: number): Promise<Page> => (await api('GET', `/1.0/records?after=${after}`)) as Page;
  return {
    status: async () => {
      const { status, waiting, database, notMember } = (await api('GET', '/1.0')) as Status;
      return { isOpen: status === 'open', waitsFor: notMember ?? database.trouble ?? waiting?.reason ?? null };
    },
    rows: async () => {
      const { members } = (await api('GET', '/1.0/cluster')) as { members: readonly ClusterMember[] };
      return members.map(({ name: member, internal, external, extensions }) => ({
        member,
        internal,
        external,
        extensions,
      }));
    },
    records: {
      write: async (key, value) => void (await api('POST', '/1.0/records', { key, value })),
      readSome: async () => valuesOf((await api('GET', `/1.0/records?limit=${READ_SOME}`)) as Page),
      readAll: () => readRecords(page),
    },
    failpoints: {
      release: async (failpoint: Failpoint, ...notice: [string?]) => {
        await control('release', failpoint, ...notice.filter((name) => name !== undefined));
      },
      disarm: async () => void (await control('disarm')),
    },
    faults: {
      keep: async (rule) => void (await control('keep', ruleText(rule))),
      drop: async (id) => void (await control('drop', id)),
      jumpTimer: async () => void (await control('jump')),
    },
    trust: {
      renew: async (is) => void (await control(is === 'good' ? 'rotate' : 'expire')),
      hold: async () => void (await control('hold-truststore')),
      letGo: async () => void (await control('let-truststore')),
    },
    membership: { remove: async (member) => void (await control('remove', member)) },
    leader: { lead: async () => void (await control('lead')) },
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

async function answerOf(asking: Asking): Promise<unknown> {
  const { status, text } = await answered(asking);
  return answerIn(status, text);
}

async function answered(asking: Asking): Promise<Answered> {
  try {
    return await ask(asking);
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw new RequestError(error instanceof LateError ? 'timeout' : 'unreachable', (error as Error).message);
  }
}
