/** Members as processes of a test's own, one at a time, with every word they say. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import got from 'got';
import type { Artifact } from '../../harness/build/artifact.ts';
import { daemonKind } from '../../harness/daemon/choose.ts';
import type { Daemon, Launch, MemberClient, Peer, Seat } from '../../harness/daemon/contract.ts';
import { operator } from '../../harness/daemon/ours/operator.ts';
import type { Scenario } from '../../harness/input/scenario.ts';
import { type Plan, refreshesOf } from '../../harness/plan/plan.ts';
import { Recorder } from '../../harness/roll/recorder.ts';
import { processRuntime } from '../../harness/runtime/process.ts';
import type { RunningMember, Site } from '../../harness/runtime/runtime.ts';
import { isRigEvent } from '../../harness/trace/trace.ts';
import type { Action, EventName, MemberEvent } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { KeyPair } from '../../node/trust/certificate.ts';
import { TrustFiles } from '../../node/trust/files.ts';
import { planOf, versions } from './versions.ts';

const LIMIT_MS = 20_000;

export class Daemons {
  readonly recorder = new Recorder();
  readonly #daemon: Daemon;
  readonly #operator: KeyPair;
  readonly #started = new Map<string, { launch: Launch; running: RunningMember }>();
  readonly plan: Plan;
  readonly folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
  readonly #site: Site;
  readonly #artifacts: ReadonlyMap<string, Artifact>;

  private constructor(plan: Plan, site: Site, artifacts: ReadonlyMap<string, Artifact>, shown: KeyPair) {
    this.#operator = shown;
    this.plan = plan;
    this.#daemon = daemonKind(plan, undefined, versions);
    this.#site = site;
    this.#artifacts = artifacts;
  }

  /** Members of a scenario, none of them started. */
  static async of(scenario: Scenario): Promise<Daemons> {
    const plan = planOf(scenario);
    const artifacts = await daemonKind(plan, undefined, versions).build(Object.keys(plan.versions));
    const site = await processRuntime().open({
      run: `test-${randomUUID()}`,
      members: plan.members,
      port: 7000,
      needsFolders: false,
      addresses: null,
    });
    return new Daemons(plan, site, artifacts, await operator());
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

  /** As `cluster`, and the first of them has been refreshed, and waits for the others. */
  async clusterWaiting(): Promise<void> {
    const [first] = await this.cluster();
    await first!.stop('SIGTERM', LIMIT_MS);
    const member = this.plan.members[0]!;
    await this.start(member, 'start', refreshesOf(this.plan)[0]!.to);
    await this.said(member, 'parked');
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
    keeps: (arg: string) => boolean = () => true,
  ): Promise<RunningMember> {
    const first = this.#started.get(this.plan.members[0]!);
    const through: Peer | null =
      action === 'join' ? { seat: first!.launch.seat, version: first!.launch.version, reach: first!.running } : null;
    const seats = this.plan.members.map((name) => this.seat(name));
    const launch: Launch = { action, seat: this.seat(member), version, seats, through, failpoints };
    const attendance = this.#daemon.attend(this.plan, launch, {
      event: (event) => this.recorder.add(event),
      missed: (about, text) => this.recorder.tell('missed', { member: about, text }),
      remark: (about, text) => this.recorder.tell('remark', { member: about, text }),
      contradiction: (about, text) => this.recorder.tell('contradiction', { member: about, text }),
    });
    const command = await this.#daemon.command(this.plan, launch);
    const args = [...command.args.filter(keeps), ...more];
    const artifact = this.#artifacts.get(version)!;
    const running = await this.#site.start(launch.seat, artifact, { ...command, args }, (stream, line, sinceNs) =>
      attendance.line(stream, line, sinceNs),
    );
    this.#started.set(member, { launch, running });
    return running;
  }

  running(member: string): RunningMember {
    return this.#started.get(member)!.running;
  }

  /** Talks to a member that has been started. */
  client(member: string): MemberClient {
    const { launch, running } = this.#started.get(member)!;
    return this.#daemon.client(launch, running);
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
    const reached = await this.recorder.until(null, () => all().length >= times, LIMIT_MS, limit);
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

  /** What a member answers an operator. */
  async ask<Answer>(member: string, path: string): Promise<Answer> {
    return (await this.http(member)(path.slice(1))).body as Answer;
  }

  /** Requests to a member by the rig as its operator, by another member, by whoever has a certificate, or by who has none. */
  http(member: string, by: string | KeyPair | null = 'operator') {
    const pair = by === 'operator' ? this.#operator : typeof by === 'string' ? this.pairOf(by) : by;
    const shown = pair === null ? {} : { certificate: pair.certificate, key: pair.key };
    return got.extend({
      prefixUrl: `https://${this.seat(member).address}`,
      responseType: 'json',
      throwHttpErrors: false,
      retry: { limit: 0 },
      https: { rejectUnauthorized: false, ...shown },
    });
  }

  /** The certificate of a member, with its key; or that of its cluster. */
  pairOf(member: string, whose: 'member' | 'cluster' = 'member'): KeyPair {
    return new TrustFiles(this.seat(member).stateFolder).pair(whose)!;
  }

  async close(): Promise<void> {
    await this.#site.close();
    rmSync(this.folder, { recursive: true });
  }
}
