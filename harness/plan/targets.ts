/** Which members are refreshed to what, in which order: the part of a scenario that a plan's steps are made of. Pure. */
import { InputError } from '../input/errors.ts';
import type { Scenario } from '../input/scenario.ts';
import type { Crash } from './plan.ts';

export interface Target {
  readonly member: string;
  readonly to: string;
  readonly crash?: Crash | undefined;
}

/** Targets that follow one another, and whether everybody is to have settled before the next. */
export interface Release {
  readonly targets: readonly Target[];
  readonly settles: boolean;
}

/** A scenario as far as it says who is refreshed to what. */
type Said = Pick<
  Scenario,
  'to' | 'from' | 'order' | 'seed' | 'pace' | 'refreshes' | 'versions' | 'between' | 'skips' | 'back_after'
>;

/** @throws InputError where two keys say the same thing, or one says nothing without another */
export function refuseContradictions(said: Said): void {
  const { refreshes, versions, order, to, from, seed, pace } = said;
  if (seed !== undefined && order !== 'random' && pace !== 'auto')
    throw new InputError('seed: it draws a random order: say order random, or drop it');
  if (refreshes !== undefined && (order !== undefined || to !== undefined || versions !== undefined))
    throw new InputError(
      'refreshes: it already says which members go to what, and in which order: drop `to` and `order`',
    );
  if (versions !== undefined && (to !== undefined || from !== undefined))
    throw new InputError('versions: it names all releases, from the first to the last: drop `from` and `to`');
  if (versions === undefined && (said.between !== undefined || said.skips !== undefined))
    throw new InputError(`${said.between === undefined ? 'skips' : 'between'}: it is about a chain: say versions`);
  if (said.back_after !== undefined && (refreshes !== undefined || versions !== undefined))
    throw new InputError('back_after: it is about one release: say `from` and `to`');
}

/**
 * The releases of a roll: one; or each of a chain, where a member may skip any but the last; or one half-way and back.
 * @param targets the last release, in the order of the roll
 * @throws InputError where a key names a member or a release that there is not
 */
export function releasesOf(said: Said, from: string, targets: readonly Target[]): Release[] {
  const { versions, between = 'settled', skips = {}, back_after: backAfter } = said;
  if (backAfter !== undefined) return halfWay(targets, from, backAfter);
  if (versions === undefined) return [{ targets, settles: true }];
  const last = versions.at(-1)!;
  for (const [member, skipped] of Object.entries(skips)) {
    if (!targets.some((target) => target.member === member))
      throw new InputError(`skips: there is no member ${member}`);
    const wrong = skipped.find((version) => !versions.slice(1, -1).includes(version));
    if (wrong !== undefined)
      throw new InputError(`skips: ${member}: ${wrong} is no release between ${versions[0]} and ${last}`);
  }
  return versions.slice(1).map((to) => ({
    targets: targets.flatMap(({ member }) => (skips[member]?.includes(to) ? [] : [{ member, to }])),
    settles: between === 'settled' || to === last,
  }));
}

/** The first so many, and back in the same order. */
function halfWay(targets: readonly Target[], from: string, count: number): Release[] {
  if (count > targets.length) throw new InputError(`back_after: ${count}: there are ${targets.length} to refresh`);
  const forth = targets.slice(0, count);
  return [{ targets: [...forth, ...forth.map(({ member }) => ({ member, to: from }))], settles: true }];
}
