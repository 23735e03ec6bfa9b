/**
 * Since when a gate lets a member of a version pass, for every member and every moment, folded from one change to the next.
 * A gate passes whom none of its peers' rows holds back, so each row is examined where it changes, and by the machine itself:
 * beside the row of somebody who is of no cluster.
 */
import { examine } from '../../node/upgrade/gate.ts';
import type { Rules } from '../../node/upgrade/machine.ts';
import type { Gate } from '../../node/upgrade/strategy.ts';
import { count, type Row, type Schema, type Version } from '../../node/upgrade/version.ts';
import type { Change, History } from './history.ts';

/** Who examines a row: its own row says nothing. */
const ASKER: Row = { member: '', internal: 0, external: 0, extensions: [] };
/** The place before the first moment. */
const NEVER = -1;

/** What held members back, up to a moment: the last places at which anything did. */
interface Last {
  /** The last place at which the schema, or the rows of more members than one, held everybody back. */
  readonly byMany: number;
  /** The last place at which one member's row held all others back, and whose it was. */
  readonly byOne: number;
  readonly one: string | null;
  /** The last place at which the row of any one other than that did. */
  readonly byOther: number;
}

export class Passable {
  readonly #lasts: readonly Last[];
  /** From which place to which each member has had a row; again, where it has come back. */
  readonly #stays: ReadonlyMap<string, readonly Stay[]>;

  constructor(rules: Rules, gate: Gate, version: Version, changes: readonly Change[]) {
    const rows = new Rows(rules, gate, version);
    let last: Last = { byMany: NEVER, byOne: NEVER, one: null, byOther: NEVER };
    const stays = new Map<string, Stay[]>();
    this.#lasts = changes.map((change, place) => {
      note(stays, change, place);
      rows.take(change);
      last = after(last, rows, place);
      return last;
    });
    this.#stays = stays;
  }

  /** The first place of the unbroken time, up to a place, in which the member could have passed; null where it could not have there. */
  since(member: string, place: number): number | null {
    const last = this.#lasts[place];
    const stay = this.#stays.get(member)?.find(({ from, to }) => from <= place && place < to);
    if (last === undefined || stay === undefined) return null;
    const byPeer = last.one === member ? last.byOther : last.byOne;
    const heldBack = Math.max(last.byMany, byPeer, stay.from - 1);
    return heldBack === place ? null : heldBack + 1;
  }
}

/** From a place on, and up to another. */
interface Stay {
  readonly from: number;
  to: number;
}

function note(stays: Map<string, Stay[]>, { row, removed }: Change, place: number): void {
  const open = (member: string): Stay | undefined =>
    stays.get(member)?.find(({ to }) => to === Number.POSITIVE_INFINITY);
  const leaving = removed === null ? undefined : open(removed);
  if (leaving !== undefined) leaving.to = place;
  if (row === null || open(row.member) !== undefined) return;
  stays.set(row.member, [...(stays.get(row.member) ?? []), { from: place, to: Number.POSITIVE_INFINITY }]);
}

function after(last: Last, { passesNobody, holding }: Rows, place: number): Last {
  if (passesNobody || holding.size > 1) return { ...last, byMany: place };
  const [one] = holding;
  if (one === undefined) return last;
  if (one === last.one) return { ...last, byOne: place };
  return { ...last, one, byOne: place, byOther: last.byOne };
}

/** All rows as they stand, and those among them that hold others back. */
class Rows {
  readonly holding = new Set<string>();
  passesNobody = false;
  readonly #passes: (applied: Schema, rows: readonly Row[]) => boolean;
  readonly #rows = new Map<string, Row>();
  #applied: Schema | null = null;

  constructor({ strategy, ahead }: Rules, gate: Gate, version: Version) {
    this.#passes = (applied, rows) =>
      examine(strategy, ahead, gate, ASKER.member, version, { applied, rows: [ASKER, ...rows] }).outcome.is === 'pass';
  }

  take({ row, removed, seeded, applied }: Change): void {
    if (removed !== null) {
      this.#rows.delete(removed);
      this.holding.delete(removed);
    }
    if (row !== null) this.#rows.set(row.member, row);
    const isNew = this.#applied?.internal !== applied.internal || this.#applied.external !== applied.external;
    this.#applied = applied;
    if (seeded !== null) for (const [member, old] of this.#rows) this.#rows.set(member, { ...old, extensions: seeded });
    if (isNew) this.passesNobody = !this.#passes(applied, []);
    if (isNew || seeded !== null) for (const each of this.#rows.values()) this.#examine(each, applied);
    else if (row !== null) this.#examine(row, applied);
  }

  #examine(row: Row, applied: Schema): void {
    if (this.#passes(applied, [row])) this.holding.delete(row.member);
    else this.holding.add(row.member);
  }
}

const KNOWN = new WeakMap<readonly Change[], Map<string, Passable>>();

/** Worked out once for each gate and version; histories of the same changes share it. */
export function passableAt(rules: Rules, gate: Gate, version: Version, { changes }: History): Passable {
  const known = KNOWN.get(changes) ?? new Map<string, Passable>();
  KNOWN.set(changes, known);
  const { strategy, ahead } = rules;
  const { internal, external, extensions } = version;
  const key = JSON.stringify([strategy.name, ahead, gate, internal, external, extensions, count(version, 'patch')]);
  const found = known.get(key) ?? new Passable(rules, gate, version, changes);
  known.set(key, found);
  return found;
}
