/**
 * A counterexample, carried over to members that nobody can hold at a failpoint: they run by themselves, and are held where a step of
 * theirs has to go over a link. Before its check, what a member asks is held; between its check and its park, the answer by which it
 * would learn of its commit; and a notice, on the connection that it was sent over. The rows tell when a step has been taken. A
 * path that wants more than that is refused, by the step that does. Pure.
 */
import { InputError } from '../input/errors.ts';
import { permutations } from './order.ts';
import type { Move, Plan, Step } from './plan.ts';
import { entrantsOf } from './sequence.ts';

type Refreshing = Step & { readonly do: 'refresh' };
type Releasing = Step & { readonly do: 'release' };
type Delivering = Step & { readonly do: 'deliver' };
type PathStep = Refreshing | Releasing | Delivering;

/**
 * The same roll, without failpoints.
 * @param isHeld whether anything is held: a roll with which it is compared has the same relays, and lets everything through
 * @throws InputError that names the step which cannot be forced, or be seen
 */
export function carriedOver(plan: Plan, isHeld: boolean): Plan {
  const { members } = plan;
  const refusals: InputError[] = [];
  // Names mean nothing to a path; who leads the database does.
  for (const names of permutations(members)) {
    const renamed = new Map(members.map((member, index) => [member, names[index]!]));
    try {
      return carried(plan, renamed, isHeld);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refusals.push(error);
    }
  }
  throw refusals[0]!;
}

function carried(plan: Plan, renamed: ReadonlyMap<string, string>, isHeld: boolean): Plan {
  const { steps } = plan;
  const begun = steps.findIndex((step) => entrantsOf(step).length === 0);
  const until = steps.findIndex((step) => step.do === 'release-all');
  const path = steps.slice(begun, until < 0 ? steps.length : until).map((step, index) => {
    if (step.do === 'refresh' || step.do === 'release' || step.do === 'deliver')
      return { step: rename(step, renamed), number: begun + index + 1 };
    throw new InputError(
      `step ${begun + index + 1} (${step.do}): only refreshes, checks, parks and notices can be carried over`,
    );
  });
  const carrying = new Carrying(plan, path, isHeld);
  const own = carrying.steps();
  const order = own.flatMap((step) => (step.do === 'refresh' ? step.refreshes.map(({ member }) => member) : []));
  return {
    ...plan,
    order,
    holds: false,
    steps: [...steps.slice(0, begun), ...own, { do: 'settle' }, { do: 'verify' }],
    expect: { ...plan.expect, wokenBy: isHeld ? plan.expect.wokenBy : 'notice' },
  };
}

interface Placed<Of extends PathStep = PathStep> {
  readonly step: Of;
  /** Of the plan, from 1, for a person. */
  readonly number: number;
}

class Carrying {
  readonly #members: readonly string[];
  readonly #path: readonly Placed[];
  readonly #isHeld: boolean;
  /** Whether the rig can make a member the leader; else it is reckoned who that is, and where it is another the roll is given up. */
  readonly #isLeaderMade: boolean;
  /** Who is kept from an answer just now. */
  readonly #withheld = new Set<string>();
  /** The holds of what a member asks, by the member; and of notices, by sender and receiver. */
  readonly #holds = new Map<string, readonly string[]>();
  #leader: string;
  #ids = 0;

  constructor({ members, daemon }: Plan, path: readonly Placed[], isHeld: boolean) {
    this.#members = members;
    this.#path = lateRefreshes(path);
    this.#isHeld = isHeld;
    this.#isLeaderMade = daemon.capabilities.leader;
    // Whoever forms a cluster leads it.
    this.#leader = members[0]!;
  }

  steps(): Step[] {
    return this.#path.flatMap((one, place) => this.#carry(one, place));
  }

  #carry({ step, number }: Placed, place: number): Step[] {
    switch (step.do) {
      case 'refresh':
        return this.#refresh(step, number, place);
      case 'release':
        return this.#release(step.member, step.move, number, place);
      case 'deliver':
        return this.#letGo(wayOf(step.from, step.to));
    }
  }

  #refresh(step: Refreshing, number: number, place: number): Step[] {
    const member = memberOf(step);
    if (member === this.#leader) this.#leader = this.#members.find((other) => other !== member)!;
    const check = this.#nextOf(member, place);
    const isHeldBefore = check !== null && !this.#isNext(check, place);
    const park = check === null ? null : this.#nextOf(member, check);
    const isKept = check !== null && park !== null && isPark(this.#path[park]!.step) && !this.#isNext(park, check);
    const before = isHeldBefore ? this.#holdAsked(member, number) : [];
    const steps: Step[] = [...before, ...(isKept ? this.#withhold(member, number, check, park) : [])];
    return [...steps, { ...step, pace: 'eager' }];
  }

  /** What keeps a member from the answer to its commit. */
  #withhold(member: string, number: number, check: number, park: number): Step[] {
    const leader = this.#leader;
    if (member === leader)
      throw new InputError(
        `step ${this.#path[park]!.number}: ${member} leads the database by then, and what it asks itself goes over no link: it cannot be kept from learning of its commit`,
      );
    const moves = this.#path.slice(check, park).find(({ step }) => step.do === 'refresh' && memberOf(step) === leader);
    if (moves !== undefined)
      throw new InputError(
        `step ${moves.number}: ${leader} leads the database and is stopped, while ${member} waits for its answer (since step ${number}): that would be lost, and not late`,
      );
    this.#withheld.add(member);
    const withhold: Step = { do: 'withhold', member, from: leader, isHeld: this.#isHeld };
    if (!this.#isLeaderMade) return [withhold];
    this.#ids += 1;
    return [{ do: 'fault', id: `f${this.#ids}`, fault: { is: 'leader-moves', member: leader } }, withhold];
  }

  #release(member: string, move: Move, number: number, place: number): Step[] {
    switch (move.step) {
      case 'check':
        return this.#check(member, move, number, place);
      case 'park':
        if (!this.#withheld.delete(member)) return [awaiting(member, 'parked')];
        if (!this.#isHeld) return [];
        return [{ do: 'let-through', member }, awaiting(member, 'parked')];
      case 'open':
        this.#requireNext(member, 'notify', number, place);
        return [];
      case 'notify':
        return [awaiting(member, 'settled')];
      default:
        throw new InputError(
          `step ${number} (${move.step}): nothing shows when a member of this daemon does that, and nothing holds it there`,
        );
    }
  }

  #check(member: string, move: Move & { step: 'check' }, number: number, place: number): Step[] {
    const released = this.#letGo(member);
    if (move.outcome === 'blocked') {
      // While it is kept from the answer, nothing else is to be seen of it; where it is not, it parks at once.
      const parks: Step[] = this.#isHeld ? [] : [awaiting(member, 'parked')];
      if (this.#withheld.has(member)) return [...released, awaiting(member, 'recorded'), ...parks];
      this.#requireNext(member, 'park', number, place);
      return released;
    }
    if (move.outcome !== 'pass')
      throw new InputError(`step ${number}: ${member} finds its peers ${move.outcome}: that cannot be carried over`);
    this.#requireNext(member, 'open', number, place);
    return [...this.#holdNotices(member, number, place), ...released];
  }

  /** A member that nothing holds takes its next step at once. */
  #requireNext(member: string, step: Move['step'], number: number, place: number): void {
    const next = this.#path[place + 1]?.step;
    if (next?.do === 'release' && next.member === member && next.move.step === step) return;
    throw new InputError(
      `step ${number}: nothing holds ${member} between this step and '${step}', and the path has others act in between`,
    );
  }

  #holdAsked(member: string, number: number): Step[] {
    if (this.#holds.size > 0)
      throw new InputError(
        `step ${number}: ${member} is held before its check, while another is: two members that are not heard cost the database its quorum`,
      );
    return this.#hold(
      member,
      this.#members.filter((peer) => peer !== member).map((to) => ({ from: member, to })),
    );
  }

  /** The notices that a member is about to send, where their receivers do something before they arrive. */
  #holdNotices(member: string, number: number, place: number): Step[] {
    const sent = this.#path.findIndex(
      ({ step }, index) =>
        index > place && step.do === 'release' && step.member === member && step.move.step === 'notify',
    );
    return this.#path.flatMap(({ step }, index) => {
      if (index < sent || step.do !== 'deliver' || step.from !== member) return [];
      const between = this.#path.slice(sent + 1, index);
      const acts = between.some((one) => one.step.do === 'release' && one.step.member === step.to);
      const changes = between.some((one) => one.step.do === 'refresh' || isCheck(one.step));
      if (!acts && !(changes && step.disposition === 'delivered')) return [];
      if (member === this.#leader)
        throw new InputError(
          `step ${number}: the notice from ${member} to ${step.to} would have to be held on its way, and ${member} leads the database: Raft goes the same way`,
        );
      return this.#hold(wayOf(member, step.to), [{ from: member, to: step.to }]);
    });
  }

  #hold(name: string, ways: ReadonlyArray<{ readonly from: string; readonly to: string }>): Step[] {
    if (!this.#isHeld) return [];
    const steps = ways.map(({ from, to }): Step & { do: 'fault' } => {
      this.#ids += 1;
      const fault = { is: 'hold-link', from, to, dialledBy: from, direction: 'one-way' } as const;
      return { do: 'fault', id: `f${this.#ids}`, fault };
    });
    this.#holds.set(
      name,
      steps.map(({ id }) => id),
    );
    return steps;
  }

  #letGo(name: string): Step[] {
    const ids = this.#holds.get(name) ?? [];
    this.#holds.delete(name);
    return ids.map((id) => ({ do: 'undo', id }));
  }

  /** Where the path has a member take its next step after a place; null where it takes none. */
  #nextOf(member: string, place: number): number | null {
    const next = this.#path.findIndex(
      ({ step }, index) => index > place && step.do === 'release' && step.member === member,
    );
    return next < 0 ? null : next;
  }

  #isNext(place: number, before: number): boolean {
    return place === before + 1;
  }
}

/**
 * A member is started when its turn to check has come, as far as no notice reaches it before: until then it is of no matter to the
 * others, and several that are held at once cost the database its quorum.
 */
function lateRefreshes(path: readonly Placed[]): Placed[] {
  const late = [...path];
  for (let place = late.length - 1; place >= 0; place -= 1) {
    const one = late[place]!;
    if (one.step.do !== 'refresh') continue;
    const member = memberOf(one.step);
    const until = late.findIndex(
      ({ step }, index) =>
        index > place &&
        ((step.do === 'release' && step.member === member) || (step.do === 'deliver' && step.to === member)),
    );
    if (until < 0) continue;
    late.splice(until, 0, one);
    late.splice(place, 1);
  }
  return late;
}

function memberOf({ refreshes }: Refreshing): string {
  const [refresh, ...more] = refreshes;
  if (refresh === undefined || more.length > 0)
    throw new InputError('several members are refreshed at once: that cannot be carried over');
  return refresh.member;
}

function isPark(step: PathStep): boolean {
  return step.do === 'release' && step.move.step === 'park';
}

function isCheck(step: PathStep): boolean {
  return step.do === 'release' && step.move.step === 'check';
}

function wayOf(from: string, to: string): string {
  return `${from} ${to}`;
}

function awaiting(member: string, until: (Step & { do: 'await' })['until']): Step {
  return { do: 'await', member, until };
}

function rename(step: PathStep, renamed: ReadonlyMap<string, string>): PathStep {
  const named = (member: string): string => renamed.get(member)!;
  switch (step.do) {
    case 'refresh':
      return { ...step, refreshes: step.refreshes.map((one) => ({ ...one, member: named(one.member) })) };
    case 'release':
      return { ...step, member: named(step.member) };
    case 'deliver':
      return { ...step, from: named(step.from), to: named(step.to) };
  }
}
