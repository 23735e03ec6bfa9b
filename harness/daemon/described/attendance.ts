/** Attends one process of a described member: its lines, its log file and its probes become events. */
import { nowNs } from '../../../node/clock.ts';
import { watchLoop } from '../../host/loop.ts';
import { takePrecedence } from '../../host/precedence.ts';
import { followFile } from '../../host/tail.ts';
import type { Description, PatternEvent } from '../../input/description.ts';
import type { Attendance, Launch, Reach, Told } from '../contract.ts';
import { pushed } from '../pushed.ts';
import type { NotedPatches } from './noted-patches.ts';
import { Patterns } from './patterns.ts';
import { probe } from './probes.ts';
import type { Rows } from './rows.ts';
import { type About, DescribedStanding } from './standing.ts';
import type { Tally } from './tally.ts';
import { fill, valuesOf } from './template.ts';

export interface Attended {
  readonly description: Description;
  readonly folder: string;
  readonly about: Omit<About, 'lines'>;
  readonly launch: Launch;
  readonly rows: Rows;
  readonly notes: NotedPatches;
  readonly tally: Tally;
  readonly told: Told;
  /** Whether it is still being made a member of its cluster. */
  readonly isEntering: () => boolean;
}

/** How late a line may be that has come through a Docker engine (p95 measured: 0.73 ms) on top of the rig's own loop. */
const ENGINE_NS = 2e6;

export function attend(attended: Attended): Attendance {
  const { description, folder, about, launch, rows, notes, tally, told, isEntering } = attended;
  watchLoop();
  const { member } = launch.seat;
  const standing = new DescribedStanding({ ...about, lines: linesOf(description) }, told);
  rows.follow(standing);
  const giveUpPrecedence = takePrecedence();
  const patterns = new Patterns(description.patterns, { seats: launch.seats, member, tally });
  const events = description.events === 'ndjson' ? pushed(member, throughStanding(standing, told)) : null;
  const ending = new AbortController();
  const work: Promise<unknown>[] = [];
  const take = (stream: 'stdout' | 'stderr' | 'output' | 'file', text: string, readSinceNs: number): void => {
    const sinceNs = readSinceNs - (stream === 'output' ? ENGINE_NS : 0);
    // What it says of itself comes first: it has the exact time.
    if (stream !== 'file') events?.line(stream, text, sinceNs);
    standing.started();
    patterns.line(stream, text, { atNs: nowNs(), sinceNs }, standing);
  };
  return {
    line: take,
    started: (reach: Reach) => {
      standing.started();
      if (description.log !== undefined) {
        const file = fill(description.log, valuesOf(launch, folder, 'rig'), member);
        work.push(followFile(file, (line, sinceNs) => take('file', line, sinceNs), ending.signal));
      }
      const shared = { launch, reach, folder, standing, rows, notes, tally, told, isEntering };
      work.push(probe({ probes: description.probes, ...shared }, ending.signal));
      for (const one of work)
        one.catch((error: Error) => told.missed(member, `cannot be watched any more: ${error.message}`));
    },
    end: async () => {
      ending.abort();
      giveUpPrecedence();
      rows.forget(standing);
      await Promise.allSettled(work);
      const drift = standing.phase === 'open' ? driftOf(description, about, rows) : null;
      if (drift !== null) told.remark(member, drift);
    },
  };
}

/** What lines tell of where a member stands, be they matched by patterns or events themselves. */
function linesOf({ patterns, events }: Description): About['lines'] {
  const by = (name: PatternEvent): string | null => {
    const matches = patterns.filter(({ event }) => event === name).map(({ match }) => `/${match}/`);
    if (events === 'ndjson') matches.push(`the event ${name}`);
    return matches.length === 0 ? null : `${name}: ${matches.join(' or ')}`;
  };
  return { parked: by('parked'), woken: by('woken'), open: by('open') };
}

/** How what an open member has recorded differs from what is known of its version: a description may be wrong. */
function driftOf({ versions }: Description, { member, version }: Attended['about'], rows: Rows): string | null {
  const { schema, api } = versions[version.name] ?? {};
  const row = rows.all.get(member);
  if (row === undefined) return null;
  const counts = ({ internal, extensions }: typeof row | typeof version): string =>
    `schema ${internal} and ${extensions.length} API extensions`;
  const differs =
    (schema !== undefined && version.internal !== row.internal) ||
    (api !== undefined && version.extensions.length !== row.extensions.length);
  return differs
    ? `has recorded ${counts(row)}, where version ${version.name} is described by ${counts(version)}: mend its description, or what is judged by these counts is wrong`
    : null;
}

/** That a member has started is for the rig to say: it knows the version, and that it was a refresh. */
function throughStanding(standing: DescribedStanding, told: Told): Told {
  return {
    ...told,
    event: (event) => {
      const turn = { atNs: event.atNs };
      if (event.event === 'started') standing.started(event.atNs);
      else if (event.event === 'parked') standing.parked(turn);
      else if (event.event === 'woken') standing.woken(turn, event.by);
      else if (event.event === 'open') standing.open(turn);
      else told.event(event);
    },
  };
}
