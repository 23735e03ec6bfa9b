/** A path of the explorer as a Plan: the same steps, each held and let go in turn, on real members. */
import type { Version } from '../../node/upgrade/version.ts';
import { rollName } from '../input/values.ts';
import { compile } from '../plan/compile.ts';
import type { DaemonSource } from '../plan/daemon.ts';
import type { Plan, Step } from '../plan/plan.ts';
import type { Answer } from './explore.ts';
import type { Told } from './path.ts';

/**
 * The plan that replays an answer's path, and then lets everybody go, so that one sees what it takes to get out.
 * @throws Error where the path has a fault in it, which cannot be held and let go
 */
export function counterexample(answer: Answer, daemon: DaemonSource, versions: ReadonlyMap<string, Version>): Plan {
  const { strategy, wakeups, ahead, from, to, members, path, unsafe } = answer;
  if (path === null) throw new Error('nothing falls short, so there is nothing to replay');
  const scenario = {
    name: rollName(`${strategy}-${wakeups}-${from}-${to}`),
    about: 'a counterexample that the explorer found',
    ...{ strategy, wakeups, ahead, from, to, members },
    expect: { woken: unsafe > 0 ? ('either' as const) : ('timer' as const), safe: unsafe === 0 },
  };
  const [plan] = compile({ scenario, daemon, versions, records: [], freshSeed: 0 });
  if (plan === undefined) throw new Error('a scenario with a given order makes one plan');
  const entering = plan.steps.filter((step) => step.do === 'bootstrap' || step.do === 'join');
  const walked = path.map((told) => stepOf(told, from));
  const order = walked.flatMap((step) => (step.do === 'refresh' ? step.refreshes.map(({ member }) => member) : []));
  const steps: Step[] = [...entering, ...walked, { do: 'release-all' }, { do: 'settle' }, { do: 'verify' }];
  return { ...plan, order, holds: true, steps };
}

function stepOf(told: Told, from: string): Step {
  switch (told.is) {
    case 'refreshed':
      return { do: 'refresh', refreshes: [{ member: told.member, from, to: told.version.name }], pace: 'held' };
    case 'checked':
      return { do: 'release', member: told.member, move: { step: 'check', outcome: told.outcome.is } };
    case 'parked':
      return { do: 'release', member: told.member, move: { step: 'park', wokenAtOnce: told.wokenAtOnce } };
    case 'notified':
      return { do: 'release', member: told.member, move: { step: 'notify', kind: told.kind } };
    case 'opened':
      return { do: 'release', member: told.member, move: { step: 'open' } };
    case 'arrived':
      return { do: 'deliver', ...told.notice, disposition: told.disposition };
    case 'lost':
    case 'duplicated':
    case 'crashed':
    case 'timer':
      throw new Error(`a path with '${told.is}' in it cannot be replayed`);
  }
}
