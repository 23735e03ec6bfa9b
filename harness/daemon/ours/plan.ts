/** What a plan says of our own daemon: its strategy, its wake-ups and its database come from the scenario. */
import type { Defect } from '../../../node/defects.ts';
import { USUAL_PATCHING } from '../../../node/upgrade/patch.ts';
import { InputError } from '../../input/errors.ts';
import type { DatabaseName, Scenario } from '../../input/scenario.ts';
import type { Capabilities, DaemonSource, PlannedDaemon } from '../../plan/daemon.ts';

export const OURS = 'refresh-rig';

/** What is particular to our daemon. A type, not an interface: it travels as a plain object. */
export type OurSettings = {
  readonly database: DatabaseName;
  /** Whether a leader that is refreshed hands the leadership over first. Of no matter to a database without one. */
  readonly handover: boolean;
  /** What dqlite times its elections by, in milliseconds; null for its own. */
  readonly networkLatencyMs: number | null;
  /** Whether members speak plain HTTP, and ask nobody who they are; not where it says nothing. */
  readonly insecure?: boolean;
  /** A rule that its members break on purpose, so that tests can be tested; none where it says nothing. */
  readonly defect?: Defect;
  /** How members ask to be refreshed; null, or nothing, where they do not. */
  readonly update?: { readonly withinMs: number; readonly seed: number } | null;
};

const TELLS: Capabilities['tells'] = [
  'started',
  'listening',
  'recorded',
  'checked',
  'applied',
  'parked',
  'noticed',
  'woken',
  'notifying',
  'notified',
  'leader',
  'handed-over',
  'open',
  'patched',
  'noted',
  'removed',
  'asked',
  'refused',
  'held',
  'exiting',
];

export const ourSource: DaemonSource = {
  defaults: { from: 'v1', to: 'v2' },
  plan: (scenario): PlannedDaemon => {
    const { strategy = 'split', wakeups = 'latched', ahead = 'exit', wait = 30_000 } = scenario;
    const { patch_when: when = USUAL_PATCHING.when, patch_by: by = USUAL_PATCHING.by } = scenario;
    const secrecy = scenario.insecure === true ? { insecure: true } : {};
    const settings = { ...settingsOf(scenario), ...updateOf(scenario, wait), ...secrecy };
    return {
      name: OURS,
      capabilities: {
        tells: TELLS,
        cause: 'told',
        waits: true,
        records: true,
        failpoints: true,
        leader: settings.database === 'dqlite',
        removal: true,
        trust: scenario.insecure !== true,
        asks: true,
        supervisor: null,
        steadyMs: 0,
      },
      model: { strategy, compares: null, wakeups, ahead, patching: { when, by } },
      timer: { everyMs: wait, toleranceMs: 0 },
      forming: 'one-by-one',
      settings,
    };
  },
  scenarioOf,
};

/** A member of the reported system waits for up to as long as one park lasts before it asks. */
function updateOf({ pace, updates, seed = 1 }: Scenario, waitMs: number): Pick<OurSettings, 'update'> {
  if (pace === 'auto') return { update: { withinMs: updates?.within ?? waitMs, seed } };
  if (updates !== undefined)
    throw new InputError('updates: it is about members that ask for it: say pace auto, or drop it');
  return {};
}

/** Every setting, those included that are so by default. */
function scenarioOf({ model, timer, settings }: PlannedDaemon): Scenario {
  if (model === null || timer === null) throw new Error('a plan of our own daemon has a model and a timer');
  const { strategy, wakeups, ahead, patching = USUAL_PATCHING } = model;
  const { database, handover, networkLatencyMs, insecure = false } = settings as OurSettings;
  const latency = networkLatencyMs === null ? {} : { network_latency: networkLatencyMs };
  const patches = { patch_when: patching.when, patch_by: patching.by };
  return { strategy, wakeups, ahead, ...patches, wait: timer.everyMs, database, handover, insecure, ...latency };
}

/** What is said of a leader needs a database that has one. @throws InputError */
function settingsOf({ database = 'sqlite', handover = true, network_latency: latency }: Scenario): OurSettings {
  if (database === 'sqlite') {
    const wrong = [...(handover ? [] : ['handover']), ...(latency === undefined ? [] : ['network_latency'])][0];
    if (wrong !== undefined)
      throw new InputError(`${wrong}: sqlite has no leader: say database dqlite (--database dqlite), or drop it`);
  }
  return { database, handover, networkLatencyMs: latency ?? null };
}
