/**
 * The network of one roll: a network namespace for each member, and one more with a bridge that joins them. Nothing of it has
 * a name, or touches the network of this host: the rig holds the namespaces open, and with the last of them the addresses,
 * the bridge and all that a fault has done to a link are gone, whatever ended the rig.
 */
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { execa } from 'execa';
import { EnvironmentError } from '../../input/errors.ts';
import type { Tools } from './tools.ts';

/** The network's own; nobody outside sees it, so that every roll has the same. */
const SUBNET = '10.213.0';
/** The bridge's own, from which a member can be reached. */
const BRIDGE_HOST = 254;

export class Network {
  readonly #tools: Tools;
  /** Descriptors of this process that hold the namespaces. */
  readonly #held = new Map<string, number>();
  readonly #hosts: ReadonlyMap<string, string>;

  private constructor(tools: Tools, members: readonly string[]) {
    this.#tools = tools;
    this.#hosts = new Map(members.map((member, index) => [member, `${SUBNET}.${index + 1}`]));
  }

  /** @throws EnvironmentError where it cannot be made */
  static async make(members: readonly string[], tools: Tools): Promise<Network> {
    const network = new Network(tools, members);
    try {
      await Promise.all([BRIDGE, ...members].map((name) => network.#hold(name)));
      await network.#connect();
      return network;
    } catch (error) {
      network.close();
      throw new EnvironmentError(`cannot make a network for the members: ${(error as Error).message}`);
    }
  }

  /** The address of a member, as its peers see it. */
  hostOf(member: string): string {
    return this.#hosts.get(member)!;
  }

  /** What a command begins with that is to run in the network namespace of a member. */
  within(member: string): string[] {
    return [this.#tools.nsenter, `--net=${this.#pathOf(member)}`, '--'];
  }

  /** The same, of the namespace from which all members can be reached. */
  get amid(): string[] {
    return this.within(BRIDGE);
  }

  close(): void {
    for (const descriptor of this.#held.values()) closeSync(descriptor);
    this.#held.clear();
  }

  #pathOf(name: string): string {
    const descriptor = this.#held.get(name);
    if (descriptor === undefined) throw new Error(`the network of ${name} has been closed`);
    return `/proc/${process.pid}/fd/${descriptor}`;
  }

  /** Make a namespace: it is there as long as a process is in it, or somebody holds it open. */
  async #hold(name: string): Promise<void> {
    const { unshare, sh } = this.#tools;
    const first = execa(unshare, ['--net', '--', sh, '-c', 'echo; read _'], { reject: false, buffer: false });
    const ended = once(first.nodeChildProcess, 'exit');
    const isThere = await Promise.race([once(first.stdout, 'data').then(() => true), ended.then(() => false)]);
    if (isThere) this.#held.set(name, openSync(`/proc/${first.pid}/ns/net`, 'r'));
    first.stdin.end();
    await first;
    if (!isThere) throw new Error('a process cannot have a network of its own here');
  }

  async #connect(): Promise<void> {
    await this.#ip(BRIDGE, [
      `link add name ${BRIDGE} type bridge`,
      `address add ${SUBNET}.${BRIDGE_HOST}/24 dev ${BRIDGE}`,
      ...[...this.#hosts.keys()].flatMap((member, index) => [
        `link add name port${index} type veth peer name eth0 netns ${this.#pathOf(member)}`,
        `link set dev port${index} master ${BRIDGE} up`,
      ]),
      `link set dev ${BRIDGE} up`,
      'link set dev lo up',
    ]);
    await Promise.all(
      [...this.#hosts].map(([member, host]) =>
        this.#ip(member, ['link set dev lo up', `address add ${host}/24 dev eth0`, 'link set dev eth0 up']),
      ),
    );
  }

  async #ip(name: string, lines: readonly string[]): Promise<void> {
    const [nsenter = '', ...within] = this.within(name);
    await execa(nsenter, [...within, this.#tools.ip, '-batch', '-'], { input: lines.join('\n') });
  }
}

const BRIDGE = 'bridge';
