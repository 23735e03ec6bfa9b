/** Attends one process of a described member: its lines, its log file and its probes become events. */
import { nowNs } from '../../../node/clock.ts';
import { arrivedSinceNs, watchLoop } from '../../host/loop.ts';
import { followFile } from '../../host/tail.ts';
import type { Description } from '../../input/description.ts';
import type { Attendance, Launch, Reach, Told } from '../contract.ts';
import { pushed } from '../pushed.ts';
import { Patterns } from './patterns.ts';
import { probe } from './probes.ts';
import type { Rows } from './rows.ts';
import { type About, DescribedStanding } from './standing.ts';
import type { Tally } from './tally.ts';
import { fill, valuesOf } from './template.ts';

export interface Attended {
  readonly description: Description;
  readonly folder: string;
  readonly about: About;
  readonly launch: Launch;
  readonly rows: Rows;
  readonly tally: Tally;
  readonly told: Told;
  /** Whether it is still being made a member of its cluster. */
  readonly isEntering: () => boolean;
}

/** How late a line may be that has come through a Docker engine (p95 measured: 0.73 ms) on top of the rig's own loop. */
const ENGINE_NS = 2e6;

export function attend({ description, folder, about, launch, rows, tally, told, isEntering }: Attended): Attendance {
  watchLoop();
  const { member } = launch.seat;
  const standing = new DescribedStanding(about, told);
  const patterns = new Patterns(description.patterns, { seats: launch.seats, member, tally });
  const events = description.events === 'ndjson' ? pushed(member, withoutStart(told)) : null;
  const ending = new AbortController();
  const work: Promise<unknown>[] = [];
  const take = (stream: 'stdout' | 'stderr' | 'output' | 'file', text: string): void => {
    standing.started();
    const sinceNs = arrivedSinceNs() - (stream === 'output' ? ENGINE_NS : 0);
    patterns.line(stream, text, { atNs: nowNs(), sinceNs }, standing);
    if (stream !== 'file') events?.line(stream, text);
  };
  return {
    line: take,
    started: (reach: Reach) => {
      standing.started();
      if (description.log !== undefined) {
        const file = fill(description.log, valuesOf(launch, folder, 'rig'), member);
        work.push(followFile(file, (line) => take('file', line), ending.signal));
      }
      const linesTellParks = description.patterns.some(({ event }) => event === 'parked') || events !== null;
      const shared = { launch, reach, folder, standing, rows, tally, told, linesTellParks, isEntering };
      work.push(probe({ probes: description.probes, ...shared }, ending.signal));
      for (const one of work) one.catch((error: Error) => told.remark(member, `cannot be watched: ${error.message}`));
    },
    end: async () => {
      ending.abort();
      await Promise.allSettled(work);
      const drift = standing.phase === 'open' ? driftOf(description, about, rows) : null;
      if (drift !== null) told.remark(member, drift);
    },
  };
}

/** How what an open member has recorded differs from what its description says of its version: an archive moves on. */
function driftOf({ versions }: Description, { member, version }: About, rows: Rows): string | null {
  const { schema, api } = versions[version.name] ?? {};
  const row = rows.all.get(member);
  if (row === undefined) return null;
  const has = { schema: row.internal, api: row.extensions.length };
  const differs = (schema !== undefined && schema !== has.schema) || (api !== undefined && api !== has.api);
  return differs
    ? `has recorded schema ${has.schema} and ${has.api} API extensions, where its description says of version ${version.name}: schema: ${schema}, api: ${api}: mend it, or what is judged by these counts is wrong`
    : null;
}

/** That a member has started is for the rig to say: it knows the version, and that it was a refresh. */
function withoutStart(told: Told): Told {
  return {
    ...told,
    event: (event) => {
      if (event.event !== 'started') told.event(event);
    },
  };
}
