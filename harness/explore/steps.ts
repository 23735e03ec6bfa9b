/**
 * Every step of one member as a table from local state to local state, both by their numbers: a move is the state it leads
 * to and, packed beside it, which step it is. The tables are filled, when first asked, by the protocol itself.
 */
import type { Input, State } from '../../node/upgrade/machine.ts';
import type { Version } from '../../node/upgrade/version.ts';
import { changed, KINDS, type Local } from './local.ts';
import type { Locals } from './locals.ts';
import { packStep, STEP_BITS, type StepName } from './question.ts';
import { Table } from './table.ts';

/** A step, and where it leads: read by `stepOf` and `targetOf`. */
export type Move = number;

export class Steps {
  readonly #locals: Locals;
  readonly #from: Version;
  readonly #to: Version;

  constructor(locals: Locals, from: Version, to: Version) {
    this.#locals = locals;
    this.#from = from;
    this.#to = to;
  }

  /** What a member does, or has done to it by the operator, a notice or a timer, that changes nothing but itself. */
  readonly own = new Table((number) => this.#own(number));

  /** Notices on their way to it that may be lost, as moves. */
  readonly lost = new Table((number) =>
    this.#byKind(number, 'lose', (local, kind) => ({ ...local, inbox: changed(local.inbox, kind, -1) })),
  );

  readonly duplicated = new Table((number) =>
    this.#byKind(number, 'duplicate', (local, kind) => ({ ...local, inbox: changed(local.inbox, kind, 1) })),
  );

  /** A member that was never refreshed does not crash: nothing was done to it. */
  readonly crashed = new Table((number): readonly Move[] => {
    const local = this.#locals.at(number);
    if (local.state === null) return [];
    return [this.#from, this.#to].map((version, detail) => this.#move('crash', this.#started(local, version), detail));
  });

  /** A notice sets out for the member: a table for each kind. */
  readonly sent = KINDS.map(
    (_, kind) => new Table((number) => this.#changed(number, ({ inbox }) => ({ inbox: changed(inbox, kind, 1) }))),
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

  /** From now on a timer may end the member's park, and it does not crash. */
  readonly due = new Table((number) =>
    this.#changed(number, ({ state }) => ({ due: state?.phase === 'parked', mortal: false })),
  );

  /** From now on the member does not crash. */
  readonly immortal = new Table((number) => this.#changed(number, () => ({ mortal: false })));

  #own(number: number): readonly Move[] {
    const local = this.#locals.at(number);
    const delivered = this.#byKind(number, 'deliver', (before, kind) => {
      const inbox = changed(before.inbox, kind, -1);
      return before.state === null
        ? { ...before, inbox }
        : this.#advanced({ ...before, inbox }, { is: 'noticed', kind: KINDS[kind]! });
    });
    const acted = this.#acted(local, this.#locals.nextOf(number));
    return acted === null ? delivered : [acted, ...delivered];
  }

  #acted(local: Local, next: ReturnType<Locals['nextOf']>): Move | null {
    switch (next) {
      case 'refresh':
        return this.#move('refresh', this.#started(local, this.#to));
      case 'park':
        return this.#move('park', this.#advanced(local, { is: 'parked' }));
      case 'open':
        return this.#move('open', this.#advanced(local, { is: 'opened' }));
      case 'wait':
        return local.due ? this.#move('timer', this.#advanced(local, { is: 'timer' })) : null;
      // These look at others, or do something to them; or do nothing.
      case 'check':
      case 'notify':
      case 'serve':
      case 'exit':
        return null;
    }
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

  #started(local: Local, version: Version): Local {
    const { protocol, rules } = this.#locals.model;
    return { ...local, version, state: protocol.start(rules), due: false };
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
