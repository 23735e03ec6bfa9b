/** From a description to what a plan says of its daemon: its capabilities are what the description makes possible. */
import type { EventName } from '../../../node/events.ts';
import { USUAL_PATCHING } from '../../../node/upgrade/patch.ts';
import type { Version } from '../../../node/upgrade/version.ts';
import { pinnedBy } from '../../input/described-versions.ts';
import type { Description } from '../../input/description.ts';
import { InputError } from '../../input/errors.ts';
import type { Scenario } from '../../input/scenario.ts';
import type { Capabilities, DaemonSource, Model, PlannedDaemon, Timer } from '../../plan/daemon.ts';
import type { Given } from '../../plan/plan.ts';
import { archiveOf } from './archive.ts';
import type { DescribedSettings } from './settings.ts';

/** Keys of a scenario that are settings of our own daemon. */
const OURS = ['strategy', 'wakeups', 'ahead', 'wait', 'database', 'handover', 'network_latency', 'insecure'] as const;

/** A park that a timer ended is longer than that timer by what waking and telling take. */
const TOLERANCE = 1 / 20;
const LEAST_TOLERANCE_MS = 100;

export function describedSource(settings: DescribedSettings): DaemonSource {
  const { description } = settings;
  const names = Object.keys(description.versions);
  return {
    defaults: { from: names[0]!, to: names.at(-1)! },
    plan: (scenario) => {
      refuseOurs(description, scenario);
      return plannedOf(settings);
    },
    scenarioOf: () => ({}),
  };
}

/** Its versions, and what an archive gave for those of them that have been made of one. */
export function describedVersions(settings: DescribedSettings): {
  readonly versions: ReadonlyMap<string, Version>;
  readonly given: ReadonlyMap<string, Given>;
} {
  const archive = archiveOf(settings);
  const found = Object.entries(settings.description.versions).map(([name, described]) => {
    const fromArchive = archive?.of(name) ?? null;
    return { name, version: fromArchive?.version ?? pinnedBy(name, described), given: fromArchive?.given ?? null };
  });
  return {
    versions: new Map(found.map(({ name, version }) => [name, version])),
    given: new Map(found.flatMap(({ name, given }) => (given === null ? [] : [[name, given]]))),
  };
}

function plannedOf(settings: DescribedSettings): PlannedDaemon {
  const { description } = settings;
  return {
    name: description.name,
    capabilities: capabilitiesOf(description),
    model: modelOf(description),
    timer: timerOf(description),
    forming: description.form?.how ?? 'one-by-one',
    settings,
  };
}

function capabilitiesOf(description: Description): Capabilities {
  const { patterns, probes, timer, supervisor, waits, records, patch_by: patchBy = USUAL_PATCHING.by } = description;
  const tells = toldBy(description);
  const told =
    patterns.some(({ event, by }) => event === 'woken' && by !== undefined) || description.events === 'ndjson';
  // That a member which starts is not open yet does not tell when it began to wait; that it has recorded what it runs does.
  const tellsBeginning =
    patterns.some(({ event }) => event === 'parked') || probes.some(({ rows }) => rows !== undefined);
  return {
    tells,
    cause: told ? 'told' : timer === undefined || !tellsBeginning ? 'unknown' : 'reckoned',
    waits: waits === 'yes',
    records: records !== undefined,
    failpoints: false,
    leader: false,
    ...(['patching', 'patched', 'noted'].some((event) => tells.includes(event as EventName)) ? { patchBy } : {}),
    supervisor:
      supervisor === undefined
        ? null
        : {
            restart: supervisor.restart,
            delayMs: supervisor.delay,
            most: supervisor.most,
          },
    steadyMs: description.steady,
  };
}

function toldBy({ patterns, probes, events }: Description): EventName[] {
  const told = new Set<EventName>(['started', ...patterns.map(({ event }) => event)]);
  if (events === 'ndjson') for (const event of ['parked', 'woken', 'open'] as const) told.add(event);
  for (const { open, waiting, rows, patches } of probes) {
    if (patches !== undefined) told.add('noted');
    if (open !== undefined) told.add('open');
    if (waiting !== undefined) told.add('parked');
    if (rows !== undefined) told.add('recorded');
  }
  // Whoever was seen to wait and then to be open has been woken.
  if (told.has('parked') && told.has('open')) told.add('woken');
  return [...told];
}

function modelOf({ model }: Description): Model | null {
  if (model === undefined) return null;
  const { strategy, compares, wakeups, ahead } = model;
  // How it has its patches run, no model of a described daemon says; nothing is reckoned from it.
  const patching = USUAL_PATCHING;
  return { strategy, compares: compares ?? (strategy === 'pair' ? 'pair' : null), wakeups, ahead, patching };
}

function timerOf({ timer }: Description): Timer | null {
  if (timer === undefined) return null;
  const toleranceMs = timer.tolerance ?? Math.max(LEAST_TOLERANCE_MS, timer.every * TOLERANCE);
  return { everyMs: timer.every, toleranceMs };
}

function refuseOurs({ name }: Description, scenario: Scenario): void {
  const excess = OURS.find((key) => scenario[key] !== undefined);
  if (excess !== undefined)
    throw new InputError(
      `${excess}: a setting of the rig's own daemon; what ${name} does is said in its description: drop it`,
    );
}
