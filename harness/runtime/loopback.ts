/** Members at ports of loopback, each held for its member while nobody listens at it. */
import { HeldPort, isListenedAt } from '../host/ports.ts';
import { EnvironmentError } from '../input/errors.ts';
import type { Links } from '../link/links.ts';
import type { Exit, SiteOptions } from './runtime.ts';

/** Where the members of a roll are reached that are processes of this host. */
export interface Whereabouts {
  readonly links: Links | null;
  /** HOST:PORT by which its peers reach a member, and by which the rig does. */
  addressOf(member: string): string;
  authorityOf(member: string): Promise<string>;
  /** What a command begins with that is to run where a member is. */
  within(member: string): readonly string[];
  /** Let a member listen. */
  vacate(member: string): Promise<void>;
  /** Sees an exit that nobody has told a member to make, before anybody else does. */
  onOwnExit(member: string, exit: Exit): Promise<void>;
  close(): Promise<void>;
}

/** @param lost told where somebody else listens at a member's port. @throws EnvironmentError where a port is taken */
export async function loopback(
  { members, addresses }: SiteOptions,
  lost: (because: EnvironmentError) => void,
): Promise<Whereabouts> {
  const ports = new Map<string, HeldPort>();
  const addressOf = (member: string): string => `127.0.0.1:${ports.get(member)!.number}`;
  const close = async (): Promise<void> => {
    await Promise.all([...ports.values()].map((port) => port.release()));
  };
  try {
    for (const member of members) ports.set(member, await portOf(addresses?.[member] ?? null));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    links: null,
    addressOf,
    authorityOf: async (member) => addressOf(member),
    within: () => [],
    vacate: (member) => ports.get(member)!.vacate(),
    onOwnExit: async (member, exit) => {
      if (exit.code === 0 || !(await isListenedAt(ports.get(member)!.number))) return;
      lost(new EnvironmentError(`another program listens at ${addressOf(member)}, where ${member} was to: roll again`));
    },
    close,
  };
}

/** @throws EnvironmentError where it is taken */
async function portOf(address: string | null): Promise<HeldPort> {
  if (address === null) return HeldPort.draw();
  const port = await HeldPort.hold(Number(address.split(':').at(-1)));
  if (port === null) throw new EnvironmentError(`${address} is taken by another program`);
  return port;
}
