/**
 * The network of one roll: a network namespace for each member, and one more with a bridge that joins them. Nothing of it has
 * a name, or touches the network of this host: the rig holds the namespaces open, and with the last of them the addresses,
 * the bridge and all that a fault has done to a link are gone, whatever ended the rig. Root makes them as they are; anybody
 * else in a user namespace, in which he is root.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { EnvironmentError } from '../../input/errors.ts';
import { asRoot, type NetworkTools } from './tools.ts';

/** The network's own; nobody outside sees it, so that every roll has the same. */
const SUBNET = '10.213.0';
/** The bridge's own, from which a member can be reached. */
const BRIDGE_HOST = 254;
/** Addresses that nobody has: where links are relayed, what is dialled there goes past the relay to the member of that number. */
const PAST_RELAYS = '10.213.1';

const BRIDGE = 'bridge';
const USER = 'user';
/** The descriptors that a program has before any that it is given. */
const STANDARD = 3;

export class Network {
  readonly #tools: NetworkTools;
  /** Descriptors of this process that hold the namespaces. */
  readonly #held = new Map<string, number>();
  readonly #numbers: ReadonlyMap<string, number>;

  private constructor(tools: NetworkTools, members: readonly string[]) {
    this.#tools = tools;
    this.#numbers = new Map(members.map((member, index) => [member, index + 1]));
  }

  /** @throws EnvironmentError where it cannot be made */
  static async make(members: readonly string[], tools: NetworkTools): Promise<Network> {
    const network = new Network(tools, members);
    try {
      const user = asRoot();
      if (user.length > 0) await network.#hold(USER, [...user, '--']);
      await Promise.all([BRIDGE, ...members].map((name) => network.#hold(name, ['--net', '--'])));
      await network.#connect();
      return network;
    } catch (error) {
      network.close();
      throw new EnvironmentError(`cannot make a network for the members: ${(error as Error).message}`);
    }
  }

  /** The address of a member, as its peers see it. */
  hostOf(member: string): string {
    return `${SUBNET}.${this.#numbers.get(member)!}`;
  }

  /** Where a relay dials that is to reach a member, and not itself. */
  straightTo(member: string): string {
    return `${PAST_RELAYS}.${this.#numbers.get(member)!}`;
  }

  /** What a command begins with that is to run in the network namespace of a member. */
  within(member: string): string[] {
    return [...this.#asUser(), `--net=${this.#pathOf(member)}`, '--'];
  }

  /** The same, of the namespace from which all members can be reached. */
  get amid(): string[] {
    return this.within(BRIDGE);
  }

  close(): void {
    for (const descriptor of this.#held.values()) closeSync(descriptor);
    this.#held.clear();
  }

  #asUser(): string[] {
    const { nsenter } = this.#tools;
    return this.#held.has(USER) ? [nsenter, `--user=${this.#pathOf(USER)}`, '--preserve-credentials'] : [nsenter];
  }

  #descriptorOf(name: string): number {
    const descriptor = this.#held.get(name);
    if (descriptor === undefined) throw new Error(`the network of ${name} has been closed`);
    return descriptor;
  }

  #pathOf(name: string): string {
    return `/proc/${process.pid}/fd/${this.#descriptorOf(name)}`;
  }

  /** Make a namespace: it is there as long as a process is in it, or somebody holds it open. */
  async #hold(name: string, kind: readonly string[]): Promise<void> {
    const { unshare, sh } = this.#tools;
    const [file = '', ...args] = [...(this.#held.has(USER) ? [...this.#asUser(), '--'] : []), unshare, ...kind];
    const first = execa(file, [...args, sh, '-c', 'echo; read _'], { reject: false, buffer: false });
    const ended = once(first.nodeChildProcess, 'exit');
    const isThere = await Promise.race([once(first.stdout, 'data').then(() => true), ended.then(() => false)]);
    if (isThere) this.#held.set(name, openSync(`/proc/${first.pid}/ns/${name === USER ? 'user' : 'net'}`, 'r'));
    first.stdin.end();
    await first;
    if (isThere) return;
    const otherwise = asRoot().length === 0 ? '' : ': run the rig as root, or allow its user namespaces';
    throw new Error(`a process cannot have a network of its own here${otherwise}`);
  }

  async #connect(): Promise<void> {
    const members = [...this.#numbers.keys()];
    await this.#ip(
      BRIDGE,
      [
        `link add name ${BRIDGE} type bridge`,
        `address add ${SUBNET}.${BRIDGE_HOST}/24 dev ${BRIDGE}`,
        ...members.flatMap((_, index) => [
          // In a user namespace nobody may look at what the rig has open, but at his own he may.
          `link add name port${index} type veth peer name eth0 netns /proc/self/fd/${STANDARD + index}`,
          `link set dev port${index} master ${BRIDGE} up`,
        ]),
        `link set dev ${BRIDGE} up`,
        'link set dev lo up',
      ],
      members.map((member) => this.#descriptorOf(member)),
    );
    await Promise.all(
      members.map((member) =>
        this.#ip(member, [
          'link set dev lo up',
          `address add ${this.hostOf(member)}/24 dev eth0`,
          'link set dev eth0 up',
          `route add ${PAST_RELAYS}.0/24 dev eth0`,
        ]),
      ),
    );
  }

  /** @param given what the program finds open beside its standard descriptors */
  async #ip(name: string, lines: readonly string[], given: readonly number[] = []): Promise<void> {
    const [nsenter = '', ...within] = this.within(name);
    const stdio = ['pipe', 'ignore', 'pipe', ...given] as const;
    const child = spawn(nsenter, [...within, this.#tools.ip, '-batch', '-'], { stdio: [...stdio] });
    const ended = once(child, 'close');
    child.stdin!.end(lines.join('\n'));
    const said = await text(child.stderr!);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(said.trim() || `ip ended with ${code}`);
  }
}
