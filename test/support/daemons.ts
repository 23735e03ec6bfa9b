/** Members as processes of a test's own, one at a time, with every word they say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import got from 'got';
import type { Artifact } from '../../harness/build/artifact.ts';
import type { Seat } from '../../harness/daemon/contract.ts';
import { daemonKind } from '../../harness/daemon/ours.ts';
import type { Scenario } from '../../harness/input/scenario.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import { Recorder } from '../../harness/roll/recorder.ts';
import { processRuntime } from '../../harness/runtime/process.ts';
import type { RunningMember, Site } from '../../harness/runtime/runtime.ts';
import { isRigEvent } from '../../harness/trace/trace.ts';
import type { Action, EventName, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import { planOf, versions } from './versions.ts';

const LIMIT_MS = 20_000;

export class Daemons {
  readonly recorder = new Recorder();
  readonly kind = daemonKind(versions);
  readonly plan: Plan;
  readonly folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  readonly #site: Site;
  readonly #artifacts: ReadonlyMap<string, Artifact>;

  private constructor(plan: Plan, site: Site, artifacts: ReadonlyMap<string, Artifact>) {
    this.plan = plan;
    this.#site = site;
    this.#artifacts = artifacts;
  }

  /** Members of a scenario, none of them started. */
  static async of(scenario: Scenario): Promise<Daemons> {
    const plan = planOf(scenario);
    const artifacts = await daemonKind(versions).build(Object.keys(plan.versions));
    const site = await processRuntime().open({ run: 'test', members: plan.members, port: 7000 });
    return new Daemons(plan, site, artifacts);
  }

  /** All members bootstrapped and joined, on the scenario's first version. */
  async cluster(): Promise<RunningMember[]> {
    const running: RunningMember[] = [];
    for (const [index, member] of this.plan.members.entries()) {
      running.push(await this.start(member, index === 0 ? 'bootstrap' : 'join', this.plan.from));
      await this.said(member, 'open');
    }
    return running;
  }

  seat(member: string): Seat {
    return this.#site.seat(member);
  }

  async start(
    member: string,
    action: Action,
    version: string,
    failpoints: readonly Failpoint[] = [],
    more: readonly string[] = [],
  ): Promise<RunningMember> {
    const through = action === 'join' ? this.seat(this.plan.members[0]!) : null;
    const args = this.kind.args(this.plan, { action, seat: this.seat(member), through, failpoints });
    return this.#site.start(this.seat(member), this.#artifacts.get(version)!, [...args, ...more], (line) => {
      const event = this.kind.readEvent(line);
      if (event !== null) this.recorder.add(event);
    });
  }

  /** The n-th time (from 1) that a member says something, now or soon. */
  async said<Name extends EventName>(
    member: string,
    name: Name,
    matches: (event: MemberEvent & { event: Name }) => boolean = () => true,
    times = 1,
  ): Promise<MemberEvent & { event: Name }> {
    const all = () =>
      this.recorder.trace.filter(
        (event): event is MemberEvent & { event: Name } =>
          !isRigEvent(event) &&
          event.member === member &&
          event.event === name &&
          matches(event as MemberEvent & { event: Name }),
      );
    const limit = new AbortController().signal;
    const reached = await this.recorder.until(() => all().length >= times, LIMIT_MS, limit);
    if (!reached)
      throw new Error(`${member} did not say '${name}' ${times} times; it said:\n${this.transcript(member)}`);
    return all()[times - 1]!;
  }

  transcript(member: string): string {
    return this.recorder.trace
      .filter((event) => 'member' in event && event.member === member)
      .map((event) => JSON.stringify(event))
      .join('\n');
  }

  /** What a member answers. */
  async ask<Answer>(member: string, path: string): Promise<Answer> {
    return got(`http://${this.seat(member).address}${path}`, { throwHttpErrors: false, retry: { limit: 0 } }).json();
  }

  async close(): Promise<void> {
    await this.#site.close();
    rmSync(this.folder, { recursive: true });
  }
}
