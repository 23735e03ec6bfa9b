/** What may be wrong in a world, and what its members are to one another: asked of its local states, by their numbers. */
import { isClaimed, PATCH_STEPS, type Patch, type PatchOutcome } from '../../node/upgrade/patch.ts';
import { hindranceOf, isApplied } from '../../node/upgrade/safety.ts';
import { isNewer, type Version } from '../../node/upgrade/version.ts';
import { serves } from './local.ts';
import type { Locals } from './locals.ts';
import type { Question } from './question.ts';
import type { Steps } from './steps.ts';
import { Table } from './table.ts';

export class Wrongs {
  readonly #locals: Locals;
  readonly #versions: readonly Version[];
  readonly #places: number;
  readonly #misleads: ReadonlyMap<Version, Table<boolean>>;
  /** Worlds in which somebody has just passed its last gate who must not open, or did for the second time what is done once. */
  readonly unsafe = new Set<number>();
  /** Worlds in which a patch of the database has been run, and somebody serves who does not know it. */
  readonly misread: number[] = [];

  constructor(locals: Locals, { versions }: Question, places: number) {
    this.#locals = locals;
    this.#versions = versions;
    this.#places = places;
    this.#misleads = new Map(
      versions.map((version) => [version, new Table((number) => this.#misleadsTo(version, number))]),
    );
  }

  readonly serves = new Table((number) => serves(this.#locals.at(number)));

  /** The patches of the database that a member has run, and those that it does not know while it serves. */
  readonly #ran = new Table((number) => this.#locals.at(number).ran & this.#ofDatabase);
  readonly #unknown = new Table((number) => {
    const local = this.#locals.at(number);
    return serves(local) ? this.#ofDatabase & ~this.#locals.patchesOf(local.version) : 0;
  });

  get #ofDatabase(): number {
    return this.#locals.patches.reduce(
      (mask, patch) => (patch.changes === 'database' ? mask | this.#locals.patchBit(patch) : mask),
      0,
    );
  }

  /** Look at a world once. */
  look(number: number, here: Int32Array): void {
    let [ran, unknown] = [0, 0];
    for (let place = 0; place < this.#places; place += 1) {
      ran |= this.#ran.of(here[place]!);
      unknown |= this.#unknown.of(here[place]!);
    }
    if ((ran & unknown) !== 0) this.misread.push(number);
  }

  /** Whether some other member serves. */
  servesBeside(here: Int32Array, place: number): boolean {
    for (let other = 0; other < this.#places; other += 1)
      if (other !== place && this.serves.of(here[other]!)) return true;
    return false;
  }

  isInsideBeside(here: Int32Array, place: number): boolean {
    for (let other = 0; other < this.#places; other += 1)
      if (other !== place && this.#locals.at(here[other]!).inside) return true;
    return false;
  }

  /** Whether all members run one release, and not all of them serve it. */
  standsAtOneRelease(here: Int32Array): boolean {
    let version: Version | null = null;
    let allServe = true;
    for (let place = 0; place < this.#places; place += 1) {
      const local = this.#locals.at(here[place]!);
      if (local.row === null) continue;
      if (version !== null && version !== local.version) return false;
      version = local.version;
      const next = this.#locals.nextOf(here[place]!);
      if (next !== 'serve' && next !== 'refresh') allServe = false;
    }
    return !allServe;
  }

  /**
   * Whether a member may be refreshed to its later release of this index where nobody is refreshed without having asked: the
   * operator's one is the first to come to that release, and any other has learnt from the rows that a peer is newer.
   */
  isAsked(here: Int32Array, place: number, steps: Steps, index: number): boolean {
    const mine = this.#locals.at(here[place]!);
    const target = steps.versionOf.of(here[place]!) + 1 + index;
    let isFirst = true;
    let hasLearnt = false;
    for (let other = 0; other < this.#places; other += 1) {
      if (other === place) continue;
      const { row } = this.#locals.at(here[other]!);
      if (row === null) continue;
      if (steps.versionOf.of(here[other]!) >= target) isFirst = false;
      if (isNewer(row, mine.version)) hasLearnt = true;
    }
    // One that has gone learns of nothing, and asks nobody.
    return isFirst || (hasLearnt && this.#locals.nextOf(here[place]!) !== 'exit');
  }

  outcomeOf(here: Int32Array, patch: Patch): PatchOutcome {
    const { protocol, rules } = this.#locals.model;
    const bit = this.#locals.patchBit(patch);
    let ran = 0;
    for (let other = 0; other < this.#places; other += 1) ran |= this.#locals.at(here[other]!).ran;
    const claims = (ran & bit) !== 0 ? { [patch.name]: 'somebody' } : {};
    return protocol.examinePatch(rules.patching.by, patch, claims).outcome;
  }

  /** Whether a patch has just been run that was not to be: it is noted, or is one that one member runs for all. */
  isRunAgain(here: Int32Array, place: number, patch: Patch, outcome: PatchOutcome): boolean {
    if (outcome !== 'ran') return false;
    const bit = this.#locals.patchBit(patch);
    const { notes, ran } = this.#locals.at(here[place]!);
    const isNotedFirst = PATCH_STEPS[patch.interrupted][0] === 'note';
    if (isNotedFirst ? (ran & bit) !== 0 : (notes & bit) !== 0) return true;
    if (!isClaimed(this.#locals.model.rules.patching.by, patch)) return false;
    for (let other = 0; other < this.#places; other += 1)
      if ((this.#locals.at(here[other]!).ran & bit) !== 0) return true;
    return false;
  }

  /**
   * Whether a member that has just passed its last gate is wrong to open: a row or the schema is not at its version, or a
   * row is, whose member was turned away and runs another.
   */
  isWrongToOpen(there: Int32Array, opening: number, applied: number): boolean {
    if (this.#locals.nextOf(opening) !== 'open') return false;
    const { version } = this.#locals.at(opening);
    // Back on the oldest version after a crash, it may open among others of that version, as one that was never refreshed.
    if (version === this.#versions[0]) return false;
    if (!isApplied(this.#locals.schemaAt(applied), version)) return true;
    const misleads = this.#misleads.get(version)!;
    for (let place = 0; place < this.#places; place += 1) if (misleads.of(there[place]!)) return true;
    return false;
  }

  /** Whether a member's row misleads one that opens in a version: it is not at that version, or its member runs another. */
  #misleadsTo(opening: Version, number: number): boolean {
    const { row, state, version } = this.#locals.at(number);
    if (row === null) return false;
    // Whoever is turned away has looked; whoever has not may still put its row right.
    return hindranceOf(opening, row, state?.phase === 'exiting' ? version : null) !== null;
  }
}
