/**
 * The network of a roll, with the rig's ways into it; and, where the plan does something to links, a relay in what each member
 * dials.
 */

import { execa } from 'execa';
import type { EnvironmentError } from '../../input/errors.ts';
import { Links } from '../../link/links.ts';
import { type Pipes, RELAY_ARGUMENTS, Relay } from '../../link/relay.ts';
import type { RelaySettings } from '../../link/words.ts';
import type { Linked } from '../../plan/plan.ts';
import { markOf } from '../leftovers.ts';
import { Network } from './network.ts';
import { findLinkTools, findNetworkTools } from './tools.ts';
import { WayIn } from './way-in.ts';

export interface PrivateOptions {
  readonly run: string;
  readonly members: readonly string[];
  /** At which all members listen. */
  readonly port: number;
  /** The folder of the roll. */
  readonly folder: string;
  /** The links in which relays are put; null where nothing is done to any. */
  readonly linked: Linked | null;
  /** What the rig's own processes amid the members find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Told where the members have lost their network, or a relay its member. */
  readonly lost: (because: EnvironmentError) => void;
}

export class PrivateNetwork {
  readonly links: Links | null;
  readonly #network: Network;
  readonly #wayIn: WayIn;
  readonly #relays: ReadonlyMap<string, Relay>;
  readonly #port: number;

  private constructor(
    network: Network,
    wayIn: WayIn,
    relays: ReadonlyMap<string, Relay>,
    links: Links | null,
    port: number,
  ) {
    this.#network = network;
    this.#wayIn = wayIn;
    this.#relays = relays;
    this.links = links;
    this.#port = port;
  }

  /** @throws EnvironmentError */
  static async make(options: PrivateOptions): Promise<PrivateNetwork> {
    const { run, members, port, folder, linked, env } = options;
    const network = await Network.make(members, findNetworkTools());
    const wayIn = new WayIn(folder, network.amid, { ...env, ...markOf(run, 'way-in') });
    const relays = new Map<string, Relay>();
    const links = linked === null ? null : new Links(relays);
    const made = new PrivateNetwork(network, wayIn, relays, links, port);
    if (links === null || linked === null) return made;
    try {
      const peersOf = (member: string): string[] => members.filter((peer) => peer !== member && linked(member, peer));
      for (const member of members)
        if (peersOf(member).length > 0) relays.set(member, startRelay(member, network, links, options));
      await Promise.all(
        [...relays].map(([member, relay]) => relay.begin(settingsOf(peersOf(member), network, options))),
      );
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  /** HOST:PORT of a member, as it and its peers see it. */
  addressOf(member: string): string {
    return `${this.#network.hostOf(member)}:${this.#port}`;
  }

  /** HOST:PORT by which the rig reaches it. */
  authorityOf(member: string): Promise<string> {
    return this.#wayIn.to(this.addressOf(member));
  }

  /** What a command begins with that is to run where a member is. */
  within(member: string): string[] {
    return this.#network.within(member);
  }

  async close(): Promise<void> {
    for (const relay of this.#relays.values()) relay.close();
    await this.#wayIn.close();
    this.#network.close();
  }
}

function startRelay(member: string, network: Network, links: Links, { run, env, lost }: PrivateOptions): Relay {
  const [nsenter = '', ...within] = network.within(member);
  const child = execa(nsenter, [...within, process.execPath, ...RELAY_ARGUMENTS], {
    env: { ...env, ...markOf(run, `link-${member}`) },
    extendEnv: false,
    reject: false,
    buffer: false,
    stderr: 'ignore',
    // A Ctrl-C in the terminal must not reach it before the members have been stopped.
    detached: true,
    cleanup: true,
  });
  const pipes: Pipes = { stdin: child.stdin, stdout: child.stdout };
  return new Relay(member, pipes, (arrival) => links.arrived(member, arrival), lost);
}

function settingsOf(named: readonly string[], network: Network, { port }: PrivateOptions): RelaySettings {
  const peers = named.map((peer) => ({ peer, host: network.hostOf(peer), port, straight: network.straightTo(peer) }));
  return { peers, restore: findLinkTools()['iptables-restore'] };
}
