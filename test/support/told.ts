/** Traces of made-up rolls, written event by event, for tests of the judge. */

import type { Scenario } from '../../harness/input/scenario.ts';
import { CHECKS } from '../../harness/judge/checks.ts';
import { type Judging, judge, type Verdict } from '../../harness/judge/judge.ts';
import { machineAllows } from '../../harness/judge/told-whole.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Trace, TraceEvent } from '../../harness/trace/trace.ts';
import { planOf, version } from './versions.ts';

/** Two members, v2 → v3 (one more extension): the shortest roll that has a gate to wait at. */
export const SCENARIO: Scenario = { members: 2, from: 'v2', to: 'v3', wait: 30_000 };
export const SECOND_NS = 1e9;

export type Written = readonly [second: number, event: Record<string, unknown>];

export function traceOf(events: readonly Written[]): Trace {
  return events.map(([second, event]) => ({ atNs: second * SECOND_NS, ...event }) as unknown as TraceEvent);
}

export function row(member: string, name: string) {
  const { internal, external, extensions } = version(name);
  return { member, internal, external, extensions };
}

export const rig = (second: number, name: string, fields: object): Written => [second, { rig: name, ...fields }];
export const said = (second: number, member: string, event: string, fields: object = {}): Written => [
  second,
  { member, event, ...fields },
];
export const started = (second: number, member: string, action: string, name: string) =>
  said(second, member, 'started', { pid: 1, action, version: version(name) });
/** What a gate's transaction tells: the row, and the outcome. */
export const checked = (second: number, member: string, gate: string, name: string, outcome: object): Written[] => [
  said(second, member, 'recorded', { gate, row: row(member, name), decidedNs: second * SECOND_NS }),
  said(second, member, 'checked', { gate, outcome, decidedNs: second * SECOND_NS }),
];
export const PASS = { is: 'pass' };
export const blockedBy = (member: string) => ({ is: 'blocked', by: [{ member, axis: 'api', has: 1, wants: 2 }] });

export const BEGINNING: Written[] = [
  rig(0, 'began', { format: 2, plan: 'roll', runtime: 'process', startedAt: '', alone: true }),
  started(1, 'node01', 'bootstrap', 'v2'),
  said(1, 'node01', 'recorded', { gate: null, row: row('node01', 'v2'), decidedNs: SECOND_NS }),
  said(1, 'node01', 'applied', {
    from: { internal: 0, external: 0 },
    to: { internal: 2, external: 1 },
    seeded: null,
    decidedNs: SECOND_NS,
  }),
  said(1, 'node01', 'open'),
  started(2, 'node02', 'join', 'v2'),
  said(2, 'node02', 'recorded', { gate: null, row: row('node02', 'v2'), decidedNs: 2 * SECOND_NS }),
  said(2, 'node02', 'open'),
  rig(3, 'stopping', { member: 'node01' }),
  started(4, 'node01', 'start', 'v3'),
  ...checked(5, 'node01', 'schema', 'v2', PASS),
  ...checked(6, 'node01', 'api', 'v3', blockedBy('node02')),
  said(6, 'node01', 'parked', { gate: 'api', waitMs: 30_000 }),
  rig(7, 'stopping', { member: 'node02' }),
  started(8, 'node02', 'start', 'v3'),
  ...checked(9, 'node02', 'schema', 'v2', PASS),
  ...checked(10, 'node02', 'api', 'v3', PASS),
  said(10, 'node02', 'open'),
];

export const gone = (second: number, member: string, code: number | null, killed = false): Written =>
  rig(second, 'gone', { member, code, signal: null, killed });

/** The same, but node02 returns another value for b. */
export function changedRecord([second, event]: Written): Written {
  return event.rig === 'ledger'
    ? [second, { ...event, found: { node01: RECORDS, node02: { ...RECORDS, b: '3' } } }]
    : [second, event];
}

/** A notice leaves one, and finds the other parked. */
export const delivered = (second: number, from: string, to: string): Written[] => {
  const notice = { notice: `${from}.${second}`, kind: 'api' };
  return [
    said(second, from, 'notifying', { ...notice, peers: [to] }),
    said(second, to, 'noticed', { ...notice, from, disposition: 'delivered' }),
  ];
};

export const woken = (second: number, by: string): Written[] => [
  ...(by === 'notice' ? delivered(second, 'node02', 'node01') : []),
  said(second, 'node01', 'woken', { gate: 'api', by }),
  ...checked(second + 1, 'node01', 'api', 'v3', PASS),
  said(second + 1, 'node01', 'open'),
];

export const RECORDS = { a: '1', b: '2' };
export const ledger = (found: object) => rig(60, 'ledger', { acknowledged: RECORDS, found });
export const END: Written[] = [
  ...['node01', 'node02'].flatMap((member) =>
    ['read', 'write'].map((operation) => rig(59, 'tally', { member, operation, served: 9, failed: 0 })),
  ),
  ledger({ node01: RECORDS, node02: RECORDS }),
  rig(61, 'ended', { how: 'complete' }),
];

/** These stories leave out what they are not about, such as steps and most notices, so that no machine would allow them. */
const TOLD_IN_PART: Judging = { checks: CHECKS.filter((check) => check !== machineAllows), damageOf: () => [] };

export function verdictOf(events: readonly Written[], plan: Plan = planOf(SCENARIO)): Verdict {
  return judge(plan, traceOf(events), TOLD_IN_PART);
}

export function broken(verdict: Verdict): Record<string, string> {
  return Object.fromEntries(
    verdict.checks.filter((check) => check.outcome === 'broken').map((check) => [check.name, check.because]),
  );
}
