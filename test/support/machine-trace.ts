/**
 * A trace of any size that the machine allows: the members of a plan in memory, driven by the machine itself, as a real roll
 * of so many would have told of itself.
 */

import { rulesOf } from '../../harness/plan/daemon.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import type { Trace, TraceEvent } from '../../harness/trace/trace.ts';
import { carryOut, examine } from '../../node/upgrade/gate.ts';
import {
  advance,
  command,
  dispositionOf,
  type Input,
  type Rules,
  type State,
  start,
} from '../../node/upgrade/machine.ts';
import type { NoticeKind } from '../../node/upgrade/strategy.ts';
import type { Version, View } from '../../node/upgrade/version.ts';

/**
 * Every member is refreshed and waits; then each that waits looks again, by its timer, so many times; then the last is
 * refreshed, and all open. Takes about 4 (n - 1)² events for the notices of n members, and 4 (n - 1) for each timer.
 */
export function machineTrace(plan: Plan, timers: number): Trace {
  const cluster = new Cluster(plan);
  cluster.form();
  const last = plan.order.at(-1)!;
  for (const member of plan.order) {
    if (member === last) for (let round = 0; round < timers; round += 1) cluster.fireTimers();
    cluster.refresh(member);
  }
  return cluster.end();
}

const STEP_NS = 1e5;

class Cluster {
  readonly #plan: Plan;
  readonly #rules: Rules;
  readonly #trace: TraceEvent[] = [];
  readonly #states = new Map<string, State>();
  readonly #ready: string[] = [];
  #view: View = { applied: { internal: 0, external: 0 }, rows: [] };
  #nowNs = 1e9;
  #notices = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#rules = rulesOf(plan.daemon.model!);
    this.#rig('began', {
      format: 2,
      plan: plan.name,
      runtime: 'process',
      startedAt: '2026-01-01T00:00:00.000Z',
      alone: true,
    });
  }

  form(): void {
    const { internal, external, extensions, name } = this.#version(this.#plan.from);
    for (const [index, member] of this.#plan.members.entries()) {
      this.#rig('launching', { member, version: name });
      this.#says(member, 'started', {
        pid: 1,
        action: index === 0 ? 'bootstrap' : 'join',
        version: this.#version(name),
      });
      const decidedNs = this.#nowNs;
      const row = { member, internal, external, extensions };
      // As the database has them, whose order is that of the names.
      const rows = [...this.#view.rows, row].sort((one, other) => (one.member < other.member ? -1 : 1));
      this.#view = { applied: { internal, external }, rows };
      this.#says(member, 'recorded', { gate: null, row, decidedNs });
      const from = { internal: 0, external: 0 };
      if (index === 0) this.#says(member, 'applied', { from, to: this.#view.applied, seeded: null, decidedNs });
      this.#says(member, 'open', {});
    }
  }

  refresh(member: string): void {
    this.#rig('stopping', { member, by: 'signal' });
    this.#says(member, 'exiting', { reason: 'signal', message: 'told to stop' });
    this.#rig('gone', { member, code: 0, signal: null, killed: false });
    this.#rig('launching', { member, version: this.#plan.to });
    this.#says(member, 'started', { pid: 2, action: 'start', version: this.#version(this.#plan.to) });
    this.#states.set(member, start(this.#rules));
    this.#ready.push(member);
    this.#goOn();
  }

  /** One member after another: its timer fires, it looks, and it waits again. */
  fireTimers(): void {
    for (const [member, state] of this.#states) {
      if (state.phase !== 'parked') continue;
      this.#says(member, 'woken', { gate: state.gate, by: 'timer' });
      this.#input(member, { is: 'timer' });
      this.#ready.push(member);
      this.#goOn();
    }
  }

  end(): Trace {
    for (const member of this.#plan.members) this.#rig('stopping', { member, by: 'signal' });
    for (const member of this.#plan.members) this.#rig('gone', { member, code: 0, signal: null, killed: false });
    this.#rig('ended', { how: 'complete' });
    return this.#trace;
  }

  #goOn(): void {
    for (let member = this.#ready.shift(); member !== undefined; member = this.#ready.shift()) this.#carryOut(member);
  }

  /** Everything that a member does until it waits or serves. */
  #carryOut(member: string): void {
    for (;;) {
      const todo = command(this.#states.get(member)!);
      switch (todo.do) {
        case 'check': {
          const { strategy, ahead } = this.#rules;
          const before = this.#view.applied;
          const ruling = examine(strategy, ahead, todo.gate, member, this.#version(this.#plan.to), this.#view);
          this.#view = carryOut(this.#view, ruling);
          const decidedNs = this.#nowNs;
          const { record: row, apply: to, seed: seeded, outcome } = ruling;
          if (row !== null) this.#says(member, 'recorded', { gate: todo.gate, row, decidedNs });
          if (to !== null) this.#says(member, 'applied', { from: before, to, seeded, decidedNs });
          this.#says(member, 'checked', { gate: todo.gate, outcome, decidedNs });
          this.#input(member, { is: 'checked', outcome });
          break;
        }
        case 'park':
          this.#says(member, 'parked', { gate: todo.gate, waitMs: 30_000 });
          this.#input(member, { is: 'parked' });
          if (this.#states.get(member)!.phase === 'parked') return;
          this.#says(member, 'woken', { gate: todo.gate, by: 'notice' });
          break;
        case 'notify':
          this.#notify(member, todo.kind);
          break;
        case 'open':
          this.#says(member, 'open', {});
          this.#input(member, { is: 'opened' });
          break;
        default:
          return;
      }
    }
  }

  #notify(from: string, kind: NoticeKind): void {
    this.#notices += 1;
    const notice = `${from}.1.${this.#notices}`;
    const peers = this.#plan.members.filter((member) => member !== from);
    this.#says(from, 'notifying', { notice, kind, peers });
    this.#input(from, { is: 'notified' });
    for (const peer of peers) {
      const sentNs = this.#nowNs;
      const state = this.#states.get(peer);
      const disposition = state === undefined ? 'dropped' : dispositionOf(this.#rules, state, kind);
      this.#says(peer, 'noticed', { from, notice, kind, disposition });
      if (state !== undefined) this.#input(peer, { is: 'noticed', kind });
      if (disposition === 'delivered') {
        this.#says(peer, 'woken', { gate: (state as State & { phase: 'parked' }).gate, by: 'notice' });
        this.#ready.push(peer);
      }
      this.#says(from, 'notified', { peer, notice, kind, outcome: 'accepted', sentNs });
    }
  }

  #input(member: string, input: Input): void {
    this.#states.set(member, advance(this.#rules, this.#states.get(member)!, input));
  }

  #says(member: string, event: string, fields: object): void {
    this.#trace.push({ atNs: this.#nowNs, member, event, ...fields } as TraceEvent);
    this.#nowNs += STEP_NS;
  }

  #rig(rig: string, fields: object): void {
    this.#trace.push({ atNs: this.#nowNs, rig, ...fields } as TraceEvent);
    this.#nowNs += STEP_NS;
  }

  #version(name: string): Version {
    return this.#plan.versions[name]!;
  }
}
