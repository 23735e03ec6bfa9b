/** What is drawn, and for what: of a seed, for a daemon and a runtime. */
import { type Drawn, draw, type Subject } from '../chaos/draw.ts';
import { chooseDaemon } from '../daemon/choose.ts';
import { InputError } from '../input/errors.ts';
import type { Scenario } from '../input/scenario.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { wholeNumberIn } from './flags.ts';
import { type RollFlags, scenarioFromFlags } from './options.ts';
import { runtimeFor } from './runtime.ts';

/** Members take memory, and faults take time. */
const MOST = { members: 5, faults: 4 };

/** What chaos draws itself: whoever says it draws nothing. */
const DRAWN: ReadonlyArray<keyof Scenario> = [
  'from',
  'to',
  'members',
  'order',
  'seed',
  'pace',
  'strategy',
  'ahead',
  'wait',
];

export interface ChaosSubject {
  readonly subject: Subject;
  readonly runtime: Runtime;
  readonly because: string;
}

/** @throws InputError where a flag says what is to be drawn, or nothing can be drawn for this daemon */
export async function chaosSubject(flags: RollFlags): Promise<ChaosSubject> {
  const { daemon, ...fixed } = scenarioFromFlags(flags);
  const said = DRAWN.find((key) => (fixed as Scenario)[key] !== undefined);
  if (said !== undefined) throw new InputError(`--${said}: chaos draws it: drop the flag, or roll without chaos`);
  const chosen = chooseDaemon(daemon);
  const [first] = chosen.versions.keys();
  const { runtime, because } = await runtimeFor({
    runtime: fixed.runtime ?? 'auto',
    versions: { [first!]: chosen.versions.get(first!)! },
    daemon: chosen.source.plan(fixed),
  });
  const subject: Subject = { daemon: chosen.source, versions: chosen.versions, runtime, fixed, most: MOST };
  return { subject, runtime, because };
}

/** @throws InputError where the seed is no number */
export async function drawnFor(seedText: string, flags: RollFlags): Promise<Drawn> {
  const seed = wholeNumberIn('chaos', seedText);
  const { subject } = await chaosSubject(flags);
  const { scenario, plan } = await draw(subject, seed);
  return { scenario, plan: { ...plan, name: `chaos-${seed}`, about: `drawn from the seed ${seed}` } };
}
