/**
 * Reading what versions of an archive count, before they are rolled: a member of each is started by itself, and says what it
 * records. An archive moves on, and a description knows only what it gave once.
 */
import { randomBytes } from 'node:crypto';
import type { Row } from '../../node/upgrade/version.ts';
import type { Artifact } from '../build/artifact.ts';
import type { Daemon } from '../daemon/contract.ts';
import { tells } from '../plan/daemon.ts';
import type { Given, Plan, Step } from '../plan/plan.ts';
import { conduct } from '../roll/conductor.ts';
import { Recorder } from '../roll/recorder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { isRigEvent } from '../trace/trace.ts';

export interface SurveyOptions {
  readonly daemon: Daemon;
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly say?: (line: string) => void;
}

/** A plan with what an archive gave for its versions, and with what these count by their own word. */
export async function withGiven(plan: Plan, options: SurveyOptions): Promise<Plan> {
  const { archive } = options.daemon;
  if (archive === null) return plan;
  await readCounts(plan, options);
  const given: Record<string, Given> = {};
  const versions = { ...plan.versions };
  for (const name of Object.keys(versions)) {
    const found = archive.of(name);
    if (found === null) continue;
    given[name] = found.given;
    versions[name] = found.version;
  }
  return { ...plan, versions, given };
}

/** Of every version of a plan of which it has not been read yet, and can be. */
async function readCounts(plan: Plan, options: SurveyOptions): Promise<void> {
  if (!tells(plan.daemon, 'recorded')) return;
  const { daemon, say } = options;
  for (const version of Object.keys(plan.versions)) {
    if (daemon.archive?.of(version)?.given.isRead !== false) continue;
    const row = await recordedBy(version, plan, options);
    if (row !== null) daemon.archive.keep(version, row);
    else say?.(`version ${version}: what it counts could not be read off a member of it; its description is believed`);
  }
}

const ALONE = 'node01';
/** It is the only one, and does nothing more once it is open: enough to be asked. */
const STEADY_MS = 300;

/** What the only member of a cluster has recorded in the end; null where it came to none. */
async function recordedBy(version: string, plan: Plan, options: SurveyOptions): Promise<Row | null> {
  const { daemon, artifacts, runtime, signal } = options;
  const run = randomBytes(4).toString('hex');
  const recorder = new Recorder();
  const where = { run, members: [ALONE], port: daemon.port, needsFolders: daemon.needsFolders, addresses: null };
  const site = await runtime.open(where);
  try {
    const fault = await conduct(planOfOne(version, plan), {
      daemon,
      site,
      artifacts,
      recorder,
      log: () => undefined,
      signal: AbortSignal.any([signal, site.lost]),
      hurry: signal,
      alone: false,
      isFormed: false,
      keep: null,
    });
    signal.throwIfAborted();
    if (fault !== null) throw fault;
  } finally {
    await site.close();
  }
  const last = recorder.trace.findLast((event) => !isRigEvent(event) && event.event === 'recorded');
  return last !== undefined && 'row' in last ? last.row : null;
}

/** A cluster of one is formed, and that is all. */
function planOfOne(version: string, plan: Plan): Plan {
  const { daemon } = plan;
  const form: Step =
    daemon.forming === 'together'
      ? { do: 'form', members: [ALONE], version }
      : { do: 'bootstrap', member: ALONE, version };
  return {
    ...plan,
    name: 'survey',
    members: [ALONE],
    from: version,
    to: version,
    order: [],
    daemon: { ...daemon, capabilities: { ...daemon.capabilities, records: false, steadyMs: STEADY_MS } },
    records: [],
    holds: false,
    steps: [form, { do: 'settle' }],
  };
}
