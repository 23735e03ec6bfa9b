/** A path of the explorer as a Plan: the same steps, each held and let go in turn, on real members. */
import type { Version } from '../../node/upgrade/version.ts';
import { rollName } from '../input/values.ts';
import { compile } from '../plan/compile.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import type { Move, Plan, Step } from '../plan/plan.ts';
import type { Answer } from './explore.ts';
import type { Told } from './path.ts';

/**
 * The plan that replays an answer's path, and then lets everybody go, so that one sees what it takes to get out.
 * @throws Error where the path has a fault in it, which cannot be held and let go
 */
export function counterexample(answer: Answer, daemon: DaemonSource, versions: ReadonlyMap<string, Version>): Plan {
  const { strategy, wakeups, ahead, patching, from, to, members, path, unsafe, misread } = answer;
  if (path === null) throw new Error('nothing falls short, so there is nothing to replay');
  const collided = path.flatMap((told) =>
    told.is === 'patched' && typeof told.outcome !== 'string' ? told.member : [],
  );
  const scenario = {
    name: rollName(`${strategy}-${wakeups}-${from}-${to}`),
    about: 'a counterexample that the explorer found',
    ...{ strategy, wakeups, ahead, patch_when: patching.when, patch_by: patching.by, from, to, members },
    expect: {
      woken: unsafe + misread + collided.length > 0 ? ('either' as const) : ('timer' as const),
      safe: unsafe === 0,
      exits: Object.fromEntries(collided.map((member) => [member, 'patch-failed' as const])),
    },
  };
  const [plan] = compile({ scenario, daemon, versions, records: [], freshSeed: 0 });
  if (plan === undefined) throw new Error('a scenario with a given order makes one plan');
  const entering = plan.steps.filter((step) => step.do === 'bootstrap' || step.do === 'join');
  const running = new Map(plan.members.map((member) => [member, from]));
  const walked = path.map((told) => stepOf(told, running));
  // Of a chain, whoever has not come to the last release by then would keep the others from it.
  const left = answer.by.length === 0 ? [] : [...running].filter(([, version]) => version !== to);
  const onward = left.map(
    ([member, version]): Step => ({ do: 'refresh', refreshes: [{ member, from: version, to }], pace: 'held' }),
  );
  const release: Step = { do: 'release-all' };
  const course = [...walked, release, ...onward, ...(onward.length === 0 ? [] : [release])];
  const order = course.flatMap((step) => (step.do === 'refresh' ? step.refreshes.map(({ member }) => member) : []));
  const steps: Step[] = [...entering, ...course, { do: 'settle' }, { do: 'verify' }];
  const named = [from, ...answer.by, to].map((name) => [name, versions.get(name)!] as const);
  return { ...plan, versions: Object.fromEntries(named), order, holds: true, steps };
}

/** @param running what each member runs; brought up to date here */
function stepOf(told: Told, running: Map<string, string>): Step {
  switch (told.is) {
    case 'refreshed': {
      const { member, version } = told;
      const refresh = { member, from: running.get(member)!, to: version.name };
      running.set(member, version.name);
      return { do: 'refresh', refreshes: [refresh], pace: 'held' };
    }
    case 'checked':
    case 'parked':
    case 'notified':
    case 'opened':
    case 'began':
    case 'patched':
    case 'noted':
      return { do: 'release', member: told.member, move: moveOf(told) };
    case 'arrived':
      return { do: 'deliver', ...told.notice, disposition: told.disposition };
    case 'lost':
    case 'duplicated':
    case 'crashed':
    case 'failed':
    case 'left':
    case 'joined':
    case 'timer':
      throw new Error(`a path with '${told.is}' in it cannot be replayed`);
  }
}

type OwnStep = Told & { is: 'checked' | 'parked' | 'notified' | 'opened' | 'began' | 'patched' | 'noted' };

function moveOf(told: OwnStep): Move {
  switch (told.is) {
    case 'checked':
      return { step: 'check', outcome: told.outcome.is };
    case 'parked':
      return { step: 'park', wokenAtOnce: told.wokenAtOnce };
    case 'notified':
      return { step: 'notify', kind: told.kind };
    case 'opened':
      return { step: 'open' };
    case 'began':
      return { step: 'begin' };
    case 'patched':
      return { step: 'patch', outcome: typeof told.outcome === 'string' ? told.outcome : told.outcome.is };
    case 'noted':
      return { step: 'note' };
  }
}
