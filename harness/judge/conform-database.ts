/** The database of a roll, as the machine has it: the transactions of all members, carried out one after another. */
import { carryOut, examine, withoutRow } from '../../node/upgrade/gate.ts';
import type { Rules } from '../../node/upgrade/machine.ts';
import { examinePatch, type PatchRuling } from '../../node/upgrade/patch.ts';
import { patchesOf, type Version, type View } from '../../node/upgrade/version.ts';
import { Deviation } from './deviation.ts';
import type { Of, Transaction } from './follower.ts';

export class SharedDatabase {
  readonly #rules: Rules;
  #view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  /** Who has run which patch for all. */
  readonly #claims: Record<string, string> = {};

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Carry out a transaction, and hand its member what it decided. @throws Deviation */
  transact({ follower, told, version }: Transaction): void {
    switch (told.event) {
      case 'recorded': {
        this.#view = { ...this.#view, rows: [...this.#view.rows, told.row].sort(byMember) };
        const applied = follower.events.find(
          (event): event is Of<'applied'> => event.event === 'applied' && event.decidedNs === told.decidedNs,
        );
        if (applied !== undefined) this.#view = { ...this.#view, applied: applied.to };
        return;
      }
      case 'patched':
        follower.patchRulings.add(this.#patch(follower.member, told, version));
        return;
      case 'removed':
        this.#view = withoutRow(this.#view, told.peer);
        follower.taking = this.#view.rows.map(({ member }) => member);
        return;
      case 'checked': {
        const { strategy, ahead } = this.#rules;
        const { member } = follower;
        if (!this.#view.rows.some((row) => row.member === member))
          throw new Deviation(`${member} examines the ${told.gate} gate, and has no row in the database`);
        const ruling = examine(strategy, ahead, told.gate, member, version, this.#view);
        follower.rulings.add({ ruling, rows: this.#view.rows });
        this.#view = carryOut(this.#view, ruling);
      }
    }
  }

  #patch(member: string, { patch: name }: Of<'patched'>, version: Version): PatchRuling {
    const patch = patchesOf(version).find((one) => one.name === name);
    if (patch === undefined)
      throw new Deviation(`${member} runs the patch ${name}, which ${version.name} does not have`);
    const ruling = examinePatch(this.#rules.patching.by, patch, this.#claims);
    if (ruling.claims) this.#claims[name] = member;
    return ruling;
  }
}

function byMember(one: { member: string }, other: { member: string }): number {
  return one.member < other.member ? -1 : 1;
}
