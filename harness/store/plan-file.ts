/** Saved plans: read by a schema, and then held against themselves, so that a roll finds in them all that they name. */
import type { z } from 'zod';
import { invocation } from '../host/invocation.ts';
import { InputError } from '../input/errors.ts';
import { keyWords } from '../input/faults.ts';
import { checkJson, formatOf, parseJson } from '../input/json.ts';
import { readText } from '../input/yaml.ts';
import { namedBy as namedByFault } from '../plan/fault.ts';
import { PLAN_FORMAT, type Plan, type Step } from '../plan/plan.ts';
import { faultOfSequence } from '../plan/sequence.ts';
import { SavedPlan } from './plan-schema.ts';

/**
 * Read a plan.
 * @param isCarried whether its members may be held elsewhere than at failpoints
 * @throws InputError naming the file and the key
 */
export function readPlan(file: string, isCarried = false): Plan {
  const document = parseJson(readText(file, 'plan'), file);
  if (formatOf(document) === 1)
    throw new InputError(
      `${file}: a plan of format 1, which an earlier rig wrote; make it anew with: ${invocation()} plan --json`,
    );
  const what = `not a plan of format ${PLAN_FORMAT}; make one with: ${invocation()} plan --json`;
  const saved = checkJson(document, file, SavedPlan, what);
  const plan = saved as unknown as Plan;
  const [fault] = [...strangersIn(plan), ...faultsOfDaemon(saved, isCarried)];
  const [path, message] = fault ?? faultOfSteps(plan) ?? [];
  if (path === undefined) return plan;
  throw new InputError(`${file}: ${keyWords(path)}${message}: ${what}`);
}

type Saved = z.output<typeof SavedPlan>;
type Fault = readonly [path: ReadonlyArray<string | number>, message: string];

/** What refers to members and versions that the plan does not have. */
function strangersIn({ members, versions, order, from, to, steps, expect }: Plan): Fault[] {
  const unknownMembers = (path: ReadonlyArray<string | number>, names: readonly string[]): Fault[] =>
    names.filter((name) => !members.includes(name)).map((name) => [path, `there is no member ${name} in this plan`]);
  const unknownVersions = (path: ReadonlyArray<string | number>, names: readonly string[]): Fault[] =>
    names
      .filter((name) => !Object.hasOwn(versions, name))
      .map((name) => [path, `there is no version ${name} in this plan`]);
  return [
    ...(new Set(members).size === members.length ? [] : [[['members'], 'a member is named twice'] as const]),
    ...Object.entries(versions).flatMap(([name, version]): Fault[] =>
      version.name === name ? [] : [[['versions', name, 'name'], 'must be the name by which the plan knows it']],
    ),
    ...unknownMembers(['order'], order),
    ...unknownVersions(['from'], [from]),
    ...unknownVersions(['to'], [to]),
    ...unknownMembers(['expect', 'open'], expect.open),
    ...unknownMembers(['expect', 'exits'], Object.keys(expect.exits)),
    ...steps.flatMap((step, index): Fault[] => {
      const named = namedBy(step);
      const path = ['steps', index];
      return [...unknownMembers(path, named.members), ...unknownVersions(path, named.versions)];
    }),
  ];
}

/** The members and versions that a step names. */
function namedBy(step: Step): { members: readonly string[]; versions: readonly string[] } {
  switch (step.do) {
    case 'bootstrap':
      return { members: [step.member], versions: [step.version] };
    case 'join':
      return { members: [...step.members, step.through], versions: [step.version] };
    case 'form':
      return { members: step.members, versions: [step.version] };
    case 'refresh':
    case 'update':
      return {
        members: step.refreshes.map(({ member }) => member),
        versions: step.refreshes.flatMap(({ from, to }) => [from, to]),
      };
    case 'withhold':
      return { members: [step.member, step.from], versions: [] };
    case 'release':
    case 'let-through':
    case 'await':
    case 'stop':
      return { members: [step.member], versions: [] };
    case 'leave':
      return { members: [step.member, step.by], versions: [] };
    case 'fault':
      return { members: namedByFault(step.fault), versions: [] };
    case 'deliver':
      return { members: [step.from, step.to], versions: [] };
    default:
      return { members: [], versions: [] };
  }
}

/** What a daemon must have, and cannot have. */
function faultsOfDaemon({ daemon, holds, versions }: Saved, isCarried: boolean): Fault[] {
  const { capabilities, model, timer, settings } = daemon;
  const holdable: Fault[] =
    holds && !capabilities.failpoints && !isCarried ? [[['holds'], `a member of ${daemon.name} cannot be held`]] : [];
  if ('database' in settings)
    return model === null || timer === null
      ? [[['daemon'], 'our own daemon has a model and a timer'], ...holdable]
      : holdable;
  const { description } = settings;
  const missing = Object.keys(versions).find((name) => !Object.hasOwn(description.versions, name));
  return [
    ...(capabilities.failpoints || capabilities.leader
      ? [[['daemon', 'capabilities'], 'only our own daemon has failpoints, or a leader that is made'] as const]
      : []),
    ...(capabilities.records && description.records === undefined
      ? [[['daemon', 'capabilities', 'records'], 'its description has no records'] as const]
      : []),
    ...(missing === undefined
      ? []
      : [[['daemon', 'settings', 'description', 'versions'], `there is no version ${missing}`] as const]),
    ...holdable,
  ];
}

function faultOfSteps(plan: Plan): Fault | null {
  const fault = faultOfSequence(plan);
  if (fault === null) return null;
  return [fault.step === null ? [] : ['steps', fault.step], fault.message];
}
