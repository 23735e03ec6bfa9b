/**
 * The relays of a roll whose members are containers: for each member a container that lives as long as the roll, and holds the network
 * in which the member's own containers come and go. It has the member's name, address and port; its rights are those over that network.
 */

import { type Duplex, PassThrough } from 'node:stream';
import type Dockerode from 'dockerode';
import { ensureRelayImage } from '../build/base-image.ts';
import { engineClient } from '../host/engine.ts';
import { LABELS } from '../host/labels.ts';
import { EnvironmentError } from '../input/errors.ts';
import { Links } from '../link/links.ts';
import { RELAY_ARGUMENTS, Relay } from '../link/relay.ts';
import type { Linked } from '../plan/plan.ts';
import { findFilter } from './namespaces/tools.ts';

const NODE = '/usr/local/bin/node';
/** The first is that of the member of that number; nobody has them. */
const PAST_RELAYS = '198.18.0';

export interface RelayOptions {
  /** The network of the roll. */
  readonly network: string;
  readonly members: readonly string[];
  readonly linked: Linked;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly lost: (because: EnvironmentError) => void;
}

export interface RelayContainers {
  readonly links: Links;
  /** The container whose network a member's are to join, and HOST:PORT by which the rig reaches the member. */
  of(member: string): { readonly id: string; readonly authority: string };
  close(): void;
}

interface Holder {
  readonly container: Dockerode.Container;
  readonly relay: Relay;
  readonly host: string;
  readonly authority: string;
}

/** @throws EnvironmentError */
export async function startRelays(docker: Dockerode, options: RelayOptions): Promise<RelayContainers> {
  const { members, linked, port } = options;
  const filter = findFilter();
  const image = await ensureRelayImage(docker, filter);
  const holders = new Map<string, Holder>();
  const relays = new Map<string, Relay>();
  const links = new Links(relays);
  await Promise.all(
    members.map(async (member) => {
      const holder = await hold(docker, image, member, links, options);
      holders.set(member, holder);
      relays.set(member, holder.relay);
    }),
  );
  const straight = new Map(members.map((member, index) => [member, `${PAST_RELAYS}.${index + 1}`]));
  await Promise.all(
    members.map((member) => {
      const peers = members
        .filter((peer) => peer !== member && linked(member, peer))
        .map((peer) => ({ peer, host: holders.get(peer)!.host, port, straight: straight.get(peer)! }));
      return relays.get(member)!.begin({ peers, restore: filter });
    }),
  );
  return {
    links,
    of: (member) => {
      const { container, authority } = holders.get(member)!;
      return { id: container.id, authority };
    },
    close: () => relays.forEach((relay) => void relay.close()),
  };
}

async function hold(
  docker: Dockerode,
  image: string,
  member: string,
  links: Links,
  { network, port, labels, lost }: RelayOptions,
): Promise<Holder> {
  try {
    const exposed = `${port}/tcp`;
    const container = await docker.createContainer({
      Image: image,
      Hostname: member,
      Labels: { ...labels, [LABELS.member]: `link-${member}` },
      Entrypoint: [NODE],
      Cmd: [...RELAY_ARGUMENTS],
      OpenStdin: true,
      // With the rig, its end of the pipe goes, and with that the relay.
      StdinOnce: true,
      ExposedPorts: { [exposed]: {} },
      HostConfig: {
        NetworkMode: network,
        PortBindings: { [exposed]: [{ HostPort: '' }] },
        CapDrop: ['ALL'],
        CapAdd: ['NET_ADMIN', 'NET_RAW'],
        AutoRemove: true,
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [member] } } },
    });
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, stdout, stderr);
    stderr.resume();
    stream.once('close', () => stdout.end());
    const relay = new Relay(
      member,
      { stdin: stream as Duplex, stdout },
      (arrival) => links.arrived(member, arrival),
      lost,
    );
    await container.start();
    const { NetworkSettings: settings } = await container.inspect();
    const host = settings.Networks[network]?.IPAddress ?? '';
    const mapped = settings.Ports[exposed]?.[0]?.HostPort ?? '';
    const { info } = await engineClient();
    return { container, relay, host, authority: `${info.containerRuntime.host}:${mapped}` };
  } catch (error) {
    throw new EnvironmentError(`cannot start the relay of ${member}'s links: ${(error as Error).message}`);
  }
}
