/**
 * Every step of one member as a table from local state to local state, both by their numbers: a move is the state it leads
 * to and, packed beside it, which step it is. The tables are filled, when first asked, by the protocol itself.
 */
import type { Input, PatchFailure, State } from '../../node/upgrade/machine.ts';
import type { Patch, PatchOutcome } from '../../node/upgrade/patch.ts';
import { patchesOf, type Version } from '../../node/upgrade/version.ts';
import { changed, EMPTY_INBOX, JOINED, KINDS, type Local } from './local.ts';
import type { Locals } from './locals.ts';
import { packStep, STEP_BITS, type StepName } from './question.ts';
import { Table } from './table.ts';

/** A step, and where it leads: read by `stepOf` and `targetOf`. */
export type Move = number;

export class Steps {
  readonly #locals: Locals;
  readonly #versions: readonly Version[];

  constructor(locals: Locals, versions: readonly Version[]) {
    this.#locals = locals;
    this.#versions = versions;
  }

  /** What a member does, or has done to it by a notice or a timer, that changes nothing but itself. */
  readonly own = new Table((number) => this.#own(number));

  /** To each later release, the next first. */
  readonly refreshed = new Table((number): readonly Move[] => {
    const local = this.#locals.at(number);
    const now = this.versionOf.of(number);
    return this.#versions.flatMap((version, index) =>
      index > now ? [this.#move('refresh', this.started(local, version), index)] : [],
    );
  });

  /** The index of the version that a member runs. */
  readonly versionOf = new Table((number) => this.#versions.indexOf(this.#locals.at(number).version));

  /** It was to be refreshed, and has come back in the build that it had. */
  readonly failed = new Table((number) => {
    const local = this.#locals.at(number);
    return this.#move('fail', this.started(local, local.version));
  });

  /** Notices on their way to it that may be lost, as moves. */
  readonly lost = new Table((number) =>
    this.#byKind(number, 'lose', (local, kind) => ({ ...local, inbox: changed(local.inbox, kind, -1) })),
  );

  readonly duplicated = new Table((number) =>
    this.#byKind(number, 'duplicate', (local, kind) => ({ ...local, inbox: changed(local.inbox, kind, 1) })),
  );

  /** A member that was never refreshed does not crash: nothing was done to it. It starts again in its build, or the one before. */
  readonly crashed = new Table((number): readonly Move[] => {
    const local = this.#locals.at(number);
    if (local.state === null || local.row === null) return [];
    const last = Math.max(1, this.versionOf.of(number));
    return [last - 1, last].map((index) => this.#move('crash', this.started(local, this.#versions[index]!), index));
  });

  /** A notice sets out for the member: a table for each kind. */
  readonly sent = KINDS.map(
    (_, kind) =>
      new Table((number) => {
        if (this.#locals.at(number).row === null) return number;
        return this.#changed(number, ({ inbox }) => ({ inbox: changed(inbox, kind, 1) }));
      }),
  );

  /** The member has told its peers. */
  readonly notified = new Table((number) => {
    const local = this.#locals.at(number);
    return this.#locals.numberOf(this.#advanced(local, { is: 'notified' }));
  });

  /** The kind of notice that a member in 'notify' is about to send. */
  readonly kind = new Table((number) => {
    const todo = this.#locals.model.protocol.command(this.#locals.at(number).state!);
    if (todo.do !== 'notify') throw new Error('only a member that is about to notify has a kind');
    return KINDS.indexOf(todo.kind);
  });

  /** The patch that a member is about to run, or to note. */
  readonly patch = new Table((number): Patch => {
    const todo = this.#locals.model.protocol.command(this.#locals.at(number).state!);
    if (todo.do !== 'patch' && todo.do !== 'note') throw new Error('only a member at a patch has one');
    return todo.patch;
  });

  readonly begun = new Table((number) => this.#changed(number, () => ({ inside: true })));

  readonly patched: Readonly<Record<PatchOutcome, Table<number>>> = {
    ran: new Table((number) => this.#patched(number, 'ran')),
    found: new Table((number) => this.#patched(number, 'found')),
  };

  /** Another's transaction was in the way of a patch that does not wait. */
  readonly collided = new Table((number) => {
    const failure: PatchFailure = {
      is: 'patch-failed',
      patch: this.patch.of(number).name,
      why: 'another was in its way',
    };
    return this.#locals.numberOf(this.#advanced(this.#locals.at(number), { is: 'patched', outcome: failure }));
  });

  /** The member has left for good. What it has run, it has run. */
  readonly left = new Table((number) =>
    this.#changed(number, () => ({
      state: null,
      version: this.#versions[0]!,
      row: null,
      inbox: EMPTY_INBOX,
      notes: 0,
      inside: false,
      due: false,
    })),
  );

  /** A new member has been let in by one in this local state, and serves as that does. */
  joined(number: number, through: number): number {
    const { version, row, state } = this.#locals.at(through);
    const { rules } = this.#locals.model;
    const patches = patchesOf(version).map(({ name }) => name);
    return this.#changed(number, () => ({
      version,
      state: state === null ? null : JOINED,
      row: rules.patching.waitsForAll && patches.length > 0 ? { ...row!, patchCount: patches.length } : row,
      notes: this.#locals.patchesOf(version),
    }));
  }

  /** From now on a timer may end the member's park, and it does not crash. */
  readonly due = new Table((number) =>
    this.#changed(number, ({ state }) => ({ due: state?.phase === 'parked', mortal: false })),
  );

  /** From now on the member does not crash. */
  readonly immortal = new Table((number) => this.#changed(number, () => ({ mortal: false })));

  /** Its process is another one: of what it was at, only its row, its notes, and what is on its way to it are left. */
  started(local: Local, version: Version): Local {
    const { protocol, rules } = this.#locals.model;
    const noted = this.#locals.patches.filter((_, bit) => (local.notes & (1 << bit)) !== 0);
    // The patches of the first release were noted before.
    const names = [...patchesOf(this.#versions[0]!), ...noted].map(({ name }) => name);
    const state = protocol.start(rules, patchesOf(version), names);
    return { ...local, version, state, inside: false, due: false };
  }

  #own(number: number): readonly Move[] {
    const local = this.#locals.at(number);
    if (local.row === null) return [];
    const delivered = this.#byKind(number, 'deliver', (before, kind) => {
      const inbox = changed(before.inbox, kind, -1);
      return before.state === null
        ? { ...before, inbox }
        : this.#advanced({ ...before, inbox }, { is: 'noticed', kind: KINDS[kind]! });
    });
    const acted = this.#acted(number, local);
    return acted === null ? delivered : [acted, ...delivered];
  }

  #acted(number: number, local: Local): Move | null {
    switch (this.#locals.nextOf(number)) {
      case 'park':
        return this.#move('park', this.#advanced(local, { is: 'parked' }));
      case 'open':
        return this.#move('open', this.#advanced(local, { is: 'opened' }));
      case 'note': {
        const bit = this.#locals.patchBit(this.patch.of(number));
        return this.#move('note', this.#advanced({ ...local, notes: local.notes | bit }, { is: 'noted' }));
      }
      case 'wait':
        return local.due ? this.#move('timer', this.#advanced(local, { is: 'timer' })) : null;
      // These look at others, or do something to them; or do nothing.
      default:
        return null;
    }
  }

  #patched(number: number, outcome: PatchOutcome): number {
    const local = this.#locals.at(number);
    const ran = outcome === 'ran' ? local.ran | this.#locals.patchBit(this.patch.of(number)) : local.ran;
    return this.#locals.numberOf(this.#advanced({ ...local, ran, inside: false }, { is: 'patched', outcome }));
  }

  #byKind(number: number, step: StepName, make: (local: Local, kind: number) => Local): readonly Move[] {
    const local = this.#locals.at(number);
    return KINDS.flatMap((_, kind) => (local.inbox[kind]! > 0 ? [this.#move(step, make(local, kind), kind)] : []));
  }

  #move(step: StepName, to: Local, detail = 0): Move {
    return (this.#locals.numberOf(to) << STEP_BITS) | packStep(step, detail);
  }

  #changed(number: number, change: (local: Local) => Partial<Local>): number {
    const local = this.#locals.at(number);
    return this.#locals.numberOf({ ...local, ...change(local) });
  }

  #advanced(local: Local, input: Input): Local {
    const { protocol, rules } = this.#locals.model;
    const state: State = protocol.advance(rules, local.state!, input);
    return { ...local, state, due: local.due && state.phase === 'parked' };
  }
}

export function stepOf(move: Move): number {
  return move & ((1 << STEP_BITS) - 1);
}

export function targetOf(move: Move): number {
  return move >>> STEP_BITS;
}
