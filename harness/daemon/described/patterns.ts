/** From the lines that a daemon prints to events, by the patterns of its description. */
import type { Pattern, PatternEvent } from '../../input/description.ts';
import type { Seat, Stream } from '../contract.ts';
import { patternOf } from './asking.ts';
import type { DescribedStanding, Seen } from './standing.ts';
import type { Tally } from './tally.ts';

/** Longer lines are matched up to here. */
const LOOKED_AT = 4096;

/** What patterns need to know of the cluster. */
export interface Surroundings {
  readonly seats: readonly Seat[];
  readonly member: string;
  readonly tally: Tally;
}

export class Patterns {
  readonly #patterns: readonly Pattern[];
  readonly #around: Surroundings;
  #notices = 0;
  /** The patch that was begun last. */
  #patch: string | null = null;

  constructor(patterns: readonly Pattern[], around: Surroundings) {
    this.#patterns = patterns;
    this.#around = around;
  }

  /** Take a line in: of the patterns of one event, the first that matches tells it. @param stream where it was read */
  line(
    stream: Stream | 'file',
    text: string,
    turn: { readonly atNs: number; readonly sinceNs: number },
    standing: DescribedStanding,
  ): void {
    const line = text.slice(0, LOOKED_AT);
    const told = new Set<PatternEvent>();
    for (const pattern of this.#patterns) {
      if (!isOn(pattern, stream) || told.has(pattern.event)) continue;
      const matcher = patternOf(pattern.match).matcher(line);
      if (!matcher.find()) continue;
      told.add(pattern.event);
      this.#around.tally.matched(nameOf(pattern), this.#around.member, turn.atNs, line);
      const group = (name: string): string | null =>
        name in patternOf(pattern.match).namedGroups() ? (matcher.group(name) ?? null) : null;
      const observed = { sinceNs: turn.sinceNs, by: `a line on ${stream}` };
      this.#tell(pattern, group, { atNs: turn.atNs, observed }, standing, line);
    }
  }

  #tell(
    pattern: Pattern,
    group: (name: string) => string | null,
    turn: Seen,
    standing: DescribedStanding,
    line: string,
  ): void {
    switch (pattern.event) {
      case 'listening':
        standing.event({ event: 'listening', address: group('address') ?? this.#own.address }, turn);
        break;
      case 'parked':
        standing.parked(turn);
        break;
      case 'woken':
        standing.woken(turn, pattern.by ?? 'unknown');
        break;
      case 'open':
        standing.open(turn);
        break;
      case 'applied': {
        const [from, to] = [Number(group('from')), Number(group('to'))];
        const schema = (internal: number) => ({ internal, external: 0 });
        standing.event(
          { event: 'applied', from: schema(from), to: schema(to), seeded: null, decidedNs: turn.atNs },
          turn,
        );
        break;
      }
      case 'notified': {
        const notice = this.#notice();
        const peer = this.#memberAt(group('peer') ?? '');
        standing.event(
          { event: 'notified', peer, notice, kind: 'both', outcome: 'accepted', sentNs: turn.observed.sinceNs },
          turn,
        );
        break;
      }
      case 'noticed': {
        const disposition = standing.phase === 'parked' ? 'delivered' : 'dropped';
        const from = this.#memberAt(group('from') ?? '');
        standing.event({ event: 'noticed', from, notice: this.#notice(), kind: 'both', disposition }, turn);
        break;
      }
      case 'patching':
        this.#patch = group('patch') ?? line.trim();
        standing.event({ event: 'patching', patch: this.#patch }, turn);
        break;
      case 'patched': {
        // Where the line does not name it, it is the one that was begun last.
        const patch = group('patch') ?? this.#patch ?? line.trim();
        standing.event({ event: 'patched', patch, changes: null, outcome: 'ran', decidedNs: turn.atNs }, turn);
        break;
      }
      case 'exiting':
        standing.event(
          { event: 'exiting', reason: pattern.reason ?? 'failed', message: `said: ${group('message') ?? line.trim()}` },
          turn,
        );
        break;
    }
  }

  get #own(): Seat {
    return this.#around.seats.find(({ member }) => member === this.#around.member)!;
  }

  /** A name of the rig's own: the daemon gives its notices none. */
  #notice(): string {
    this.#notices += 1;
    return `${this.#around.member}-${this.#notices}`;
  }

  /** The member of that name or address; the text itself where there is none. */
  #memberAt(text: string): string {
    return this.#around.seats.find(({ member, address }) => member === text || address === text)?.member ?? text;
  }
}

export function nameOf(pattern: Pattern): string {
  return `pattern ${pattern.event}: ${pattern.match}`;
}

/** Where the two streams come as one, a pattern is for either. */
function isOn({ on }: Pattern, stream: Stream | 'file'): boolean {
  if (on === 'file' || stream === 'file') return on === stream;
  return on === 'both' || stream === 'output' || on === stream;
}
